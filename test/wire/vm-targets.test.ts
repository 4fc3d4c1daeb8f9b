// What becomes of requests and connections while their VM is coming, down, moved or not answering yet.
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ADDRESS_LAG_MS } from '../../agent/proxy/reach.ts';
import { DataPlane, freePort, host } from '../support/data-plane.ts';
import { MovableTargets } from '../support/movable-targets.ts';
import { answering, exchange, RawClient, RawOrigin } from '../support/raw.ts';

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';
const ONCE = 'GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n';
const VM = { target_vm_id: '11111111-2222-4333-8444-555555555555', target_vm_name: 'Ubuntu' };

let vm: MovableTargets;
let plane: DataPlane;
let origin: RawOrigin;
let port: number;

beforeEach(async () => {
  vm = new MovableTargets();
  plane = new DataPlane(vm);
  origin = await new RawOrigin(answering(OK)).listen();
  port = await freePort();
});
afterEach(async () => {
  await plane.close();
  await origin.close();
});

function web(fields = {}) {
  return host({ port, routes: [{ ...VM, target_port: String(origin.port), ...fields }] });
}

function here() {
  return [{ ip: '127.0.0.1', port: origin.port }];
}

async function held(count = 1): Promise<void> {
  while (vm.waiters < count) await new Promise(setImmediate);
}

test('holds a request while the VM is coming, body and all, and sends it when it is there', async () => {
  await plane.run([web()]);
  const client = new RawClient(port).send(
    'POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 5\r\n\r\nhello',
  );
  await held();
  vm.move(here());
  expect(await client.end()).toMatch(/ok$/);
  expect(origin.connections[0]!.received).toMatch(/\r\n\r\nhello$/);
});

test('answers 503 with Retry-After, naming the VM, when the hold is over', async () => {
  await plane.run([web({ hold: 0.2 })]);
  const answer = await exchange(port, ONCE);
  expect(answer).toMatch(/^HTTP\/1\.1 503 [\s\S]*Retry-After: 2\r\n[\s\S]*VM Ubuntu is starting/);
});

test('does not hold when the route says 0, nor when the VM is down', async () => {
  await plane.run([web({ hold: 0 })]);
  expect(await exchange(port, ONCE)).toMatch(/^HTTP\/1\.1 503 /);
  await plane.run([web()]);
  vm.move({ state: 'down', reason: 'VM Ubuntu is suspended', retryAfterS: 10 });
  expect(await exchange(port, ONCE)).toMatch(/^HTTP\/1\.1 503 [\s\S]*VM Ubuntu is suspended/);
});

test('ends a hold at once when the VM goes down meanwhile', async () => {
  await plane.run([web()]);
  const client = new RawClient(port).send(ONCE);
  await held();
  vm.move({ state: 'down', reason: 'VM Ubuntu is stopped', retryAfterS: 10 });
  expect(await client.end()).toMatch(/^HTTP\/1\.1 503 [\s\S]*VM Ubuntu is stopped/);
});

test('lets go of a hold when the client goes', async () => {
  await plane.run([web()]);
  const client = new RawClient(port).send('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
  await held();
  client.socket.resetAndDestroy();
  while (vm.waiters > 0) await new Promise(setImmediate);
});

test.each([
  ['a POST that is complete', 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello'],
  ['a request with another behind it', 'GET / HTTP/1.1\r\nHost: x\r\n\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n'],
])('lets go of %s when its client is reset, and never sends it', async (_, request) => {
  await plane.run([web()]);
  const client = new RawClient(port).send(request);
  await held();
  client.socket.resetAndDestroy();
  while (vm.waiters > 0) await new Promise(setImmediate);
  vm.move(here());
  expect(await exchange(port, ONCE)).toMatch(/ok$/);
  expect(plane.accessed.map(({ failure }) => failure)).toEqual(['client_gone', undefined]);
  expect(origin.connections).toHaveLength(1);
});

test('waits out a refused dial while the VM has only just come up', async () => {
  await origin.close();
  await plane.run([web()]);
  vm.isSettling = true;
  vm.move(here());
  const client = new RawClient(port).send(ONCE);
  const refused = new Promise<void>((resolve) => {
    vm.onFailed = resolve;
  });
  await refused;
  origin = await new RawOrigin(answering(OK)).listen('127.0.0.1', origin.port);
  expect(await client.end()).toMatch(/ok$/);
  expect(vm.failures[0]).toMatch(/ECONNREFUSED$/);
});

test('tries each of several addresses in turn, and only then gives up', async () => {
  await plane.run([web({ hold: 0 })]);
  const [dead, deadToo] = [await freePort(), await freePort()];
  vm.move([{ ip: '127.0.0.1', port: dead }, { ip: '::1', port: deadToo }, ...here()]);
  expect(await exchange(port, ONCE)).toMatch(/ok$/);
  expect(vm.failures).toEqual([expect.stringContaining(`:${dead} `), expect.stringContaining(`:${deadToo} `)]);
  plane.core.pool.close();
  vm.move([
    { ip: '::1', port: deadToo },
    { ip: '127.0.0.1', port: dead },
  ]);
  expect(await exchange(port, ONCE)).toMatch(/^HTTP\/1\.1 502 [\s\S]*VM Ubuntu refused the connection/);
});

test('repeats a GET once when a fresh connection is closed under it, and a POST never', async () => {
  const closing = await new RawOrigin(({ socket }) => socket.once('data', () => socket.destroy())).listen();
  await plane.run([web()]);
  vm.move([{ ip: '127.0.0.1', port: closing.port }]);
  expect(await exchange(port, ONCE)).toMatch(/^HTTP\/1\.1 502 [\s\S]*VM Ubuntu closed the connection/);
  expect(closing.connections).toHaveLength(2);
  expect(plane.accessed).toMatchObject([{ retried: true }]);
  expect(await exchange(port, ONCE.replace('GET', 'POST'))).toMatch(/^HTTP\/1\.1 502 /);
  expect(closing.connections).toHaveLength(3);
  await closing.close();
});

test('goes to the new address when a look after a refused dial finds one', async () => {
  await plane.run([web()]);
  const dead = await freePort();
  vm.isConfirmed = false;
  vm.move([{ ip: '127.0.0.1', port: dead }]);
  vm.onFailed = () => vm.move(here());
  expect(await exchange(port, ONCE)).toMatch(/ok$/);
});

test('answers 502 once the address that refuses has been confirmed, long before the hold is over', async () => {
  await plane.run([web()]);
  vm.move([{ ip: '127.0.0.1', port: await freePort() }]);
  const began = performance.now();
  expect(await exchange(port, ONCE)).toMatch(/^HTTP\/1\.1 502 [\s\S]*VM Ubuntu refused the connection/);
  expect(performance.now() - began).toBeLessThan(ADDRESS_LAG_MS + 3_000);
});

test('uses no idle connection to an address that the VM has left', async () => {
  await plane.run([web()]);
  vm.move(here());
  await exchange(port, ONCE);
  const other = await new RawOrigin(answering(OK)).listen('127.0.0.2', origin.port);
  vm.move([{ ip: '127.0.0.2', port: origin.port }]);
  plane.core.pool.forget(`parallels:${VM.target_vm_id}`, '127.0.0.1');
  await origin.connections[0]!.until(({ closed, ended }) => closed || ended);
  expect(await exchange(port, ONCE)).toMatch(/ok$/);
  expect(other.connections).toHaveLength(1);
  await other.close();
});

test('holds a TCP connection likewise, then resets it', async () => {
  await plane.run([host({ port, tcp: { ...VM, target_port: String(origin.port), hold: 5 } })]);
  const client = new RawClient(port).send(ONCE);
  await held();
  vm.move(here());
  await client.until((text) => text.endsWith('ok'));
  client.close();
  vm.move({ state: 'down', reason: 'VM Ubuntu is stopped', retryAfterS: 10 });
  const refused = new RawClient(port);
  await refused.end();
  expect(refused.wasReset).toBe(true);
});

test('counts the open connections of a VM', async () => {
  await plane.run([web()]);
  vm.move(here());
  await exchange(port, ONCE);
  expect(vm.open).toBe(1);
  plane.core.pool.close();
  while (vm.open > 0) await new Promise(setImmediate);
});

test('lets go of a TCP connection that waits when its client is reset, whatever it has sent', async () => {
  await plane.run([host({ port, tcp: { ...VM, target_port: String(origin.port) } })]);
  const client = new RawClient(port).send('hello');
  await held();
  client.socket.resetAndDestroy();
  while (vm.waiters > 0) await new Promise(setImmediate);
  expect(plane.accessed).toMatchObject([{ failure: 'client_gone' }]);
});
