// Clients and targets that say valid and invalid things in any order, at any moment, and leave when they like. Nothing is
// asked of single answers, only that the engine survives: no exception, nobody left over, and good requests still served.
import { connect, createServer, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { DataPlane, freePort, host } from '../support/data-plane.ts';
import { eventually } from '../support/eventually.ts';
import { Random, seedFromEnv } from '../support/random.ts';
import { exchange } from '../support/raw.ts';

const CLIENTS = 20;
const CONNECTIONS = process.env.CI === 'true' ? 6_000 : 1_500;
/** Of time limits, in seconds: short, so that they pass too. */
const LIMITS = { client_head: 0.5, keep_alive: 0.5, connect: 1, response_head: 0.5, body_idle: 0.5, tunnel_idle: 0.5 };

const SAID_BY_CLIENTS = [
  'GET / HTTP/1.1\r\nHost: x\r\n\r\n',
  'GET / HTTP/1.0\r\n\r\n',
  'HEAD / HTTP/1.1\r\nHost: x\r\n\r\n',
  'POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n',
  'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 20\r\n\r\n',
  'PUT / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n',
  'GET / HTTP/1.1\r\nHost: x\r\nConnection: upgrade\r\nUpgrade: own\r\n\r\n',
  'OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n',
  '3\r\nabc\r\n',
  '0\r\n\r\n',
  'ZZ\r\n',
  'x'.repeat(70_000),
];
const SAID_BY_TARGETS = [
  'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok',
  'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n',
  'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n',
  '0\r\n\r\n',
  'HTTP/1.1 100 Continue\r\n\r\n',
  'HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n',
  'HTTP/1.1 101 Switching Protocols\r\nUpgrade: own\r\nConnection: upgrade\r\n\r\n',
  `HTTP/1.0 200 OK\r\nContent-Length: 100000\r\n\r\n${'x'.repeat(50_000)}`,
  'nonsense',
];

const seed = seedFromEnv();
const random = new Random(seed);
let plane: DataPlane;
let target: Server;
const targets = new Set<Socket>();
let tame = false;

beforeEach(async () => {
  plane = new DataPlane();
  target = createServer({ allowHalfOpen: true }, misbehave);
  await new Promise<void>((resolve) => target.listen(0, '127.0.0.1', resolve));
});
afterEach(async () => {
  await plane.close();
  for (const socket of targets) socket.destroy();
  await new Promise((resolve) => target.close(resolve));
});

function misbehave(socket: Socket): void {
  targets.add(socket);
  socket.on('close', () => targets.delete(socket));
  socket.on('error', () => {});
  socket.on('end', () => socket.end());
  socket.on('data', () => {
    if (tame) return void socket.write(SAID_BY_TARGETS[0]!);
    for (let count = random.below(3); count >= 0; count--) socket.write(random.pick(SAID_BY_TARGETS), 'latin1');
    leave(socket, 0.2);
  });
}

/** With the given probability: ends, resets, or stops reading. */
function leave(socket: Socket, probability: number): boolean {
  if (random.next() >= probability) return false;
  random.pick([() => socket.end(), () => socket.resetAndDestroy(), () => socket.pause()])();
  return true;
}

/** One connection from its first word to its end, in steps of the event loop. */
async function visit(port: number): Promise<void> {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  const gone = new Promise((resolve) => socket.once('close', resolve));
  socket.on('error', () => {});
  if (random.next() < 0.9) socket.resume();
  for (let words = random.below(6); words >= 0; words--) {
    let text = '';
    for (let count = random.below(3); count >= 0; count--) text += random.pick(SAID_BY_CLIENTS);
    if (socket.writable) socket.write(text, 'latin1');
    for (let turns = random.below(20); turns > 0; turns--) await new Promise(setImmediate);
    if (leave(socket, 0.1)) break;
  }
  for (let turns = random.below(200); turns > 0; turns--) await new Promise(setImmediate);
  socket.destroy();
  await gone;
}

test(`survives clients and targets that do what they like (PRPROXY_SEED=${seed})`, { timeout: 120_000 }, async () => {
  const port = await freePort();
  const { port: targetPort } = target.address() as { port: number };
  const web = host({ port, routes: [{ target_host: '127.0.0.1', target_port: String(targetPort) }] });
  await plane.run([web], { timeouts: LIMITS as never });
  let left = CONNECTIONS;
  const visits = async () => {
    while (left-- > 0) await visit(port);
  };
  await Promise.all(Array.from({ length: CLIENTS }, visits));
  tame = true;
  // A connection that nobody reads tells nothing of its end.
  for (const socket of targets) socket.resume();
  await eventually(
    () => plane.traffic.of(web.id).connections,
    (open) => open === 0,
  );
  expect(await exchange(port, 'GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n')).toMatch(/^HTTP\/1\.1 200 /);
  await eventually(
    () => targets.size,
    (open) => open === 0,
  );
});
