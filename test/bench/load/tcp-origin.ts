// `node tcp-origin.ts PORT`: a line, then bytes. `down N` gets N bytes that are proven by their hash, `up` is told how
// many came and their hash when its side ends (both as in test/support/bulk.ts); `rush N` and `sink` are the same
// without the hash, as fast as it goes; `hello` gets one line back.
import { createServer, type Socket } from 'node:net';
import { pipeline } from 'node:stream/promises';
import { bulkStream, receiptOf } from '../../support/bulk.ts';
import { rush } from './rush.ts';

const LONGEST_LINE = 100;

const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
  socket.on('error', () => socket.destroy());
  socket.once('data', (first: Buffer) => void talk(socket, first).catch(() => socket.destroy()));
});
server.listen({ port: Number(process.argv[2]), host: '127.0.0.1', backlog: 4096 });

async function talk(socket: Socket, first: Buffer): Promise<void> {
  const end = first.indexOf(0x0a);
  if (end < 0 || end > LONGEST_LINE) return void socket.destroy();
  const [verb, size] = first.toString('latin1', 0, end).split(' ');
  const rest = first.subarray(end + 1);
  if (verb === 'hello') return void socket.end('hello\n');
  if (verb === 'rush') return rush(socket, Number(size));
  if (verb === 'down') return pipeline(bulkStream(Number(size)), socket);
  if (verb === 'sink') return sink(socket, rest.length);
  if (verb !== 'up') return void socket.destroy();
  socket.pause();
  if (rest.length > 0) socket.unshift(rest);
  socket.end(JSON.stringify(await receiptOf(socket.iterator({ destroyOnReturn: false }))));
}

function sink(socket: Socket, already: number): void {
  let bytes = already;
  socket.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
  });
  socket.once('end', () => socket.end(JSON.stringify({ bytes })));
}
