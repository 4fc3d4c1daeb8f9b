// How connections live and end: reuse, aborts by either side, half-close, time limits, early answers, retries, limits.
import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { HALF_CLOSE_MS } from '../../agent/proxy/connection.ts';
import { TCP_KEEP_ALIVE_MS } from '../../agent/proxy/wire.ts';
import { DataPlane, freePort, type HostFields, host } from '../support/data-plane.ts';
import { eventually } from '../support/eventually.ts';
import { answering, exchange, type OriginConnection, RawClient, RawOrigin } from '../support/raw.ts';
import { parseAnswers } from './answers.ts';

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';
const GET = 'GET / HTTP/1.1\r\nHost: x\r\n\r\n';

let plane: DataPlane;
let port: number;
const origins: RawOrigin[] = [];

beforeEach(async () => {
  plane = new DataPlane();
  port = await freePort();
});
afterEach(async () => {
  await plane.close();
  for (const origin of origins.splice(0)) await origin.close();
});

async function serve(serveOne?: (connection: OriginConnection) => void, more: Partial<HostFields> = {}, timeouts = {}) {
  const origin = await new RawOrigin(serveOne).listen();
  origins.push(origin);
  const routes = [{ target_host: '127.0.0.1', target_port: String(origin.port), ...more.routes?.[0] }];
  await plane.run([host({ port, ...more, routes })], { timeouts: timeouts as never });
  return origin;
}

/** Serves every connection, but the first one dies under its second request. */
function dyingOnSecond(): (connection: OriginConnection) => void {
  let count = 0;
  return (connection) => {
    const first = ++count === 1;
    let requests = 0;
    connection.socket.on('data', () => {
      if (first && ++requests === 2) connection.socket.destroy();
      else connection.write(OK);
    });
  };
}

test('uses an upstream connection for one request after the other, of several clients', async () => {
  const origin = await serve(answering(OK));
  for (let i = 0; i < 3; i++) await exchange(port, 'GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
  expect(origin.connections).toHaveLength(1);
});

test('does not reuse a connection on which the target spoke while it was idle', async () => {
  const origin = await serve(answering(OK));
  await exchange(port, 'GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
  const first = origin.connections[0]!;
  first.write('HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nEVIL');
  await first.until(({ closed, ended }) => closed || ended);
  expect(await exchange(port, 'GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n')).toMatch(/\r\n\r\nok$/);
  expect(origin.connections).toHaveLength(2);
});

test('repeats a GET once on a fresh connection when a reused one was closed under it', async () => {
  const origin = await serve(dyingOnSecond());
  const client = new RawClient(port).send(GET);
  await client.until((text) => text.endsWith('ok'));
  client.send(GET);
  await client.until((text) => text.split('\r\n\r\nok').length === 3);
  expect(origin.connections).toHaveLength(2);
  client.close();
});

test.each(['POST', 'PATCH', 'FOOBAR'])('does not repeat a POST that may have reached the target', async (method) => {
  const origin = await serve(dyingOnSecond());
  const client = new RawClient(port).send(GET);
  await client.until((text) => text.endsWith('ok'));
  client.send(`${method} / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
  expect(await client.end()).toMatch(/HTTP\/1\.1 502 /);
  expect(origin.connections).toHaveLength(1);
});

test('does not repeat a repetition (9110 9.2.2)', async () => {
  const origin = await serve(
    inTurn((connection, index) => (index === 0 ? connection.write(OK) : connection.socket.destroy())),
  );
  const client = new RawClient(port).send(GET);
  await client.until((text) => text.endsWith('ok'));
  expect(await client.send(CLOSING).end()).toMatch(/HTTP\/1\.1 502 /);
  expect(origin.connections).toHaveLength(2);
  expect(plane.accessed).toMatchObject([
    { status: 200, retried: false },
    { status: 502, retried: true },
  ]);
});

test('does not repeat a GET on a fresh connection', async () => {
  const origin = await serve((connection) => connection.socket.on('data', () => connection.socket.destroy()));
  expect(await exchange(port, 'GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n')).toMatch(/^HTTP\/1\.1 502 /);
  expect(origin.connections).toHaveLength(1);
});

test('ends the upstream request when the client goes while it waits', async () => {
  const origin = await serve();
  const next = origin.next();
  const client = new RawClient(port).send(GET);
  const connection = await next;
  await connection.head();
  client.socket.resetAndDestroy();
  await connection.until(({ closed, ended }) => closed || ended);
});

test('ends a silent stream when its client is reset that has begun another request', async () => {
  const origin = await serve();
  const next = origin.next();
  const client = new RawClient(port).send(`${GET}G`);
  const connection = await next;
  await connection.head();
  connection.write('HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n');
  await client.until((text) => text.includes('event-stream'));
  client.socket.resetAndDestroy();
  await connection.until(({ closed, ended }) => closed || ended);
});

test('limits the silence of a stream whose client it cannot read any more', async () => {
  const origin = await serve(undefined, {}, { body_idle: 0.3 });
  const next = origin.next();
  const client = new RawClient(port).send(GET + `GET /${'a'.repeat(1000)} HTTP/1.1\r\nHost: x\r\n\r\n`.repeat(100));
  const connection = await next;
  await connection.head();
  connection.write('HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n');
  await connection.until(({ closed, ended }) => closed || ended);
  client.close();
});

test('limits the silence of a stream whose client has closed its side, for it may have gone', async () => {
  const origin = await serve(undefined, {}, { body_idle: 0.3 });
  const next = origin.next();
  const client = new RawClient(port).send('GET / HTTP/1.0\r\n\r\n');
  const connection = await next;
  await connection.head();
  connection.write('HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n');
  await client.until((text) => text.includes('event-stream'));
  client.socket.end();
  await connection.until(({ closed, ended }) => closed || ended);
  client.close();
});

test('goes on when a request turns out to be broken whose answer has begun', async () => {
  const origin = await serve();
  const next = origin.next();
  const client = new RawClient(port).send('POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n');
  const connection = await next;
  await connection.head();
  connection.write('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nbegun');
  await client.until((text) => text.endsWith('begun'));
  await client.send('ZZZ\r\nmore').end();
  await connection.until(({ closed, ended }) => closed || ended);
  expect(plane.accessed).toMatchObject([{ status: 200, failure: 'bad_body' }]);
});

test('takes the end of a client behind a complete request for an abort, within a second', async () => {
  const origin = await serve();
  const next = origin.next();
  const client = new RawClient(port).send(GET);
  const connection = await next;
  await connection.head();
  const began = performance.now();
  client.socket.end();
  await connection.until(({ closed, ended }) => closed || ended);
  expect(performance.now() - began).toBeLessThan(2_500);
});

test('ends the upstream request at once when what it answers to a client that has gone is reset', async () => {
  const origin = await serve();
  const next = origin.next();
  const client = new RawClient(port).send(GET);
  const connection = await next;
  await connection.head();
  // Closed on both sides: a FIN is all that shows until something is sent.
  client.close();
  const began = performance.now();
  connection.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n');
  const stream = setInterval(() => connection.write('1\r\na\r\n'), 20);
  await connection.until(({ closed, ended }) => closed || ended);
  clearInterval(stream);
  expect(performance.now() - began).toBeLessThan(HALF_CLOSE_MS);
});

test.each(['GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n', 'GET / HTTP/1.0\r\n\r\n'])(
  'delivers the answer to a client that closed its side on purpose (9112 9.6)',
  async (request) => {
    const origin = await serve();
    const next = origin.next();
    const client = new RawClient(port).send(request);
    client.socket.end();
    const connection = await next;
    await connection.head();
    connection.write(OK);
    expect(await client.end()).toMatch(/\r\n\r\nok$/);
  },
);

test('never completes an upload that the client cut off', async () => {
  const origin = await serve();
  const next = origin.next();
  const client = new RawClient(port).send(
    'POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n',
  );
  const connection = await next;
  await connection.until(({ received }) => received.endsWith('3\r\nabc\r\n'));
  client.socket.end();
  await connection.until(({ closed, ended }) => closed || ended);
  expect(connection.received).not.toContain('0\r\n\r\n');
});

test('ends a download when the client goes, and the target with it', async () => {
  const origin = await serve();
  const next = origin.next();
  const client = new RawClient(port).send(GET);
  const connection = await next;
  await connection.head();
  connection.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n');
  await client.until((text) => text.includes('hi'));
  client.close();
  await connection.until(({ closed, ended }) => closed || ended);
});

test('relays an answer that comes before the upload is complete, and says close', async () => {
  const origin = await serve();
  const next = origin.next();
  const client = new RawClient(port).send('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\nabc');
  const connection = await next;
  await connection.head();
  connection.write('HTTP/1.1 413 Too Large\r\nContent-Length: 3\r\n\r\nbig');
  const received = await client.end();
  const [answer] = parseAnswers(received, false, client.wasReset);
  expect(answer).toMatchObject({ status: 413, body: 'big', complete: true });
  expect(answer!.values('connection')).toEqual(['close']);
  expect(client.wasReset).toBe(false);
});

test('relays the answer of a target that hangs up in the middle of an upload', async () => {
  await serve((connection) => {
    connection.socket.once('data', () => {
      connection.socket.end('HTTP/1.1 413 Too Large\r\nContent-Length: 3\r\n\r\nbig', () =>
        connection.socket.destroy(),
      );
    });
  });
  for (let i = 0; i < 10; i++) {
    const client = new RawClient(port).send('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10000000\r\n\r\n');
    client.socket.write(Buffer.alloc(10_000_000));
    await client.until((text) => text.endsWith('big'));
    expect(client.received).toMatch(/^HTTP\/1\.1 413 /);
    client.close();
  }
});

test('lets a client read an error answer while it is still sending', async () => {
  await plane.run([host({ port })]);
  const client = new RawClient(port).send('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 500000\r\n\r\n');
  client.send('x'.repeat(300_000));
  expect(await client.end()).toMatch(/^HTTP\/1\.1 404 /);
  expect(client.wasReset).toBe(false);
});

test('passes each part of an upload on as it comes', async () => {
  const origin = await serve();
  const next = origin.next();
  const client = new RawClient(port).send(
    'POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n',
  );
  const connection = await next;
  await connection.head();
  client.send('3\r\nabc\r\n');
  await connection.until(({ received }) => received.endsWith('3\r\nabc\r\n'));
  client.send('2\r\nde\r\n0\r\n\r\n');
  await connection.until(({ received }) => received.endsWith('2\r\nde\r\n0\r\n\r\n'));
  connection.write(OK);
  expect(await client.end()).toMatch(/ok$/);
});

test('passes the head of an answer on before its body, and each part as it comes', async () => {
  const origin = await serve();
  const next = origin.next();
  const client = new RawClient(port).send(GET);
  const connection = await next;
  await connection.head();
  connection.write('HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n');
  await client.until((text) => text.includes('text/event-stream'));
  connection.write('data: 1\n\n');
  await client.until((text) => text.includes('data: 1'));
  client.close();
});

test.each(['GET / HTTP/1.1\r\nHost: x\r\n\r\n', 'GET / HTTP/1.0\r\n\r\n'])(
  'lets no answer look complete that was to end with a connection that was reset (9112 8)',
  async (request) => {
    const origin = await serve();
    const next = origin.next();
    const client = new RawClient(port).send(request);
    const connection = await next;
    await connection.head();
    connection.write('HTTP/1.1 200 OK\r\n\r\nhello');
    await client.until((text) => text.includes('hello'));
    connection.socket.resetAndDestroy();
    await client.end();
    expect(parseAnswers(client.received, false, client.wasReset)[0]!.complete).toBe(false);
  },
);

test('answers 408 to a head that drips in, however steadily', async () => {
  await serve(undefined, {}, { client_head: 0.4 });
  const client = new RawClient(port).send('GET / HTTP/1.1\r\n');
  const drip = setInterval(() => client.send('X'), 50);
  expect(await client.end()).toMatch(/^HTTP\/1\.1 408 /);
  clearInterval(drip);
});

test('closes a connection that never sends a byte, without an answer', async () => {
  await serve(undefined, {}, { client_head: 0.2 });
  const client = new RawClient(port);
  expect(await client.end()).toBe('');
});

test('closes an idle connection after the keep-alive time', async () => {
  await serve(answering(OK), {}, { keep_alive: 0.3 });
  const client = new RawClient(port).send(GET);
  expect(await client.end()).toMatch(/ok$/);
  expect(client.wasReset).toBe(false);
});

test('answers 504 when the target takes too long to answer', async () => {
  const origin = await serve(undefined, {}, { response_head: 0.3 });
  const next = origin.next();
  const answer = await exchange(port, 'GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
  expect(answer).toMatch(/^HTTP\/1\.1 504 /);
  await (await next).until(({ closed, ended }) => closed || ended);
});

test('keeps to the response time limit of the route', async () => {
  await serve(undefined, { routes: [{ response_timeout: 0.3 }] });
  expect(await exchange(port, 'GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n')).toMatch(/^HTTP\/1\.1 504 /);
});

test('waits for a head longer than any other limit and than other proxies do; a route may wait for ever', async () => {
  // Scaled by 200: the 60 s of other proxies are 0.3 s, our 10 min are 3 s.
  const short = { client_head: 0.3, keep_alive: 0.3, connect: 0.3, body_idle: 0.3, tunnel_idle: 0.3 };
  for (const [response_head, route] of [
    [3, {}],
    [0.3, { response_timeout: 0 }],
    [0, {}],
  ] as const) {
    const origin = await serve(undefined, { routes: [route] }, { ...short, response_head });
    const next = origin.next();
    const client = new RawClient(port).send(CLOSING);
    const connection = await next;
    await connection.head();
    // A rest on purpose: what is tested is that time passes without harm.
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    connection.write(OK);
    expect(await client.end()).toMatch(/ok$/);
  }
});

test('answers 408 to an upload that stalls', async () => {
  await serve(undefined, {}, { body_idle: 0.3 });
  const client = new RawClient(port).send('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc');
  expect(await client.end()).toMatch(/^HTTP\/1\.1 408 /);
});

test('cuts an answer of known length that stalls, but never a stream', async () => {
  const origin = await serve(undefined, {}, { body_idle: 0.3 });
  const ask = async (request: string, answer: string) => {
    const next = origin.next();
    const client = new RawClient(port).send(request);
    const connection = await next;
    await connection.head();
    connection.write(answer);
    await client.until((text) => text.includes('first'));
    return [client, connection] as const;
  };
  const EVENTS = 'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n';
  const streams = [
    await ask(GET, 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n'),
    await ask(GET, `${EVENTS}Transfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n`),
    await ask(GET, `${EVENTS}\r\nfirst`),
    await ask('GET / HTTP/1.0\r\n\r\n', `${EVENTS}\r\nfirst`),
    await ask(GET, `${EVENTS}Content-Length: 100\r\n\r\nfirst`),
  ];
  const [counted] = await ask(GET, 'HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nfirst');
  await counted.end();
  expect(parseAnswers(counted.received, false, counted.wasReset)[0]!.complete).toBe(false);
  // The streams have been silent for longer than the other, and go on.
  for (const [client, connection] of streams) {
    connection.write('4\r\nlast\r\n');
    await client.until((text) => text.includes('last'));
    client.close();
  }
});

test('asks a waiting client for its body when the target says nothing (9110 10.1.1)', async () => {
  const origin = await serve();
  const next = origin.next();
  const client = new RawClient(port).send(
    'POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n',
  );
  const connection = await next;
  expect(await connection.head()).toMatch(/Expect: 100-continue/);
  await client.until((text) => text.startsWith('HTTP/1.1 100 Continue\r\n\r\n'));
  client.send('hi');
  await connection.until(({ received }) => received.endsWith('hi'));
  connection.write(`HTTP/1.1 100 Continue\r\n\r\n${OK}`);
  const received = await client.end();
  expect(received.match(/ 100 /g)).toHaveLength(1);
  expect(received).toMatch(/ok$/);
});

test('passes the target’s own 100 on, and its refusal without one', async () => {
  const origin = await serve();
  const request =
    'POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nExpect: 100-Continue\r\nContent-Length: 2\r\n\r\n';
  const next = origin.next();
  const client = new RawClient(port).send(request);
  const connection = await next;
  await connection.head();
  connection.write('HTTP/1.1 100 Continue\r\n\r\n');
  await client.until((text) => text.startsWith('HTTP/1.1 100 '));
  client.send('hi');
  await connection.until(({ received }) => received.endsWith('hi'));
  connection.write(OK);
  expect(await client.end()).toMatch(/ok$/);
  // The same connection is used again, with the next request on it.
  const refused = new RawClient(port).send(request);
  await connection.until(({ received }) => received.split('\r\n\r\n').length === 3);
  connection.write('HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n');
  expect(await refused.end()).toMatch(/^HTTP\/1\.1 401 /);
});

test('refuses connections beyond the limit of the listener, in words', async () => {
  const origin = await new RawOrigin(answering(OK)).listen();
  origins.push(origin);
  const routes = [{ target_host: '127.0.0.1', target_port: String(origin.port) }];
  await plane.run([host({ port, routes })], { limits: { connections: 2 } });
  const held = [new RawClient(port).send(GET), new RawClient(port).send(GET)];
  for (const client of held) await client.until((text) => text.endsWith('ok'));
  expect(await new RawClient(port).end()).toMatch(/^HTTP\/1\.1 503 [\s\S]*too many connections/);
  // One that goes makes room for another.
  held[0]!.socket.end();
  await held[0]!.end();
  const answer = await eventually(
    () => exchange(port, CLOSING),
    (text) => !text.includes(' 503 '),
  );
  expect(answer).toMatch(/ok$/);
  for (const client of held) client.close();
});

test('resets TCP connections beyond the limit, and tunnels count', async () => {
  const origin = await new RawOrigin(answering(OK)).listen();
  origins.push(origin);
  const tcp = { target_host: '127.0.0.1', target_port: String(origin.port) };
  await plane.run([host({ port, tcp })], { limits: { connections: 1 } });
  const held = new RawClient(port).send(GET);
  await held.until((text) => text.endsWith('ok'));
  const refused = new RawClient(port);
  expect(await refused.end()).toBe('');
  expect(refused.wasReset).toBe(true);
  held.close();
});

/** Seconds until the kernel probes a silent connection, of all connections that have `port` on either side. */
function keepAliveTimers(port: number): number[] {
  const hex = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  const rows = readFileSync('/proc/net/tcp', 'utf8').split('\n').slice(1);
  const fields = rows.map((row) => row.trim().split(/\s+/));
  const KEEP_ALIVE = '02';
  return fields
    .filter(([, local = '', remote = '']) => local.endsWith(hex) || remote.endsWith(hex))
    .map((row) => row[5]!.split(':'))
    .filter(([timer]) => timer === KEEP_ALIVE)
    .map(([, when = '']) => Number.parseInt(when, 16) / 100);
}

test.runIf(process.platform === 'linux')('has the kernel look for dead peers, on both sides', async () => {
  const origin = await serve();
  const next = origin.next();
  const client = new RawClient(port).send(GET);
  await (await next).head();
  for (const side of [port, origin.port]) {
    const timers = keepAliveTimers(side);
    expect(timers).toHaveLength(1);
    expect(timers[0]).toBeGreaterThan(0);
    expect(timers[0]).toBeLessThanOrEqual(TCP_KEEP_ALIVE_MS / 1_000);
  }
  client.close();
});

test('closes a TLS greeting on a plain port without a word', async () => {
  await serve();
  expect(await exchange(port, '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03')).toBe('');
});

test('pauses a target whose client does not read', async () => {
  const origin = await serve();
  const next = origin.next();
  const client = new RawClient(port).send(GET);
  client.socket.pause();
  const connection = await next;
  await connection.head();
  connection.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n');
  const megabyte = Buffer.alloc(1 << 20, 97);
  const chunk = Buffer.concat([Buffer.from('100000\r\n'), megabyte, Buffer.from('\r\n')]);
  let written = 0;
  // Loopback buffers hold some megabytes; far below what would have gone out without back-pressure.
  while (written < 64 && connection.socket.write(chunk)) written++;
  const stalled = await Promise.race([
    new Promise((resolve) => connection.socket.once('drain', () => resolve(false))).then(async () => {
      for (let i = 0; i < 64; i++) if (!connection.socket.write(chunk)) await once(connection);
      return false;
    }),
    new Promise((resolve) => setTimeout(() => resolve(true), 1_000)),
  ]);
  expect(stalled).toBe(true);
  client.close();
});

function once(connection: OriginConnection): Promise<void> {
  return new Promise((resolve) => connection.socket.once('drain', () => resolve()));
}

const CLOSING = 'GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n';

/** Answers each request on a connection by its number: what `serveRequest` does with the first, the second, … */
function inTurn(serveRequest: (connection: OriginConnection, index: number) => void) {
  let index = 0;
  return (connection: OriginConnection) => {
    connection.socket.on('data', () => serveRequest(connection, index++));
  };
}

test('passes a method that nobody knows (9110 7.6)', async () => {
  const origin = await serve(answering(OK));
  expect(await exchange(port, 'FOOBAR /x HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n')).toMatch(/ok$/);
  expect(await origin.connections[0]!.head()).toMatch(/^FOOBAR \/x HTTP\/1\.1\r\n/);
});

test('speaks HTTP/1.1 on both sides, whatever the other side speaks (9112 2.3)', async () => {
  const origin = await serve(answering('HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok'));
  expect(await exchange(port, 'GET / HTTP/1.0\r\n\r\n')).toMatch(/^HTTP\/1\.1 200 /);
  expect(await origin.connections[0]!.head()).toMatch(/^GET \/ HTTP\/1\.1\r\n/);
});

test('says close to a client that said so, and closes (9112 9.6)', async () => {
  await serve(answering(OK));
  const client = new RawClient(port).send(CLOSING);
  const received = await client.end();
  expect(parseAnswers(received, false, client.wasReset)[0]!.values('connection')).toEqual(['close']);
  expect(client.wasReset).toBe(false);
});

test('keeps the connection of the client when the target closes its own (9112 9.6)', async () => {
  const origin = await serve(answering('HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok'));
  const client = new RawClient(port).send(GET);
  await client.until((text) => text.endsWith('ok'));
  client.send(CLOSING);
  const received = await client.end();
  expect(received.match(/\r\n\r\nok/g)).toHaveLength(2);
  expect(received.match(/\r\nConnection: close\r\n/g)).toHaveLength(1);
  expect(origin.connections).toHaveLength(2);
});

test('keeps HTTP/1.0 open only behind an answer that has a length, and says so (9112 9.3)', async () => {
  const old = 'GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n';
  await serve(
    inTurn((connection, index) =>
      connection.write(index === 0 ? OK : 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n'),
    ),
  );
  const client = new RawClient(port).send(old);
  const first = await client.until((text) => text.endsWith('ok'));
  expect(parseAnswers(first, false, false)[0]!.values('connection')).toEqual(['keep-alive']);
  const second = (await client.send(old).end()).slice(first.length);
  const [answer] = parseAnswers(second, false, client.wasReset);
  expect(answer).toMatchObject({ status: 200, body: 'a' });
  expect(answer!.values('connection')).toEqual(['close']);
});

test('notices at once that the target closed an idle connection, so that a POST is safe (9112 9.5)', async () => {
  const origin = await serve(answering(OK));
  await exchange(port, CLOSING);
  const first = origin.connections[0]!;
  first.socket.end();
  await first.until(({ closed }) => closed);
  expect(await exchange(port, 'POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 0\r\n\r\n')).toMatch(
    /ok$/,
  );
  expect(origin.connections).toHaveLength(2);
});

test('closes a connection to the target that nobody uses for a while (9112 9.5)', async () => {
  const origin = await serve(answering(OK));
  await exchange(port, CLOSING);
  await origin.connections[0]!.until(({ ended }) => ended);
});

test('ends the upstream request when a client ends inside a body of known length (9112 6.3)', async () => {
  const origin = await serve();
  const next = origin.next();
  const client = new RawClient(port).send('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc');
  const connection = await next;
  await connection.until(({ received }) => received.endsWith('abc'));
  client.socket.end();
  await connection.until(({ closed, ended }) => closed || ended);
  expect(connection.received).toMatch(/\r\nContent-Length: 10\r\n\r\nabc$/);
  expect(client.received).toBe('');
});

test('keeps the next answer intact behind one to HEAD that has a body all the same (9112 6.3)', async () => {
  await serve(
    inTurn((connection, index) =>
      connection.write(index === 0 ? 'HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nEVIL' : OK),
    ),
  );
  const client = new RawClient(port).send(`HEAD / HTTP/1.1\r\nHost: x\r\n\r\n${CLOSING}`);
  const received = await client.end();
  expect(received).not.toContain('EVIL');
  expect(received.match(/HTTP\/1\.1 200 /g)).toHaveLength(2);
  expect(received).toMatch(/ok$/);
});

test('does not use a connection again behind a 204 that promises a body (9110 8.6)', async () => {
  const origin = await serve(answering('HTTP/1.1 204 No Content\r\nContent-Length: 50\r\n\r\n'));
  await exchange(port, CLOSING);
  await origin.connections[0]!.until(({ closed, ended }) => closed || ended);
});

test('repeats a GET elsewhere when an earlier answer left its body on the connection (9112 6.3)', async () => {
  const late = inTurn((connection, index) => connection.write(index === 0 ? OK : 'EVIL\r\n\r\n'));
  let connections = 0;
  const origin = await serve((connection) => (connections++ === 0 ? late(connection) : answering(OK)(connection)));
  const received = await exchange(port, GET + CLOSING);
  expect(received.match(/HTTP\/1\.1 200 /g)).toHaveLength(2);
  expect(received).not.toContain('EVIL');
  expect(origin.connections).toHaveLength(2);
});

test('lets a connection rest behind an answer that speaks of a body and has none', async () => {
  for (const promise of ['Content-Length: 2', 'Transfer-Encoding: chunked']) {
    const origin = await serve(answering(`HTTP/1.1 200 OK\r\n${promise}\r\n\r\n`));
    const client = new RawClient(port).send('HEAD / HTTP/1.1\r\nHost: x\r\n\r\n');
    await client.until((text) => text.endsWith('\r\n\r\n'));
    const next = origin.next();
    client.send('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n');
    await (await next).head();
    expect(origin.connections).toHaveLength(2);
    client.close();
  }
});

test('answers every pipelined request of a client that closed its side behind them (9112 9.6)', async () => {
  const origin = await serve();
  const next = origin.next();
  const client = new RawClient(port).send(GET.repeat(3));
  client.socket.end();
  const connection = await next;
  for (let count = 1; count <= 3; count++) {
    await connection.until(({ received }) => received.split('GET ').length === count + 1);
    connection.write(OK);
  }
  expect((await client.end()).match(/HTTP\/1\.1 200 /g)).toHaveLength(3);
  expect(client.wasReset).toBe(false);
});

test('refuses a line that begins no request without waiting for the rest of the head', async () => {
  await serve(answering(OK));
  expect(await exchange(port, 'GET /\r\n')).toMatch(/^HTTP\/1\.1 400 /);
});

test('passes an interim answer on with its fields, but without framing (9110 8.6)', async () => {
  const interim = 'HTTP/1.1 103 Early Hints\r\nLink: </a>\r\nContent-Length: 5\r\n\r\n';
  await serve(answering(`${interim}${OK}`));
  const received = await exchange(port, CLOSING);
  expect(received).toMatch(/^HTTP\/1\.1 103 Early Hints\r\nLink: <\/a>\r\n\r\nHTTP\/1\.1 200 /);
});

test('says close when the target refuses a body that a client still holds back (9110 10.1.1)', async () => {
  const origin = await serve(answering('HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n'));
  const client = new RawClient(port).send(
    'POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n',
  );
  const [answer] = parseAnswers(await client.end(), false, client.wasReset);
  expect(answer).toMatchObject({ status: 401, complete: true });
  expect(answer!.values('connection')).toEqual(['close']);
  // Its request was never complete, so nothing else may follow on the connection to the target.
  await origin.connections[0]!.until(({ closed, ended }) => closed || ended);
});

test('goes on with an upload while an early answer streams (9110 7.5)', async () => {
  const origin = await serve();
  const next = origin.next();
  const client = new RawClient(port).send('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 6\r\n\r\nabc');
  const connection = await next;
  await connection.head();
  connection.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n1\r\n');
  await client.until((text) => text.endsWith('1\r\n1\r\n'));
  client.send('def');
  await connection.until(({ received }) => received.endsWith('abcdef'));
  connection.write('1\r\n2\r\n0\r\n\r\n');
  const [answer] = parseAnswers(await client.end(), false, client.wasReset);
  expect(answer).toMatchObject({ body: '12', complete: true });
  expect(answer!.values('connection')).toEqual(['close']);
});

test('does not repeat a GET after the first byte of an answer (9110 9.2.2)', async () => {
  const origin = await serve(
    inTurn((connection, index) => (index === 0 ? connection.write(OK) : connection.socket.end('HTTP/1.1 200 OK\r\nX'))),
  );
  const client = new RawClient(port).send(GET);
  await client.until((text) => text.endsWith('ok'));
  expect(await client.send(CLOSING).end()).toMatch(/HTTP\/1\.1 502 /);
  expect(origin.connections).toHaveLength(1);
});

test('does not repeat a PUT of which a part has been sent (9110 9.2.2)', async () => {
  const origin = await serve(
    inTurn((connection, index) => (index === 0 ? connection.write(OK) : connection.socket.destroy())),
  );
  const client = new RawClient(port).send(GET);
  await client.until((text) => text.endsWith('ok'));
  client.send('PUT / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 2\r\n\r\nhi');
  expect(await client.end()).toMatch(/HTTP\/1\.1 502 /);
  expect(origin.connections).toHaveLength(1);
});

test('goes on with the next pipelined request when the target fails the first (9112 9.3.2)', async () => {
  await serve(inTurn((connection, index) => (index === 0 ? connection.socket.destroy() : connection.write(OK))));
  const received = await exchange(port, `GET /1 HTTP/1.1\r\nHost: x\r\n\r\n${CLOSING}`);
  expect(received.match(/HTTP\/1\.1 \d{3}/g)).toEqual(['HTTP/1.1 502', 'HTTP/1.1 200']);
  expect(received).toMatch(/ok$/);
});

test('opens another connection while one is busy, and pipelines nothing behind it (9112 9.3.2)', async () => {
  const origin = await serve();
  const clients: RawClient[] = [];
  for (const path of ['/1', '/2']) {
    const next = origin.next();
    clients.push(new RawClient(port).send(`GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`));
    expect(await (await next).head()).toContain(`GET ${path} `);
  }
  for (const { received } of origin.connections) expect(received.match(/GET /g)).toHaveLength(1);
  for (const client of clients) client.close();
});

test.each(['NTLM TlRMTVNTUAAD', 'Negotiate YII='])(
  'gives a connection on which somebody logged in to nobody else: Authorization: %s (9110 11.6.2)',
  async (credentials) => {
    const origin = await serve(answering(OK));
    await exchange(port, `GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: ${credentials}\r\n\r\n`);
    await exchange(port, CLOSING);
    expect(origin.connections).toHaveLength(2);
  },
);

test('answers 504 when the target accepts a connection too late', async () => {
  // The TLS handshake counts, and a plain origin never completes one.
  await serve(undefined, { routes: [{ schema: 'https', insecure: true }] }, { connect: 0.3 });
  expect(await exchange(port, CLOSING)).toMatch(/^HTTP\/1\.1 504 [\s\S]*did not accept the connection in time/);
});

test('slows a client down whose target does not read, and answers 504 when it never does', async () => {
  const size = 64 << 20;
  const origin = await serve((connection) => connection.socket.pause(), {}, { body_idle: 0.5 });
  const client = new RawClient(port).send(`POST / HTTP/1.1\r\nHost: x\r\nContent-Length: ${size}\r\n\r\n`);
  client.socket.write(Buffer.alloc(size, 97));
  await client.end();
  expect(plane.accessed).toMatchObject([{ status: 504 }]);
  expect(plane.accessed[0]!.bytesIn).toBeLessThan(size / 2);
  expect(origin.connections).toHaveLength(1);
});

test('writes down who cut an exchange off, the client or the target', async () => {
  const origin = await serve();
  for (const cut of ['client', 'target']) {
    const next = origin.next();
    const client = new RawClient(port).send(GET);
    const connection = await next;
    await connection.head();
    connection.write('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nshort');
    await client.until((text) => text.endsWith('short'));
    if (cut === 'client') client.socket.resetAndDestroy();
    else connection.socket.end();
    await connection.until(({ closed, ended }) => closed || ended);
    if (cut === 'target') await client.end();
    client.close();
  }
  expect(plane.accessed.map(({ failure }) => failure)).toEqual(['client_gone', 'answer_cut_eclosed']);
});
