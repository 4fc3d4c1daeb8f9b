// `node tcp-connect.ts PORT SECONDS`: connections one after another in a few lanes; each says a line, reads one, and ends.
import { once } from 'node:events';
import { connect } from 'node:net';
import { percentile } from '../stats.ts';
import { tell } from './told.ts';

const LANES = 16;
/** Ports of the machine are few, and each connection keeps two for a while after its end. */
const MOST = 20_000;

const [port, seconds] = process.argv.slice(2);
const times: number[] = [];
const beganAt = performance.now();
const until = beganAt + Number(seconds) * 1000;
await Promise.all(
  Array.from({ length: LANES }, async () => {
    while (performance.now() < until && times.length < MOST) times.push(await greet());
  }),
);
const sample = { units: times.length, seconds: (performance.now() - beganAt) / 1000 };
tell({ ...sample, p50Ms: percentile(times, 0.5), p99Ms: percentile(times, 0.99) });

async function greet(): Promise<number> {
  const from = performance.now();
  const socket = connect({ port: Number(port), host: '127.0.0.1', noDelay: true });
  let answer = '';
  socket.setEncoding('latin1').on('data', (text: string) => {
    answer += text;
  });
  socket.write('hello\n');
  await once(socket, 'close');
  if (answer !== 'hello\n') throw new Error(`the answer was ${JSON.stringify(answer)}`);
  return performance.now() - from;
}
