// `node tcp-bulk.ts PORT DIRECTION STREAMS SECONDS`: bytes through a forwarder, down or up, in so many connections at
// once. Each connection carries a part of fixed size, and as many follow one another as the time has room for.
import { once } from 'node:events';
import { connect } from 'node:net';
import { rush } from './rush.ts';
import { tell } from './told.ts';

const PART = 16 * 1024 * 1024;
const GB = 1e9;

const [port, direction, streams, seconds] = process.argv.slice(2);
const move = direction === 'down' ? down : up;
let bytes = 0;
const beganAt = performance.now();
const until = beganAt + Number(seconds) * 1000;
await Promise.all(
  Array.from({ length: Number(streams) }, async () => {
    do {
      const part = await move();
      bytes += part;
    } while (performance.now() < until);
  }),
);
tell({ units: bytes / GB, seconds: (performance.now() - beganAt) / 1000 });

async function down(): Promise<number> {
  let got = 0;
  const count = (size: number) => {
    got += size;
    return true;
  };
  // Read into one buffer: what arrives is only counted.
  const onread = { buffer: Buffer.allocUnsafe(256 * 1024), callback: count };
  const socket = connect({ port: Number(port), host: '127.0.0.1', onread });
  socket.write(`rush ${PART}\n`);
  await once(socket, 'close');
  return whole(got);
}

async function up(): Promise<number> {
  const socket = connect({ port: Number(port), host: '127.0.0.1', allowHalfOpen: true });
  socket.write('sink\n');
  let answer = '';
  socket.setEncoding('latin1').on('data', (text: string) => {
    answer += text;
  });
  await Promise.all([once(socket, 'end'), rush(socket, PART)]);
  socket.destroy();
  return whole((JSON.parse(answer) as { bytes: number }).bytes);
}

function whole(arrived: number): number {
  if (arrived !== PART) throw new Error(`${arrived} of ${PART} bytes arrived`);
  return arrived;
}
