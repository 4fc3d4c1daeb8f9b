// The rules of hosts and routes on the wire: names, order, CORS, header injection, prefixes, errors for people.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Cors, HttpRoute } from '../../src/model/host.ts';
import { DataPlane, freePort, host } from '../support/data-plane.ts';
import { eventually } from '../support/eventually.ts';
import { answering, exchange, RawClient, RawOrigin } from '../support/raw.ts';
import { RecordingOrigin, valuesOf } from '../support/recording-origin.ts';

let plane: DataPlane;
let origin: RecordingOrigin;
let port: number;

beforeEach(async () => {
  plane = new DataPlane();
  origin = await new RecordingOrigin().listen();
  port = await freePort();
});
afterEach(async () => {
  await plane.close();
  await origin.close();
});

function route(fields: Partial<HttpRoute>): Partial<HttpRoute> {
  return { target_host: '127.0.0.1', target_port: String(origin.port), ...fields };
}

function web(cors: Cors | undefined, ...routes: Partial<HttpRoute>[]) {
  const fields = { port, routes: (routes.length === 0 ? [{}] : routes).map(route) };
  return host(cors === undefined ? fields : { ...fields, cors });
}

function get(path: string, ...fields: string[]): Promise<string> {
  return request('GET', path, ...fields);
}

function request(method: string, path: string, ...fields: string[]): Promise<string> {
  const named = fields.some((field) => field.startsWith('Host:')) ? fields : ['Host: a.test', ...fields];
  return exchange(port, [`${method} ${path} HTTP/1.1`, 'Connection: close', ...named, '', ''].join('\r\n'));
}

describe('hosts on one address', () => {
  test('are found by exact name, then the longest wildcard, then the address', async () => {
    const named = (name: string, header: string) =>
      host({ host: name, port, routes: [route({ response_headers: { 'X-Host': header } })] });
    await plane.run([
      named('127.0.0.1', 'address'),
      named('*.test', 'short'),
      named('*.b.test', 'long'),
      named('a.b.test', 'exact'),
    ]);
    const hostOf = async (name: string) => /X-Host: (\w+)/.exec(await get('/', `Host: ${name}`))?.[1];
    expect(await hostOf('a.b.test')).toBe('exact');
    expect(await hostOf('A.B.Test.:1234')).toBe('exact');
    expect(await hostOf('c.b.test')).toBe('long');
    expect(await hostOf('x.y.test')).toBe('short');
    expect(await hostOf('test')).toBe('address');
    expect(await hostOf('else')).toBe('address');
  });

  test('answer 421 to a name that nobody has, over and over on one connection', async () => {
    await plane.run([host({ host: 'a.test', port, routes: [route({})] })]);
    const answer = await exchange(
      port,
      `${'GET / HTTP/1.1\r\nHost: b.test\r\n\r\n'.repeat(2)}GET / HTTP/1.1\r\nHost: b.test\r\nConnection: close\r\n\r\n`,
    );
    expect(answer.match(/HTTP\/1\.1 421 /g)).toHaveLength(3);
  });
});

describe('routes', () => {
  test('match at segment boundaries only, the first in order wins', async () => {
    await plane.run([
      web(
        undefined,
        { path: '/app', response_headers: { 'X-R': 'app' } },
        { pattern: '^/v[12](/|$)', response_headers: { 'X-R': 'pattern' } },
      ),
    ]);
    const routeOf = async (path: string) =>
      /X-R: (\w+)/.exec(await get(path))?.[1] ?? /^HTTP\/1\.1 (\d+)/.exec(await get(path))?.[1];
    expect(await routeOf('/app')).toBe('app');
    expect(await routeOf('/app/')).toBe('app');
    expect(await routeOf('/app/x?y')).toBe('app');
    expect(await routeOf('/app?y')).toBe('app');
    expect(await routeOf('/apple')).toBe('404');
    expect(await routeOf('/v1')).toBe('pattern');
    expect(await routeOf('/v3')).toBe('404');
  });

  test('never fall through to a later one when the target is down', async () => {
    await plane.run([web(undefined, { path: '/app', target_port: String(await freePort()) }, { path: '/' })]);
    expect(await get('/app')).toMatch(/^HTTP\/1\.1 502 /);
    expect(origin.requests).toEqual([]);
  });

  test('strip their prefix and tell it', async () => {
    await plane.run([web(undefined, { path: '/app', strip_prefix: true })]);
    await get('/app');
    await get('/app/x//y?z=%2F');
    await get('/app?q');
    expect(origin.requests.map(({ url }) => url)).toEqual(['/', '/x//y?z=%2F', '/?q']);
    expect(valuesOf(origin.requests[0]!.rawHeaders, 'x-forwarded-prefix')).toEqual(['/app']);
  });

  test('send the target’s own Host when told to', async () => {
    await plane.run([web(undefined, { preserve_host: false })]);
    await get('/');
    expect(valuesOf(origin.requests[0]!.rawHeaders, 'host')).toEqual([`127.0.0.1:${origin.port}`]);
  });

  test('set request and response headers, replacing those of that name', async () => {
    await plane.run([
      web(undefined, { request_headers: { 'X-A': 'ours' }, response_headers: { Connection2: 'x', Date: 'never' } }),
    ]);
    const answer = await get('/', 'x-a: theirs', 'X-A: too');
    expect(valuesOf(origin.requests[0]!.rawHeaders, 'x-a')).toEqual(['ours']);
    expect(answer.match(/\r\nDate: /g)).toHaveLength(1);
    expect(answer).toContain('\r\nDate: never\r\n');
  });

  test('do not set response headers on answers of prproxy itself', async () => {
    await plane.run([
      web(undefined, { path: '/', target_port: String(await freePort()), response_headers: { 'X-Set': 'r' } }),
    ]);
    expect(await get('/')).not.toContain('X-Set');
  });
});

describe('forwarding fields', () => {
  test('of a trusted peer are kept and added to', async () => {
    await plane.run([web(undefined)], { trusted_proxies: ['127.0.0.0/8'] });
    await get(
      '/',
      'X-Forwarded-For: 1.2.3.4, 5.6.7.8',
      'X-Forwarded-For: 9.9.9.9',
      'X-Forwarded-Proto: https',
      'X-Forwarded-Host: outer.test',
      'x_forwarded_host: evil',
    );
    await plane.run([web(undefined, { path: '/app', strip_prefix: true })], { trusted_proxies: ['127.0.0.0/8'] });
    await get('/app/x', 'X-Forwarded-Prefix: /outer');
    await plane.run([web(undefined, { path: '/app', strip_prefix: true })]);
    await get('/app/x', 'X-Forwarded-Prefix: /outer');
    expect(origin.requests.slice(1).map((one) => valuesOf(one.rawHeaders, 'x-forwarded-prefix'))).toEqual([
      ['/outer/app'],
      ['/app'],
    ]);
    const { rawHeaders } = origin.requests[0]!;
    expect(valuesOf(rawHeaders, 'x-forwarded-for')).toEqual(['1.2.3.4, 5.6.7.8, 9.9.9.9, 127.0.0.1']);
    expect(valuesOf(rawHeaders, 'x-forwarded-proto')).toEqual(['https']);
    expect(valuesOf(rawHeaders, 'x-forwarded-host')).toEqual(['outer.test']);
    expect(valuesOf(rawHeaders, 'x_forwarded_host')).toEqual([]);
    expect(valuesOf(rawHeaders, 'x-forwarded-port')).toEqual([String(port)]);
  });
});

describe('CORS', () => {
  const cors: Cors = {
    enabled: true,
    allowed_origins: ['https://app.test', 'https://*.dev.test'],
    allowed_methods: ['GET', 'PUT'],
    allowed_headers: ['X-A'],
    allow_credentials: true,
    exposed_headers: ['X-Out'],
    max_age: 60,
  };
  const preflight = (origin: string, method = 'PUT', headers = 'x-a') =>
    request(
      'OPTIONS',
      '/',
      `Origin: ${origin}`,
      `Access-Control-Request-Method: ${method}`,
      `Access-Control-Request-Headers: ${headers}`,
    );

  test('answers an allowed preflight itself', async () => {
    await plane.run([web(cors)]);
    const answer = await preflight('https://app.test');
    expect(answer).toMatch(/^HTTP\/1\.1 204 /);
    expect(answer).toContain('\r\nAccess-Control-Allow-Origin: https://app.test\r\n');
    expect(answer).toContain('\r\nAccess-Control-Allow-Credentials: true\r\n');
    expect(answer).toContain('\r\nAccess-Control-Allow-Methods: GET, PUT\r\n');
    expect(answer).toContain('\r\nAccess-Control-Allow-Headers: X-A\r\n');
    expect(answer).toContain('\r\nAccess-Control-Max-Age: 60\r\n');
    expect(answer.match(/\r\nVary: /g)).toHaveLength(3);
    expect(origin.requests).toEqual([]);
  });

  test.each([
    ['a foreign origin', () => preflight('https://evil.test')],
    ['two labels for one star', () => preflight('https://a.b.dev.test')],
    ['another method', () => preflight('https://app.test', 'DELETE')],
    ['another header', () => preflight('https://app.test', 'PUT', 'x-a, x-b')],
  ])('refuses a preflight from or for %s with 403 and no CORS fields', async (_, send) => {
    await plane.run([web(cors)]);
    const answer = await send();
    expect(answer).toMatch(/^HTTP\/1\.1 403 /);
    expect(answer).not.toContain('Access-Control-Allow');
  });

  test('forwards other OPTIONS requests', async () => {
    await plane.run([web(cors)]);
    expect(await request('OPTIONS', '/', 'Origin: https://app.test')).toMatch(/^HTTP\/1\.1 200 /);
    expect(origin.requests).toHaveLength(1);
  });

  test('marks answers to an allowed origin, errors included, and varies on Origin', async () => {
    await plane.run([web(cors, { path: '/ok' }, { path: '/down', target_port: String(await freePort()) })]);
    for (const path of ['/ok', '/down', '/nowhere']) {
      const answer = await get(path, 'Origin: https://x.dev.test');
      expect(answer.match(/Access-Control-Allow-Origin: https:\/\/x\.dev\.test\r\n/g)).toHaveLength(1);
      expect(answer).toContain('\r\nAccess-Control-Expose-Headers: X-Out\r\n');
      expect(answer).toContain('\r\nVary: Origin\r\n');
    }
  });

  test('forwards a foreign origin’s request and gives it no CORS fields', async () => {
    await plane.run([web(cors)]);
    const answer = await get('/', 'Origin: https://evil.test');
    expect(answer).toMatch(/^HTTP\/1\.1 200 /);
    expect(answer).not.toContain('Access-Control');
    expect(answer).toContain('\r\nVary: Origin\r\n');
  });

  describe('and headers are set by the rules of the route and host on', () => {
    const own = 'Access-Control-Allow-Origin: *\r\nAccess-Control-Max-Age: 9\r\nX-Set: theirs\r\nVary: Accept\r\n';
    const answers: Readonly<Record<string, string>> = {
      'an answer': `HTTP/1.1 200 OK\r\n${own}Content-Length: 0\r\n\r\n`,
      'an error of the target': `HTTP/1.1 500 Oh\r\n${own}Content-Length: 0\r\n\r\n`,
      'a redirect': `HTTP/1.1 302 Found\r\n${own}Location: /x\r\nContent-Length: 0\r\n\r\n`,
      '304': `HTTP/1.1 304 Not Modified\r\n${own}\r\n`,
      'an upgrade': `HTTP/1.1 101 Switching Protocols\r\n${own}Connection: Upgrade\r\nUpgrade: foo\r\n\r\n`,
      'a stream': `HTTP/1.1 200 OK\r\n${own}Content-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n4\r\ndata`,
    };

    async function headOf(answer: string, from: string): Promise<string> {
      const target = await new RawOrigin(answering(answer)).listen();
      await plane.run([web(cors, { target_port: String(target.port), response_headers: { 'X-Set': 'ours' } })]);
      const client = new RawClient(port).send(
        `GET / HTTP/1.1\r\nHost: a.test\r\nOrigin: ${from}\r\nConnection: Upgrade\r\nUpgrade: foo\r\n\r\n`,
      );
      const received = await client.until((text) =>
        /^HTTP\/1\.1 [2-5][\s\S]*\r\n\r\n|^HTTP\/1\.1 101[\s\S]*\r\n\r\n/.test(text),
      );
      client.close();
      await target.close();
      return received.slice(0, received.indexOf('\r\n\r\n') + 2);
    }

    const lines = (head: string, name: RegExp) => head.split('\r\n').filter((line) => name.test(line));

    test.each(Object.entries(answers))('%s', async (_, answer) => {
      const head = await headOf(answer, 'https://app.test');
      expect(lines(head, /^(access-control|x-set|vary)/i)).toEqual([
        'Vary: Accept',
        'X-Set: ours',
        'Vary: Origin',
        'Access-Control-Allow-Origin: https://app.test',
        'Access-Control-Allow-Credentials: true',
        'Access-Control-Expose-Headers: X-Out',
      ]);
      const foreign = await headOf(answer, 'https://evil.test');
      expect(lines(foreign, /^(access-control|x-set|vary)/i)).toEqual(['Vary: Accept', 'X-Set: ours', 'Vary: Origin']);
    });

    test('no interim answer: it is the target’s alone', async () => {
      const early = 'HTTP/1.1 103 Early Hints\r\nLink: </a>\r\nX-Set: theirs\r\n\r\n';
      const target = await new RawOrigin(answering(`${early}${answers['an answer']}`)).listen();
      await plane.run([web(cors, { target_port: String(target.port), response_headers: { 'X-Set': 'ours' } })]);
      const received = await get('/', 'Origin: https://app.test');
      expect(received.startsWith(`${early}HTTP/1.1 200 OK\r\n`)).toBe(true);
      await target.close();
    });
  });

  test('marks every answer of prproxy itself', async () => {
    await plane.run([web(cors, { path: '/app' })]);
    for (const [method, path, status] of [
      ['OPTIONS', '*', 204],
      ['TRACE', '/app', 405],
      ['GET', '/app/../x', 400],
      ['GET', '/nowhere', 404],
    ] as const) {
      const answer = await request(method, path, 'Origin: https://app.test');
      expect(answer).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
      expect(answer).toContain('\r\nAccess-Control-Allow-Origin: https://app.test\r\n');
      expect(answer).toContain('\r\nVary: Origin\r\n');
    }
  });

  test('is always * and varies on nothing when every origin is allowed without credentials', async () => {
    await plane.run([web({ enabled: true })]);
    const answer = await get('/', 'Origin: https://any.test');
    expect(answer).toContain('\r\nAccess-Control-Allow-Origin: *\r\n');
    expect(answer).not.toContain('Vary');
    expect(await preflight('https://any.test', 'PATCH', 'x-any')).toContain(
      '\r\nAccess-Control-Allow-Headers: x-any\r\n',
    );
  });
});

test('breaks a loop over two hosts that send no Via', async () => {
  const other = await freePort();
  const to = (target: number) => [{ target_host: '127.0.0.1', target_port: String(target), preserve_host: false }];
  await plane.run([host({ port, routes: to(other) }), host({ port: other, routes: to(port) })], { via: false });
  expect(await get('/')).toMatch(/^HTTP\/1\.1 508 /);
  expect(plane.accessed.length).toBeLessThan(20);
});

describe('an error answer', () => {
  test('is text for programs and a page for browsers, and reflects nothing', async () => {
    await plane.run([web(undefined, { path: '/app' })]);
    const text = await get('/<script>', 'Accept: */*');
    expect(text).toMatch(/^HTTP\/1\.1 404 [\s\S]*Content-Type: text\/plain/);
    const page = await get('/<script>', 'Accept: text/html,application/xhtml+xml,*/*;q=0.8');
    expect(page).toMatch(/Content-Type: text\/html[\s\S]*<h1>404 Not Found<\/h1>/);
    expect(text + page).not.toContain('<script>');
  });

  test('says which host and route failed and why, and nothing of the inside', async () => {
    const dead = String(await freePort());
    await plane.run([web(undefined, { path: '/app', target_port: dead })], { trusted_proxies: ['127.0.0.0/8'] });
    const reflected = ['X-Request-Id: theirs', 'X-Other: <b>', 'User-Agent: <i>', 'Cookie: secret'];
    for (const accept of ['text/plain', 'text/html']) {
      const answer = await get('/app/secret?<u>', `Accept: ${accept}`, ...reflected);
      expect(answer).toMatch(/^HTTP\/1\.1 502 [\s\S]*the target of route \/app refused the connection/);
      expect(answer).toContain(`route /app of host 127.0.0.1:${port}`);
      expect(answer).toContain('\r\nX-Request-Id: theirs\r\n');
      expect(answer).not.toMatch(new RegExp(`${dead}|secret|<[biu]>|ECONN|node:|\\.ts`));
    }
    expect(plane.accessed.map(({ requestId }) => requestId)).toEqual(['theirs', 'theirs']);
  });

  test('has no body when it answers HEAD', async () => {
    await plane.run([web(undefined, { path: '/app' })]);
    const answer = await request('HEAD', '/');
    expect(answer).toMatch(/^HTTP\/1\.1 404 [\s\S]*Content-Length: [1-9][0-9]*\r\n[\s\S]*\r\n\r\n$/);
  });

  test('carries the id under which the access log has it', async () => {
    await plane.run([web(undefined, { path: '/app' })]);
    const id = /\r\nX-Request-Id: ([^\r]+)\r\n/.exec(await get('/'))?.[1];
    expect(plane.accessed).toMatchObject([{ status: 404, failure: 'no_route', requestId: id, path: '/' }]);
    expect(plane.accessed[0]!.bytesOut).toBeGreaterThan(0);
  });
});

describe('the access log', () => {
  test('has one entry per request, with what was asked, what came of it and how long it took', async () => {
    await plane.run([web(undefined, { path: '/app' })]);
    await exchange(port, 'POST /app?x HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\nContent-Length: 5\r\n\r\nhello');
    const [entry] = plane.accessed;
    expect(entry).toMatchObject({
      host: `127.0.0.1:${port}`,
      route: '/app',
      target: `127.0.0.1:${origin.port}`,
      method: 'POST',
      path: '/app?x',
      status: 200,
      bytesIn: 5,
      bytesOut: 2,
      client: '127.0.0.1',
      retried: false,
      failure: undefined,
    });
    expect(entry!.durationMs).toBeGreaterThanOrEqual(entry!.upstreamMs!);
    expect(valuesOf(origin.requests[0]!.rawHeaders, 'x-request-id')).toEqual([entry!.requestId]);
  });

  const head = 'POST /app HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n';
  const unreadable = { host: undefined, method: undefined, path: undefined, bytesOut: 0 };
  test.each([
    ['a head that is malformed', 'GET / HTTP/1.1\r\n\r\n', { ...unreadable, status: 400, failure: 'bad_head' }],
    ['a head that does not come in time', 'GET / HT', { ...unreadable, status: 408, failure: 'head_timeout' }],
    ['TLS', '\x16\x03\x01', { ...unreadable, status: undefined, failure: 'tls_on_plain_host' }],
    ['a broken body', `${head}x\r\n`, { method: 'POST', path: '/app', status: 400, failure: 'bad_body' }],
  ])('has an entry for %s, under the id that the client is told', async (_, bytes, expected) => {
    await plane.run([web(undefined)], { timeouts: { client_head: 0.3 } as never });
    const answer = await exchange(port, bytes);
    expect(plane.accessed).toMatchObject([expected]);
    const told = /\r\nX-Request-Id: ([^\r]+)\r\n/.exec(answer)?.[1];
    expect(told).toBe(expected.status === undefined ? undefined : plane.accessed[0]!.requestId);
  });

  test('has one entry per TCP connection, when it is over', async () => {
    const dead = String(await freePort());
    const target = await new RawOrigin(answering('hello')).listen();
    const tcp = { target_host: '127.0.0.1', target_port: String(target.port) };
    await plane.run([host({ port, tcp })]);
    const client = new RawClient(port).send('abc\r\n\r\n');
    await client.until((text) => text === 'hello');
    client.socket.end();
    target.connections[0]!.socket.end();
    await eventually(
      () => plane.accessed.length,
      (length) => length === 1,
    );
    await plane.run([host({ port, tcp: { ...tcp, target_port: dead } })]);
    await new RawClient(port).end();
    const common = {
      client: '127.0.0.1',
      host: `127.0.0.1:${port}`,
      route: undefined,
      method: undefined,
      status: undefined,
    };
    expect(plane.accessed).toMatchObject([
      { ...common, target: `127.0.0.1:${target.port}`, bytesIn: 7, bytesOut: 5, failure: undefined },
      { ...common, target: `127.0.0.1:${dead}`, bytesIn: 0, bytesOut: 0, failure: 'dial_econnrefused' },
    ]);
    expect(plane.accessed[0]!.durationMs).toBeGreaterThanOrEqual(plane.accessed[0]!.upstreamMs!);
    await target.close();
  });

  test('takes the id of a trusted client, and of nobody else', async () => {
    await plane.run([web(undefined)]);
    await get('/', 'X-Request-Id: theirs');
    await plane.run([web(undefined)], { trusted_proxies: ['127.0.0.0/8'] });
    await get('/', 'X-Request-Id: theirs');
    await get('/', 'X-Request-Id: {"bad"}');
    const ids = plane.accessed.map(({ requestId }) => requestId);
    expect(ids[0]).not.toBe('theirs');
    expect(ids[1]).toBe('theirs');
    expect(ids[2]).not.toContain('bad');
    expect(origin.requests.map(({ rawHeaders }) => valuesOf(rawHeaders, 'x-request-id'))).toEqual(
      ids.map((id) => [id]),
    );
  });
});

describe('on the way,', () => {
  test('a host is found by the authority of an absolute URL, whatever Host says (9112 3.2.2)', async () => {
    const named = (name: string) =>
      host({ host: name, port, routes: [route({ response_headers: { 'X-Host': name } })] });
    await plane.run([named('a.test'), named('b.test')]);
    expect(await get('http://b.test/x', 'Host: a.test')).toContain('\r\nX-Host: b.test\r\n');
    expect(valuesOf(origin.requests[0]!.rawHeaders, 'host')).toEqual(['b.test']);
    expect(valuesOf(origin.requests[0]!.rawHeaders, 'x-forwarded-host')).toEqual(['b.test']);
  });

  test('a client on IPv6 is named in the form of each field (7239 6)', async () => {
    await plane.run([host({ host: '::1', port, routes: [route({})] })]);
    const client = new RawClient(port, '::1').send(
      `GET / HTTP/1.1\r\nHost: [::1]:${port}\r\nConnection: close\r\n\r\n`,
    );
    expect(await client.end()).toMatch(/^HTTP\/1\.1 200 /);
    const { rawHeaders } = origin.requests[0]!;
    expect(valuesOf(rawHeaders, 'x-forwarded-for')).toEqual(['::1']);
    expect(valuesOf(rawHeaders, 'x-real-ip')).toEqual(['::1']);
    expect(valuesOf(rawHeaders, 'forwarded')).toEqual([`for="[::1]";host="[::1]:${port}";proto=http`]);
  });

  test('Forwarded and X-Real-IP of a trusted peer stay as they are, and none is added', async () => {
    await plane.run([web(undefined)], { trusted_proxies: ['127.0.0.0/8'] });
    await get('/', 'Forwarded: for=1.2.3.4', 'Forwarded: for="[2001:db8::1]:4711"', 'X-Real-IP: 1.2.3.4');
    const { rawHeaders } = origin.requests[0]!;
    expect(valuesOf(rawHeaders, 'forwarded')).toEqual(['for=1.2.3.4', 'for="[2001:db8::1]:4711"']);
    expect(valuesOf(rawHeaders, 'x-real-ip')).toEqual(['1.2.3.4']);
    expect(valuesOf(rawHeaders, 'x-forwarded-for')).toEqual(['127.0.0.1']);
  });

  test.each([true, false])('a route back to its own host ends in 508, with via: %s', async (via) => {
    await plane.run([web(undefined, { target_port: String(port) })], { via, limits: { connections: 50 } });
    expect(await get('/')).toMatch(/^HTTP\/1\.1 508 /);
  });

  test('a target by name is looked up, and is told its name when it wants its own Host', async () => {
    await plane.run([
      web(
        undefined,
        { path: '/own', target_host: 'localhost', preserve_host: false },
        { path: '/', target_host: 'localhost' },
      ),
    ]);
    for (const path of ['/own', '/']) expect(await get(path)).toMatch(/^HTTP\/1\.1 200 /);
    expect(origin.requests.map(({ rawHeaders }) => valuesOf(rawHeaders, 'host'))).toEqual([
      [`localhost:${origin.port}`],
      ['a.test'],
    ]);
  });

  test('a target whose name cannot be resolved is told as 502', async () => {
    await plane.run([web(undefined, { target_host: 'nowhere.invalid' })]);
    expect(await get('/')).toMatch(/^HTTP\/1\.1 502 [\s\S]*has a name that cannot be resolved/);
  });
});
