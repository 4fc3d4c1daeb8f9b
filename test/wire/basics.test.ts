// The main paths at a glance: a GET, pipelining, a dead target, an upgrade, a TCP tunnel.
import { afterEach, beforeEach, expect, test } from 'vitest';
import { DataPlane, freePort, host } from '../support/data-plane.ts';
import { answering, exchange, RawClient, RawOrigin } from '../support/raw.ts';

let plane: DataPlane;
let port: number;

beforeEach(async () => {
  plane = new DataPlane();
  port = await freePort();
});
afterEach(() => plane.close());

test('forwards a GET and its answer', async () => {
  const origin = await new RawOrigin(answering('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi')).listen();
  await plane.run([host({ port, routes: [{ target_host: '127.0.0.1', target_port: String(origin.port) }] })]);
  const answer = await exchange(port, 'GET /a?b HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
  expect(answer).toMatch(/^HTTP\/1.1 200 OK\r\n/);
  expect(answer).toMatch(/\r\n\r\nhi$/);
  expect(await origin.connections[0]!.head()).toMatch(/^GET \/a\?b HTTP\/1.1\r\nHost: x\r\n/);
  await origin.close();
});

test('answers pipelined requests in order on one connection', async () => {
  const origin = await new RawOrigin(
    answering('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n'),
  ).listen();
  await plane.run([host({ port, routes: [{ target_host: '127.0.0.1', target_port: String(origin.port) }] })]);
  const client = new RawClient(port);
  client.send(
    'GET /1 HTTP/1.1\r\nHost: x\r\n\r\nPOST /2 HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\nGET /3 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n',
  );
  const answer = await client.end();
  expect(answer.match(/HTTP\/1.1 200 OK/g)).toHaveLength(3);
  expect(origin.connections).toHaveLength(1);
  expect(origin.connections[0]!.received.match(/(GET|POST) \/\d/g)).toEqual(['GET /1', 'POST /2', 'GET /3']);
  client.close();
  await origin.close();
});

test('tells why a target cannot be reached', async () => {
  const dead = await freePort();
  await plane.run([host({ port, routes: [{ target_host: '127.0.0.1', target_port: String(dead) }] })]);
  const answer = await exchange(port, 'GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
  expect(answer).toMatch(/^HTTP\/1.1 502 Bad Gateway\r\n/);
  expect(answer).toContain('the target of route / refused the connection');
});

test('tunnels an upgrade with the bytes that came along', async () => {
  const origin = await new RawOrigin().listen();
  await plane.run([host({ port, routes: [{ target_host: '127.0.0.1', target_port: String(origin.port) }] })]);
  const next = origin.next();
  const client = new RawClient(port);
  client.send('GET /ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nEARLY');
  const connection = await next;
  await connection.head();
  connection.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nHELLO');
  await client.until((text) => text.endsWith('HELLO'));
  await connection.until(({ received }) => received.endsWith('EARLY'));
  client.socket.end();
  await connection.until(({ ended }) => ended);
  connection.write('LAST');
  connection.socket.end();
  expect(await client.end()).toMatch(/LAST$/);
  await origin.close();
});

test('forwards TCP both ways with half-close', async () => {
  const origin = await new RawOrigin().listen();
  await plane.run([host({ port, tcp: { target_host: '127.0.0.1', target_port: String(origin.port) } })]);
  const next = origin.next();
  const client = new RawClient(port).send('question');
  client.socket.end();
  const connection = await next;
  await connection.until(({ ended }) => ended);
  expect(connection.received).toBe('question');
  connection.write('answer');
  connection.socket.end();
  expect(await client.end()).toBe('answer');
  await origin.close();
});
