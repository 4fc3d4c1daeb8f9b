// `npm run soak -- idle`: 10,000 idle client connections and 2,000 open WebSockets at once. Prints the agent's memory per
// connection, and fails when `status` takes 100 ms or more meanwhile.
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { WebSocket } from 'ws';
import type { AgentHome } from '../support/agent-home.ts';
import { rssOf } from '../support/rss.ts';
import { type SoakWeb, withSoakWeb } from '../support/soak-web.ts';

const IDLE = 10_000;
const WEBSOCKETS = 2_000;
const AT_ONCE = 200;
const STATUS_LIMIT_MS = 100;
const REQUEST = 'GET /small HTTP/1.1\r\nHost: x\r\n\r\n';

await withSoakWeb(['--limit', `connections=${IDLE + WEBSOCKETS + 100}`], trial);

async function trial({ home, port, pid }: SoakWeb): Promise<void> {
  let rss = await rssOf(pid);
  const sockets = await many(IDLE, () => openIdle(port));
  rss = await told(pid, rss, `${IDLE} idle connections`, sockets.length);
  const webSockets = await many(WEBSOCKETS, () => openWebSocket(port));
  await told(pid, rss, `${WEBSOCKETS} WebSockets`, webSockets.length);

  const slowest = await statusTime(home);
  console.log(`status takes ${slowest.toFixed(1)} ms, the slowest of 10`);
  for (const socket of sockets) socket.destroy();
  for (const socket of webSockets) socket.terminate();
  if (slowest >= STATUS_LIMIT_MS)
    throw new Error(`status took ${slowest.toFixed(1)} ms; the limit is ${STATUS_LIMIT_MS}`);
}

async function many<T>(count: number, open: () => Promise<T>): Promise<T[]> {
  const all: T[] = [];
  while (all.length < count) {
    all.push(...(await Promise.all(Array.from({ length: Math.min(AT_ONCE, count - all.length) }, open))));
    if (all.length % 1000 === 0) console.log(`  ${all.length}`);
  }
  return all;
}

/** A connection that has had one answer and is kept. */
async function openIdle(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  socket.write(REQUEST);
  await once(socket, 'data');
  socket.resume();
  return socket;
}

async function openWebSocket(port: number): Promise<WebSocket> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/socket`);
  await once(socket, 'open');
  return socket;
}

async function told(pid: number, before: number, what: string, count: number): Promise<number> {
  const now = await rssOf(pid);
  const each = (now - before) / count / 1024;
  console.log(`${what}: RSS ${(now / 1e6).toFixed(0)} MB, ${each.toFixed(1)} KiB each`);
  return now;
}

async function statusTime(home: AgentHome): Promise<number> {
  let slowest = 0;
  for (let i = 0; i < 10; i++) {
    const began = performance.now();
    await home.rpc('status', {});
    slowest = Math.max(slowest, performance.now() - began);
  }
  return slowest;
}
