// Real HTTP clients through the real agent: curl in its many moods, and a WebSocket library. What the client gets and
// what the origin sees are both looked at.
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { AgentHome } from '../support/agent-home.ts';
import { type CertificateFiles, selfSigned } from '../support/certificate.ts';
import { at, type CurlAnswer, curl, curlWith } from '../support/curl.ts';
import { freePort } from '../support/data-plane.ts';
import { describeWith } from '../support/programs.ts';
import { ETAG, type Seen, WebOrigin } from '../support/web-origin.ts';

let home: AgentHome;
let origin: WebOrigin;
let other: WebOrigin;
let port: number;

beforeAll(async () => {
  [origin, other, home, port] = await Promise.all([
    WebOrigin.start('first'),
    WebOrigin.start('other'),
    AgentHome.running(),
    freePort(),
  ]);
  const to = ({ port: target_port }: WebOrigin) => ({ target_host: '127.0.0.1', target_port });
  const cors = {
    enabled: true,
    allowed_origins: ['https://app.test'],
    allow_credentials: true,
    exposed_headers: ['X-Origin'],
    max_age: 60,
  };
  const headers = {
    request_headers: { 'X-Team': 'blue', 'User-Agent': 'replaced' },
    response_headers: { 'X-Served-By': 'prproxy', 'X-Origin': 'hidden' },
  };
  const hosts = [
    { host: 'one.test', http_routes: [{ path: '/', ...to(origin) }] },
    {
      host: 'two.test',
      http_routes: [
        { pattern: '\\.(png|css)$', ...to(other) },
        { path: '/api/v1', ...to(other), strip_prefix: true },
        { path: '/set', ...to(origin), ...headers },
        { path: '/own-name', ...to(origin), preserve_host: false },
        { path: '/', ...to(origin) },
      ],
    },
    { host: '*.wild.test', http_routes: [{ path: '/', ...to(other) }] },
    { host: 'exact.wild.test', http_routes: [{ path: '/', ...to(origin) }] },
    { host: 'cors.test', cors, http_routes: [{ path: '/', ...to(origin) }] },
  ];
  for (const host of hosts) {
    expect(await home.rest('POST', '/v1/reverse-proxy/hosts', { ...host, port })).toMatchObject({ status: 201 });
  }
});
afterAll(async () => {
  await home.dispose();
  await Promise.all([origin.close(), other.close()]);
});

/** curl to a host of the agent. */
const ask = (host: string, path: string, ...args: string[]) =>
  curl(...at(port, host), ...args, `http://${host}:${port}${path}`);

function seen(answer: CurlAnswer): Seen {
  expect(answer).toMatchObject({ code: 0, status: 200 });
  return JSON.parse(answer.body) as Seen;
}

describeWith(['curl'], 'curl', () => {
  it('speaks HTTP/1.0 and gets the body whole, without chunks', async () => {
    const answer = await ask('one.test', '/trailers', '--http1.0');
    expect(answer).toMatchObject({ code: 0, status: 200, body: 'body' });
    expect(answer.headers.has('transfer-encoding')).toBe(false);
    expect(answer.headers.get('connection')).toBe('close');
  });

  it('uploads from stdin, chunked', async () => {
    const body = 'line of the upload\n'.repeat(50_000);
    const answer = await curlWith({ input: body }, ...at(port, 'one.test'), '-T', '-', `http://one.test:${port}/up`);
    const { method, headers, body: arrived } = seen(answer);
    expect(method).toBe('PUT');
    expect(headers['transfer-encoding']).toBe('chunked');
    expect(arrived === body).toBe(true);
  });

  it('gets the head of what GET would give by HEAD, and no body', async () => {
    const answer = await ask('one.test', '/cached', '--head');
    expect(answer).toMatchObject({ code: 0, status: 200, body: '' });
    expect(answer.headers.get('etag')).toBe(ETAG);
  });

  it('gets 204 without body and length, and 304 for what it has', async () => {
    const none = await ask('one.test', '/none');
    expect(none).toMatchObject({ code: 0, status: 204, body: '' });
    expect(none.headers.has('content-length')).toBe(false);
    const fresh = await ask('one.test', '/cached', '-H', `If-None-Match: ${ETAG}`);
    expect(fresh).toMatchObject({ code: 0, status: 304, body: '' });
    expect(fresh.headers.get('etag')).toBe(ETAG);
    expect(await ask('one.test', '/cached')).toMatchObject({ status: 200, body: 'cached' });
  });

  it('follows a redirect over the same connection', async () => {
    expect((await ask('one.test', '/moved')).headers.get('location')).toBe('/there?x=1');
    const answer = await ask('one.test', '/moved', '-L', '-w', '\n%{num_connects}');
    const [body, connects] = answer.body.slice(answer.body.indexOf('{')).split('\n');
    expect(JSON.parse(body!)).toMatchObject({ url: '/there?x=1' });
    expect(connects).toBe('1');
  });

  it('waits for 100 Continue, which comes from the origin', async () => {
    const args = ['-H', 'Expect: 100-continue', '--expect100-timeout', '20', '--data-binary', 'the body'];
    const answer = await ask('one.test', '/post', ...args);
    expect(answer.heads[0]).toMatch(/^HTTP\/1.1 100 /);
    expect(seen(answer).body).toBe('the body');
    expect(await ask('one.test', '/refuse', ...args)).toMatchObject({ status: 413, body: 'too large' });
  });

  it('gets an event while the stream is open', async () => {
    const req = request({ port, host: '127.0.0.1', path: '/events', headers: { host: 'one.test' } }).end();
    const [response] = await once(req, 'response');
    await origin.listener();
    for (const text of ['first', 'second']) {
      const event = once(response, 'data');
      origin.tell(text);
      expect(String((await event)[0])).toBe(`data: ${text}\n\n`);
    }
    req.destroy();
  });

  it('gets the fields behind a chunked body', async () => {
    const answer = await ask('one.test', '/trailers', '--raw', '-H', 'TE: trailers', '-H', 'Connection: TE');
    expect(answer.headers.get('trailer')).toBe('X-Checksum');
    expect(answer.body).toBe('4\r\nbody\r\n0\r\nX-Checksum: abc\r\n\r\n');
  });

  it('has header fields set on its request and on its answer, in place of those that are there', async () => {
    const answer = await ask('two.test', '/set/x', '-A', 'curl itself', '-H', 'X-Team: red');
    expect(seen(answer).headers).toMatchObject({ 'x-team': 'blue', 'user-agent': 'replaced' });
    expect(answer.headers.get('x-served-by')).toBe('prproxy');
    expect(answer.headers.get('x-origin')).toBe('hidden');
    expect(seen(await ask('two.test', '/', '-A', 'curl itself')).headers['user-agent']).toBe('curl itself');
  });

  it('is made known to the origin by X-Forwarded-*', async () => {
    const { headers } = seen(await ask('one.test', '/'));
    expect(headers).toMatchObject({
      host: `one.test:${port}`,
      'x-forwarded-for': '127.0.0.1',
      'x-forwarded-host': `one.test:${port}`,
      'x-forwarded-port': String(port),
      'x-forwarded-proto': 'http',
      'x-real-ip': '127.0.0.1',
      forwarded: `for=127.0.0.1;host="one.test:${port}";proto=http`,
    });
    const ownName = seen(await ask('two.test', '/own-name'));
    expect(ownName.headers.host).toBe(`127.0.0.1:${origin.port}`);
  });

  it('is believed in what it says of clients before it only when it is a trusted proxy', async () => {
    const said = ['-H', 'X-Forwarded-For: 192.0.2.1', '-H', 'X-Forwarded-Proto: https'];
    expect(seen(await ask('one.test', '/', ...said)).headers).toMatchObject({
      'x-forwarded-for': '192.0.2.1, 127.0.0.1',
      'x-forwarded-proto': 'https',
    });
    await home.ok('config', 'set', '--trusted-proxies', '192.0.2.0/24');
    try {
      expect(seen(await ask('one.test', '/', ...said)).headers).toMatchObject({
        'x-forwarded-for': '127.0.0.1',
        'x-forwarded-proto': 'http',
      });
    } finally {
      await home.ok('config', 'set', '--trusted-proxies', '127.0.0.0/8,::1/128');
    }
  });
});

describeWith(['curl'], 'hosts and routes on one port', () => {
  it('are told apart by name: exact, wildcard, none', async () => {
    expect(seen(await ask('one.test', '/')).origin).toBe('first');
    expect(seen(await ask('any.wild.test', '/')).origin).toBe('other');
    expect(seen(await ask('a.b.wild.test', '/')).origin).toBe('other');
    expect(seen(await ask('exact.wild.test', '/')).origin).toBe('first');
    expect(await ask('wild.test', '/')).toMatchObject({ status: 421 });
    expect(await ask('unknown.test', '/')).toMatchObject({ status: 421 });
  });

  it('are tried in order: a pattern before the literal path', async () => {
    expect(seen(await ask('two.test', '/logo.png?v=2'))).toMatchObject({ origin: 'other', url: '/logo.png?v=2' });
    expect(seen(await ask('two.test', '/logo.png.txt'))).toMatchObject({ origin: 'first' });
  });

  it('take the prefix off where that is asked for, and say so', async () => {
    expect(seen(await ask('two.test', '/api/v1/users?id=1'))).toMatchObject({
      origin: 'other',
      url: '/users?id=1',
      headers: expect.objectContaining({ 'x-forwarded-prefix': '/api/v1' }),
    });
    expect(seen(await ask('two.test', '/api/v1'))).toMatchObject({ origin: 'other', url: '/' });
    expect(seen(await ask('two.test', '/api/v10'))).toMatchObject({ origin: 'first', url: '/api/v10' });
  });
});

describeWith(['curl'], 'CORS by curl', () => {
  const preflight = (from: string) =>
    ask('cors.test', '/', '-X', 'OPTIONS', '-H', `Origin: ${from}`, '-H', 'Access-Control-Request-Method: PUT');

  it('answers a preflight of an allowed origin, and refuses another', async () => {
    const allowed = await preflight('https://app.test');
    expect(allowed).toMatchObject({ status: 204, body: '' });
    expect(Object.fromEntries(allowed.headers)).toMatchObject({
      'access-control-allow-origin': 'https://app.test',
      'access-control-allow-credentials': 'true',
      'access-control-allow-methods': expect.stringContaining('PUT'),
      'access-control-max-age': '60',
    });
    const refused = await preflight('https://evil.test');
    expect(refused.status).toBe(403);
    expect(refused.headers.has('access-control-allow-origin')).toBe(false);
  });

  it('lets an allowed origin read the answer, and forwards the request of another without', async () => {
    const allowed = await ask('cors.test', '/', '-H', 'Origin: https://app.test');
    expect(seen(allowed).method).toBe('GET');
    expect(allowed.headers.get('access-control-allow-origin')).toBe('https://app.test');
    expect(allowed.headers.get('access-control-expose-headers')).toBe('X-Origin');
    expect(allowed.headers.get('vary')).toBe('Origin');
    const foreign = await ask('cors.test', '/', '-H', 'Origin: https://evil.test');
    expect(seen(foreign).method).toBe('GET');
    expect(foreign.headers.has('access-control-allow-origin')).toBe(false);
  });
});

describe('a WebSocket library', () => {
  const open = async () => {
    const ws = new WebSocket(`ws://127.0.0.1:${port}/chat`, { headers: { host: 'one.test' } });
    await once(ws, 'open');
    return ws;
  };
  const echo = async (ws: WebSocket, data: string | Buffer) => {
    const message = once(ws, 'message');
    ws.send(data);
    return (await message) as [Buffer, boolean];
  };

  it('exchanges text, binary, a message of 1 MiB and pings', async () => {
    const ws = await open();
    expect(await echo(ws, 'grüße')).toEqual([Buffer.from('grüße'), false]);
    expect(await echo(ws, Buffer.from([0, 255, 10, 13]))).toEqual([Buffer.from([0, 255, 10, 13]), true]);
    const large = Buffer.alloc(1024 * 1024, 'prproxy');
    const [back] = await echo(ws, large);
    expect(back.equals(large)).toBe(true);
    const pong = once(ws, 'pong');
    ws.ping('are you there');
    expect(String((await pong)[0])).toBe('are you there');
    const ping = once(ws, 'ping');
    origin.sockets.at(-1)!.ping('and you');
    expect(String((await ping)[0])).toBe('and you');
    ws.terminate();
  });

  it('passes close codes and reasons, either side first', async () => {
    const ws = await open();
    const originClose = once(origin.sockets.at(-1)!, 'close');
    ws.close(4001, 'client is done');
    const [code, reason] = await originClose;
    expect([code, String(reason)]).toEqual([4001, 'client is done']);

    const second = await open();
    const clientClose = once(second, 'close');
    second.send('close 4002 origin is done');
    const [code2, reason2] = await clientClose;
    expect([code2, String(reason2)]).toEqual([4002, 'origin is done']);
  });

  it('many at once do not mix', async () => {
    const sockets = await Promise.all(Array.from({ length: 50 }, open));
    const answers = await Promise.all(sockets.map((ws, index) => echo(ws, `message ${index}`)));
    expect(answers.map(([data]) => String(data))).toEqual(sockets.map((_, index) => `message ${index}`));
    for (const ws of sockets) ws.terminate();
  });
});

describeWith(['curl', 'openssl'], 'an https target with a self-signed certificate', () => {
  let folder: string;
  let files: CertificateFiles;
  let secure: WebOrigin;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tls-'));
    files = await selfSigned(folder, 'tls.test');
    secure = await WebOrigin.start('secure', { cert: readFileSync(files.cert), key: readFileSync(files.key) });
    await home.ok('host', 'add', `tls.test:${port}`);
    await home.ok('host', 'add', `alias.test:${port}`);
  });
  afterAll(async () => {
    await secure.close();
    await rm(folder, { recursive: true, force: true });
  });

  const route = (host: string, ...flags: string[]) => {
    const target = ['--target-host', '127.0.0.1', '--port', String(secure.port), '--schema', 'https'];
    return home.ok('route', 'http', 'add', `${host}:${port}`, '--path', '/', ...target, ...flags);
  };

  it('is refused with 502 that says what to set', async () => {
    await route('tls.test');
    expect(await ask('tls.test', '/')).toMatchObject({
      status: 502,
      body: expect.stringContaining('set ca (or insecure)'),
    });
  });

  it('is taken with --insecure', async () => {
    await route('tls.test', '--insecure');
    expect(seen(await ask('tls.test', '/'))).toMatchObject({ origin: 'secure' });
  });

  it('is taken for another name only with --tls-server-name', async () => {
    await route('alias.test', '--ca', files.cert);
    expect(await ask('alias.test', '/')).toMatchObject({
      status: 502,
      body: expect.stringContaining('set tls_server_name'),
    });
    await route('alias.test', '--ca', files.cert, '--tls-server-name', 'tls.test');
    expect(seen(await ask('alias.test', '/'))).toMatchObject({ origin: 'secure' });
  });

  it('is taken with --ca, for its own name', async () => {
    await route('tls.test', '--ca', files.cert);
    expect(seen(await ask('tls.test', '/'))).toMatchObject({ origin: 'secure' });
  });

  it('never gets a request over a connection that was checked for another name', async () => {
    await route('tls.test', '--ca', files.cert);
    await route('alias.test', '--ca', files.cert);
    expect(seen(await ask('tls.test', '/'))).toMatchObject({ origin: 'secure' });
    expect(await ask('alias.test', '/')).toMatchObject({ status: 502 });
  });

  it('is refused again when --insecure is taken back', async () => {
    await route('tls.test', '--insecure');
    expect(await ask('tls.test', '/')).toMatchObject({ status: 200 });
    await route('tls.test');
    expect(await ask('tls.test', '/')).toMatchObject({ status: 502 });
  });
});
