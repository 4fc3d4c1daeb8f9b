// `node web-socket.ts PORT HOST SECONDS`: WebSockets that send a message and await its echo, again and again.
import { once } from 'node:events';
import { WebSocket } from 'ws';
import { percentile } from '../stats.ts';
import { tell } from './told.ts';

const SOCKETS = 50;
const MESSAGE = 'm'.repeat(120);
const PATIENCE_MS = 5_000;

const [port, host = '', seconds] = process.argv.slice(2);
const sockets = await Promise.all(Array.from({ length: SOCKETS }, open));
const times: number[] = [];
let failure: string | undefined;
const beganAt = performance.now();
const until = beganAt + Number(seconds) * 1000;
const late = setTimeout(
  () => {
    failure = 'an echo did not come';
    for (const socket of sockets) socket.terminate();
  },
  Number(seconds) * 1000 + PATIENCE_MS,
);
await Promise.all(sockets.map(talk));
clearTimeout(late);
const sample = { units: times.length, seconds: (performance.now() - beganAt) / 1000 };
tell({ ...sample, p50Ms: percentile(times, 0.5), p99Ms: percentile(times, 0.99), failure });
for (const socket of sockets) socket.terminate();

async function open(): Promise<WebSocket> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/`, { headers: { host }, perMessageDeflate: false });
  await once(socket, 'open');
  return socket;
}

/** Resolves at the end of the time, with the last echo; or when the socket is gone. */
function talk(socket: WebSocket): Promise<void> {
  let sentAt = 0;
  const send = () => {
    sentAt = performance.now();
    socket.send(MESSAGE);
  };
  return new Promise((resolve) => {
    socket.on('message', (data) => {
      const now = performance.now();
      times.push(now - sentAt);
      if (String(data) !== MESSAGE) failure = 'another message came back';
      if (now < until) send();
      else resolve();
    });
    socket.once('close', () => {
      failure ??= 'a WebSocket was closed';
      resolve();
    });
    send();
  });
}
