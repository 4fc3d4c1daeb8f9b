import { createServer } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { DataPlane, freePort, host } from '../../../support/data-plane.ts';
import { answering, exchange, RawClient, RawOrigin } from '../../../support/raw.ts';

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';
const GET = 'GET / HTTP/1.1\r\nHost: x\r\n\r\n';
const ONCE = 'GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n';

let plane: DataPlane;
let origin: RawOrigin;
let port: number;

beforeEach(async () => {
  plane = new DataPlane();
  origin = await new RawOrigin(answering(OK)).listen();
  port = await freePort();
});
afterEach(async () => {
  await plane.close();
  await origin.close();
});

function web(fields: { host?: string; port?: number } = {}) {
  return host({ port, routes: [{ target_host: '127.0.0.1', target_port: String(origin.port) }], ...fields });
}

function answers(client: RawClient, count: number): Promise<string> {
  return client.until((text) => text.split('\r\n\r\nok').length > count);
}

async function taken(at: number): Promise<{ close(): Promise<void> }> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(at, '127.0.0.1', resolve));
  return { close: () => new Promise((resolve) => server.close(() => resolve())) };
}

test('keeps connections open while an address is widened to the wildcard and narrowed again', async () => {
  const one = web();
  await plane.run([one]);
  const client = new RawClient(port).send(GET);
  await answers(client, 1);
  await plane.run([one, web({ host: '0.0.0.0' })]);
  client.send(GET);
  await answers(client, 2);
  expect(await exchange(port, ONCE)).toMatch(/ok$/);
  await plane.run([one]);
  client.send(GET);
  await answers(client, 3);
  expect(await exchange(port, ONCE)).toMatch(/ok$/);
  client.close();
});

test('leaves everything as it was when one new listener cannot be bound', async () => {
  const other = await freePort();
  const busy = await freePort();
  const holder = await taken(busy);
  await plane.run([web()]);
  const client = new RawClient(port).send(GET);
  await answers(client, 1);
  const next = plane.run([web({ host: '0.0.0.0' }), web({ port: other }), web({ port: busy })]);
  await expect(next).rejects.toThrow(
    new RegExp(`127\\.0\\.0\\.1:${busy} is used by another program.*pid ${process.pid}`),
  );
  client.send(GET);
  await answers(client, 2);
  expect(await exchange(port, ONCE)).toMatch(/ok$/);
  await expect(exchange(other, ONCE)).resolves.toBe('');
  client.close();
  await holder.close();
});

test('retries a listener that cannot be bound at boot until it can', async () => {
  const holder = await taken(port);
  const one = web();
  await plane.boot([one]);
  expect(plane.reconciler.hostState(one.id)).toMatchObject({
    state: 'failed',
    error: expect.stringMatching(/is used by another program/),
  });
  await holder.close();
  await plane.reported('the listener is open now');
  expect(plane.reconciler.hostState(one.id)).toMatchObject({ state: 'listening', error: undefined });
  expect(await exchange(port, ONCE)).toMatch(/ok$/);
});

test('does not let a failed listener fail a later change', async () => {
  const holder = await taken(port);
  const failed = web();
  await plane.boot([failed]);
  const other = await freePort();
  await plane.run([failed, web({ port: other })]);
  expect(await exchange(other, ONCE)).toMatch(/ok$/);
  await holder.close();
});

test('fails a change that brings a host to a failed listener, unless the address is free by now', async () => {
  const holder = await taken(port);
  const first = web({ host: 'a.test' });
  await plane.boot([first]);
  const both = [first, web({ host: 'b.test' })];
  await expect(plane.run(both)).rejects.toThrow(/is used by another program/);
  await holder.close();
  await plane.run(both);
  expect(plane.reconciler.hostState(first.id)).toMatchObject({ state: 'listening' });
  expect(await exchange(port, ONCE.replace('Host: x', 'Host: b.test'))).toMatch(/ok$/);
});

test('closes idle connections of a host that goes at once, and lets a request in flight finish', async () => {
  await origin.close();
  origin = await new RawOrigin().listen();
  await plane.run([web()]);
  const idle = new RawClient(port);
  const busy = new RawClient(port);
  const next = origin.next();
  busy.send(GET);
  const connection = await next;
  await connection.head();
  await plane.run([]);
  expect(await idle.end()).toBe('');
  connection.write(OK);
  expect(await busy.end()).toMatch(/Connection: close\r\n[\s\S]*ok$/);
});

test('cuts what is still in flight when the time to drain is over, on both sides', async () => {
  await origin.close();
  origin = await new RawOrigin().listen();
  await plane.run([web()]);
  const next = origin.next();
  const waiting = new RawClient(port).send(GET);
  const connection = await next;
  await connection.head();
  await plane.run([]);
  expect(await waiting.end()).toBe('');
  await connection.until(({ closed, ended }) => closed || ended);
});

test('turns an HTTP host into a TCP host and back without letting go of the address', async () => {
  await plane.run([web()]);
  await plane.run([host({ port, tcp: { target_host: '127.0.0.1', target_port: String(origin.port) } })]);
  const tunnel = new RawClient(port).send(GET);
  expect(await tunnel.until((text) => text.endsWith('ok'))).toBe(OK);
  tunnel.close();
  await plane.run([web()]);
  expect(await exchange(port, ONCE)).toMatch(/Date: [\s\S]*ok$/);
});
