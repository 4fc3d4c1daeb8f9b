// Upgrades and TCP tunnels: what switches, what does not, and how a tunnel ends.
import { afterEach, beforeEach, expect, test } from 'vitest';
import { DataPlane, freePort, host } from '../support/data-plane.ts';
import { eventually } from '../support/eventually.ts';
import { type OriginConnection, RawClient, RawOrigin } from '../support/raw.ts';

const UPGRADE = 'GET /ws HTTP/1.1\r\nHost: x\r\nConnection: keep-alive, Upgrade\r\nUpgrade: WebSocket\r\n\r\n';
const SWITCH =
  'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSet-Cookie: a\r\nSet-Cookie: b\r\nKeep-Alive: x\r\n\r\n';

let plane: DataPlane;
let origin: RawOrigin;
let port: number;

beforeEach(async () => {
  plane = new DataPlane();
  origin = await new RawOrigin().listen();
  port = await freePort();
  await plane.run([web()]);
});
afterEach(async () => {
  await plane.close();
  await origin.close();
});

function web(fields = {}) {
  return host({ port, routes: [{ target_host: '127.0.0.1', target_port: String(origin.port), ...fields }] });
}

async function open(request = UPGRADE): Promise<[RawClient, OriginConnection]> {
  const next = origin.next();
  const client = new RawClient(port).send(request);
  const connection = await next;
  await connection.head();
  return [client, connection];
}

test('passes the upgrade on and the 101 back, without hop-by-hop fields', async () => {
  const [client, connection] = await open();
  expect(connection.received).toMatch(/\r\nConnection: Upgrade\r\nUpgrade: WebSocket\r\n/);
  connection.write(SWITCH);
  const head = await client.until((text) => text.endsWith('\r\n\r\n'));
  expect(head).toMatch(
    /^HTTP\/1\.1 101 [\s\S]*Set-Cookie: a\r\nSet-Cookie: b\r\n[\s\S]*Upgrade: websocket\r\nConnection: Upgrade\r\n/,
  );
  expect(head).not.toContain('Keep-Alive');
  client.close();
});

test.each(['TLS/1.0', 'IRC/6.9, foo', 'x-custom'])('tunnels to any protocol that was offered: %s', async (offered) => {
  const [client, connection] = await open(UPGRADE.replace('WebSocket', offered));
  expect(connection.received).toContain(`\r\nUpgrade: ${offered}\r\n`);
  const [chosen] = offered.split(', ');
  connection.write(`HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: ${chosen}\r\n\r\nhello`);
  expect(await client.until((text) => text.endsWith('hello'))).toContain(`\r\nUpgrade: ${chosen}\r\n`);
  client.send('back');
  await connection.until(({ received }) => received.endsWith('back'));
  client.close();
});

test('is one entry of the access log, with the bytes of both ways, when it ends', async () => {
  const [client, connection] = await open();
  connection.write(SWITCH);
  await client.until((text) => text.endsWith('\r\n\r\n'));
  client.send('abc');
  await connection.until(({ received }) => received.endsWith('abc'));
  expect(plane.accessed).toEqual([]);
  connection.write('hello');
  connection.socket.end();
  await client.until((text) => text.endsWith('hello'));
  client.socket.end();
  await connection.until(({ ended }) => ended);
  const [entry] = await eventually(
    () => plane.accessed,
    (entries) => entries.length > 0,
  );
  expect(entry).toMatchObject({ method: 'GET', path: '/ws', status: 101, bytesIn: 3, bytesOut: 5, failure: undefined });
});

test('relays another answer to an upgrade, and goes on with the connection', async () => {
  const [client, connection] = await open();
  connection.write('HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\nno');
  await client.until((text) => text.endsWith('no'));
  client.send('GET /2 HTTP/1.1\r\nHost: x\r\n\r\n');
  await connection.until(({ received }) => received.includes('GET /2'));
  client.close();
});

test('answers 502 when the target switches to what was not offered', async () => {
  const [client, connection] = await open();
  connection.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n');
  await client.until((text) => text.startsWith('HTTP/1.1 502 '));
  await connection.until(({ closed, ended }) => closed || ended);
  client.close();
});

test('injects response headers into a 101 too', async () => {
  await plane.run([web({ response_headers: { 'X-Proxy': 'yes' } })]);
  const [client, connection] = await open();
  connection.write(SWITCH);
  await client.until((text) => /\r\nX-Proxy: yes\r\n/.test(text));
  client.close();
});

test('resets the target when the client of a tunnel is reset', async () => {
  const [client, connection] = await open();
  connection.write(SWITCH);
  await client.until((text) => text.endsWith('\r\n\r\n'));
  client.socket.resetAndDestroy();
  await connection.until(({ closed }) => closed);
});

test('delivers what was sent before the target ended, then its end', async () => {
  const [client, connection] = await open();
  connection.write(`${SWITCH}${'x'.repeat(100_000)}`);
  connection.socket.end();
  const received = await client.end();
  expect(received.length).toBeGreaterThan(100_000);
  client.send('still open this way');
  await connection.until((one) => one.received.endsWith('still open this way'));
  client.close();
});

test('lets a tunnel live through an edit of its own route, and uses the new route for the next request', async () => {
  const [client, connection] = await open();
  connection.write(SWITCH);
  await client.until((text) => text.endsWith('\r\n\r\n'));
  const other = await new RawOrigin().listen();
  await plane.run([web({ target_port: String(other.port) })]);
  client.send('ping');
  await connection.until(({ received }) => received.endsWith('ping'));
  const next = other.next();
  const second = new RawClient(port).send('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
  expect(await (await next).head()).toMatch(/^GET \/ /);
  second.close();
  client.close();
  await other.close();
});

test('cuts a tunnel after the drain time when its host goes', async () => {
  const [client, connection] = await open();
  connection.write(SWITCH);
  await client.until((text) => text.endsWith('\r\n\r\n'));
  await plane.run([]);
  client.send('within the drain time');
  await connection.until(({ received }) => received.endsWith('drain time'));
  await client.end();
  await connection.until(({ closed }) => closed);
});

test('ends a silent tunnel when an idle time is set', async () => {
  await plane.run([web()], { timeouts: { tunnel_idle: 0.3 } as never });
  const [client, connection] = await open();
  connection.write(SWITCH);
  await client.end();
  await connection.until(({ closed }) => closed);
});

test('has the fields of any other request: who the client was, Via, and those of the route', async () => {
  await plane.run([web({ request_headers: { 'X-Proxy': 'yes' } })]);
  const [client, connection] = await open(UPGRADE.replace('\r\n\r\n', '\r\nX-Forwarded-For: 1.2.3.4\r\n\r\n'));
  const head = await connection.head();
  for (const line of ['X-Forwarded-For: 127.0.0.1', 'X-Forwarded-Proto: http', 'X-Forwarded-Host: x', 'X-Proxy: yes']) {
    expect(head).toContain(`\r\n${line}\r\n`);
  }
  expect(head).toMatch(/\r\nVia: 1\.1 prproxy-test\r\n/);
  expect(head).not.toContain('1.2.3.4');
  client.close();
});

test('answers 421 to an upgrade for a name that nobody has, and 400 to one that is malformed', async () => {
  await plane.run([{ ...web(), host: 'a.test' }]);
  const client = new RawClient(port).send(UPGRADE);
  await client.until((text) => text.startsWith('HTTP/1.1 421 '));
  client.close();
  const malformed = new RawClient(port).send(UPGRADE.replace('Host: x', 'Host : x'));
  expect(await malformed.end()).toMatch(/^HTTP\/1\.1 400 /);
  expect(origin.connections).toHaveLength(0);
});

test('sends the body of the request before it tunnels, and what follows it in the tunnel (9110 7.8)', async () => {
  const [client, connection] = await open(UPGRADE.replace('\r\n\r\n', '\r\nContent-Length: 4\r\n\r\nbody'));
  client.send('EARLY');
  await connection.until(({ received }) => received.endsWith('\r\n\r\nbody'));
  connection.write(SWITCH);
  await client.until((text) => text.endsWith('\r\n\r\n'));
  await connection.until(({ received }) => received.endsWith('\r\n\r\nbodyEARLY'));
  client.close();
});

test('answers 502 when the target switches before the request is complete (9110 7.8)', async () => {
  const [client, connection] = await open(UPGRADE.replace('\r\n\r\n', '\r\nContent-Length: 4\r\n\r\nbo'));
  connection.write(SWITCH);
  await client.until((text) => text.startsWith('HTTP/1.1 502 '));
  await connection.until(({ closed, ended }) => closed || ended);
  client.close();
});

test('passes 100 on before 101 to a client that waits for both (9110 7.8)', async () => {
  const [client, connection] = await open(
    UPGRADE.replace('\r\n\r\n', '\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n'),
  );
  connection.write('HTTP/1.1 100 Continue\r\n\r\n');
  await client.until((text) => text.startsWith('HTTP/1.1 100 '));
  client.send('body');
  await connection.until(({ received }) => received.endsWith('\r\n\r\nbody'));
  connection.write(SWITCH);
  const received = await client.until((text) => text.includes('Upgrade: websocket\r\n'));
  expect(received.match(/HTTP\/1\.1 \d{3}/g)).toEqual(['HTTP/1.1 100', 'HTTP/1.1 101']);
  client.close();
});

test('slows one side of a tunnel down while the other does not read', async () => {
  const size = 64 << 20;
  await plane.run([web()], { timeouts: { tunnel_idle: 0.5 } as never });
  const [client, connection] = await open();
  connection.write(SWITCH);
  await client.until((text) => text.endsWith('\r\n\r\n'));
  connection.socket.pause();
  client.socket.write(Buffer.alloc(size, 97));
  // Nothing moves any more, which the idle time finds.
  await client.end();
  while (plane.accessed.length === 0) await new Promise(setImmediate);
  expect(plane.accessed[0]!.bytesIn).toBeLessThan(size / 2);
});
