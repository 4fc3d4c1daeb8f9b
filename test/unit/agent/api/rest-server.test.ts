import { createServer, request as httpRequest } from 'node:http';
import { connect, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { RestServer } from '../../../../agent/api/rest-server.ts';
import { openapi } from '../../../../src/openapi.ts';
import { UBUNTU } from '../control/fakes.ts';
import { type Bench, bench, freePort } from './support.ts';

const TOKEN = 'a-token-of-some-length';
const V1 = '/v1/reverse-proxy';

let b: Bench;
let port: number;
let server: RestServer;

beforeEach(async () => {
  b = await bench();
  port = await freePort();
  server = new RestServer({ dispatch: b.dispatch, token: TOKEN, version: '0.1.0', log: b.log });
  (await server.prepare({ rest_host: '127.0.0.1', rest_port: String(port) }, 'strict')).commit();
});
afterEach(async () => {
  await server.close();
  b.close();
});

interface Answer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  text: string;
  // biome-ignore lint/suspicious/noExplicitAny: a test looks into answers of every shape.
  json: any;
}

interface Sent {
  headers?: Record<string, string>;
  body?: unknown;
  raw?: string | Buffer;
  to?: number;
}

/** node:http, because fetch hides Host, changes paths and adds Origin. */
function call(method: string, path: string, { headers = {}, body, raw, to = port }: Sent = {}): Promise<Answer> {
  const bytes = raw ?? (body === undefined ? undefined : JSON.stringify(body));
  const type = body === undefined ? {} : { 'content-type': 'application/json' };
  const all = { authorization: `Bearer ${TOKEN}`, ...type, ...headers };
  return new Promise((resolve, reject) => {
    const sent = httpRequest(
      { host: '127.0.0.1', port: to, method, path, agent: false, headers: all },
      async (answer) => {
        let text = '';
        for await (const chunk of answer) text += String(chunk);
        resolve({
          status: answer.statusCode ?? 0,
          headers: answer.headers,
          text,
          json: text === '' ? undefined : JSON.parse(text),
        });
      },
    );
    sent.on('error', reject);
    if (bytes !== undefined && method === 'DELETE') sent.setHeader('content-length', Buffer.byteLength(bytes));
    sent.end(bytes);
  });
}

describe('operations', () => {
  test('the four steps, in both prefixes, and away again', async () => {
    expect(await call('PUT', `${V1}/enable`)).toMatchObject({ status: 202, json: { enabled: true } });
    const added = await call('POST', `/api${V1}/hosts`, { body: { host: 'proxy.local', port: '80' } });
    expect(added).toMatchObject({ status: 201, json: { name: 'proxy.local:80', port: '80' } });
    const { id } = added.json;
    const route = { path: '/app', target_vm_id: UBUNTU, target_port: 8080 };
    expect(await call('POST', `${V1}/hosts/${id}/http_routes`, { body: route })).toMatchObject({
      status: 201,
      json: { http_routes: [{ path: '/app', target_port: '8080' }] },
    });
    expect(
      await call('POST', `${V1}/hosts/${id}/http_route`, { body: { ...route, pattern: '^/%41', path: null } }),
    ).toMatchObject({ status: 201 });
    expect(await call('GET', `${V1}/hosts/proxy.local:80`)).toMatchObject({ status: 200, json: { id } });
    expect(await call('GET', `${V1}/hosts/${id}/http_routes`)).toMatchObject({
      status: 200,
      json: [{ order: 1 }, { order: 2 }],
    });
    const moved = await call('PUT', `${V1}/hosts/${id}/http_routes/order`, { body: { id: '^/%41', order: 1 } });
    expect(moved).toMatchObject({ status: 200, json: { http_routes: [{ pattern: '^/%41' }, { path: '/app' }] } });
    expect(await call('DELETE', `${V1}/hosts/${id}/http_routes/%2Fapp`)).toMatchObject({ status: 202, text: '' });
    expect(await call('DELETE', `${V1}/hosts/${id}/http_routes/${encodeURIComponent('^/%41')}`)).toMatchObject({
      status: 202,
    });
    const tcp = { target_host: '10.0.0.5', target_port: '22' };
    expect(await call('POST', `${V1}/hosts/${id}/tcp_route`, { body: tcp })).toMatchObject({
      status: 201,
      json: { tcp_route: tcp },
    });
    expect(await call('DELETE', `${V1}/hosts/${id}/tcp_route`)).toMatchObject({ status: 202, text: '' });
    expect(await call('PUT', `${V1}/hosts/${id}`, { body: { name: 'web' } })).toMatchObject({
      status: 200,
      json: { name: 'web' },
    });
    expect(await call('DELETE', `${V1}/hosts/web`)).toMatchObject({ status: 202, text: '' });
    expect(await call('GET', `${V1}/status`)).toMatchObject({ status: 200, json: { hosts: [] } });
    expect(await call('GET', '/v1/vms/Ubuntu')).toMatchObject({ status: 200, json: { id: UBUNTU } });
    expect(await call('PUT', V1, { body: { port: 6000 } })).toMatchObject({ status: 200, json: { port: '6000' } });
    expect(await call('PUT', `${V1}/disable`, { body: {} })).toMatchObject({ status: 202, json: { enabled: false } });
  });

  test('errors have the status and the body of the table', async () => {
    const { status, json, headers } = await call('GET', `${V1}/hosts/nope`);
    expect({ status, json }).toEqual({
      status: 404,
      json: { code: 404, error: 'not_found', message: 'no host nope; see `prproxy host list`' },
    });
    expect(headers).toMatchObject({ 'content-type': 'application/json', 'cache-control': 'no-store' });
    expect(await call('PUT', `${V1}/restart`)).toMatchObject({ status: 409, json: { error: 'conflict' } });
    expect(await call('POST', `${V1}/hosts`, { body: { port: 0, hots: 1 } })).toMatchObject({
      status: 400,
      json: {
        details: { problems: [{ path: 'port' }, { path: 'hots', message: 'is no field here; did you mean host?' }] },
      },
    });
  });

  test('parameters of the path are not taken from the body', async () => {
    await call('POST', `${V1}/hosts`, { body: { host: 'web.local', port: 80, name: 'web' } });
    expect(await call('PUT', `${V1}/hosts/web`, { body: { host_id: 'web' } })).toMatchObject({
      status: 400,
      json: { message: expect.stringMatching(/host_id: is in the path/) },
    });
    const body = { route_id: '/', order: 1 };
    expect(await call('PUT', `${V1}/hosts/web/http_routes/order`, { body })).toMatchObject({
      status: 400,
      json: { message: expect.stringMatching(/route_id: is called id here/) },
    });
  });

  test.each(['%', '%zz', '%ff', 'a%2'])('the bad escape %s is refused', async (segment) => {
    expect(await call('GET', `${V1}/hosts/${segment}`)).toMatchObject({
      status: 400,
      json: { message: expect.stringMatching(/has an escape that is none/) },
    });
  });
});

describe('who may call', () => {
  const path = `${V1}/hosts`;

  test('needs the token, as Bearer or X-Api-Key', async () => {
    const none = await call('GET', path, { headers: { authorization: '' } });
    expect(none).toMatchObject({
      status: 401,
      headers: { 'www-authenticate': 'Bearer' },
      json: { error: 'unauthorized' },
    });
    expect(await call('GET', path, { headers: { authorization: 'Bearer wrong' } })).toMatchObject({ status: 401 });
    expect(await call('GET', path, { headers: { authorization: `Basic ${TOKEN}` } })).toMatchObject({ status: 401 });
    expect(await call('GET', path, { headers: { authorization: '', 'x-api-key': TOKEN } })).toMatchObject({
      status: 200,
    });
    expect(await call('GET', path, { headers: { authorization: `bearer ${TOKEN}` } })).toMatchObject({ status: 200 });
    expect(await call('GET', '/v1/nope', { headers: { authorization: '' } })).toMatchObject({ status: 401 });
  });

  test('a foreign Host is refused before the token is looked at', async () => {
    const own = ['127.0.0.1', 'localhost', 'LOCALHOST', '[::1]', '127.0.0.2'].map((name) => `${name}:${port}`);
    for (const host of own) expect(await call('GET', path, { headers: { host } })).toMatchObject({ status: 200 });
    const foreign = [
      'evil.test',
      `evil.test:${port}`,
      '127.0.0.1',
      '127.0.0.1:1',
      `127.0.0.1.evil.test:${port}`,
      `x@127.0.0.1:${port}`,
      `127.0.0.1:${port}/x`,
    ];
    for (const host of foreign)
      expect(await call('GET', path, { headers: { host, authorization: '' } })).toMatchObject({ status: 421 });
  });

  test('a foreign Origin is refused before the token is looked at', async () => {
    expect(await call('GET', path, { headers: { origin: `http://localhost:${port}` } })).toMatchObject({ status: 200 });
    for (const origin of [
      'http://evil.test',
      'null',
      `https://127.0.0.1:${port}`,
      'http://127.0.0.1:1',
      'http://localhost',
    ]) {
      expect(await call('GET', path, { headers: { origin, authorization: '' } })).toMatchObject({ status: 403 });
    }
  });

  test('the description needs no token, but the right Host and Origin', async () => {
    const headers = { authorization: '' };
    expect(await call('GET', '/v1/openapi.json', { headers })).toMatchObject({
      status: 200,
      json: JSON.parse(JSON.stringify(openapi('0.1.0'))),
    });
    expect(await call('GET', '/api/v1/openapi.json?x=1', { headers })).toMatchObject({ status: 200 });
    expect(await call('GET', '/v1/openapi.json', { headers: { ...headers, host: 'evil.test' } })).toMatchObject({
      status: 421,
    });
    expect(
      await call('GET', '/v1/openapi.json', { headers: { ...headers, origin: 'http://evil.test' } }),
    ).toMatchObject({ status: 403 });
    expect(await call('GET', '/v1/openapi.json/../reverse-proxy/hosts', { headers })).toMatchObject({ status: 401 });
    expect(await call('GET', `/v1/reverse-proxy/hosts?/v1/openapi.json`, { headers })).toMatchObject({ status: 401 });
  });
});

describe('requests that are wrong', () => {
  test('an unknown path is 404, a known one with another verb 405 with Allow', async () => {
    expect(await call('GET', '/')).toMatchObject({ status: 404, json: { error: 'not_found' } });
    expect(await call('GET', '/v2/hosts')).toMatchObject({ status: 404 });
    expect(await call('GET', '/api/api/v1/vms')).toMatchObject({ status: 404 });
    expect(await call('PATCH', `${V1}/hosts`)).toMatchObject({
      status: 405,
      headers: { allow: 'GET, POST, HEAD, OPTIONS' },
    });
    expect(await call('GET', `${V1}/enable`)).toMatchObject({ status: 405, headers: { allow: 'PUT, OPTIONS' } });
    expect(await call('GET', `/api${V1}/hosts/web/http_routes/order`)).toMatchObject({
      status: 405,
      headers: { allow: 'PUT, DELETE, OPTIONS' },
    });
    expect(await call('POST', '/v1/openapi.json')).toMatchObject({ status: 405 });
  });

  test('HEAD is GET without a body, OPTIONS tells the verbs', async () => {
    expect(await call('HEAD', `${V1}/hosts`)).toMatchObject({ status: 200, text: '' });
    expect(await call('OPTIONS', `${V1}/hosts`)).toMatchObject({
      status: 204,
      text: '',
      headers: { allow: 'GET, POST, HEAD, OPTIONS' },
    });
  });

  test('a body must be JSON, say so, and be an object', async () => {
    const post = (sent: Sent) => call('POST', `${V1}/hosts`, sent);
    const json = { 'content-type': 'application/json' };
    expect(await post({ raw: '{"host":"a.test"', headers: json })).toMatchObject({
      status: 400,
      json: { message: expect.stringMatching(/is not JSON/) },
    });
    expect(await post({ raw: Buffer.from([0x22, 0xff, 0x22]), headers: json })).toMatchObject({ status: 400 });
    for (const raw of ['[]', '1', 'null', '"x"'])
      expect(await post({ raw, headers: json })).toMatchObject({
        status: 400,
        json: { message: expect.stringMatching(/must be a JSON object/) },
      });
    expect(await post({ raw: '{}' })).toMatchObject({ status: 415 });
    expect(await post({ raw: '{}', headers: { 'content-type': 'text/plain' } })).toMatchObject({ status: 415 });
    expect(
      await post({ raw: '{"host":"a.test"}', headers: { 'content-type': 'application/json; charset=utf-8' } }),
    ).toMatchObject({ status: 201 });
  });

  test.each([
    [1024 * 1024, 400],
    [1024 * 1024 + 1, 413],
    [10 * 1024 * 1024, 413],
  ])('a body of %i bytes is answered with %i, and the client can read it', async (length, status) => {
    const raw = Buffer.alloc(length, 'x');
    const headers = { 'content-type': 'application/json' };
    expect(await call('POST', `${V1}/hosts`, { raw, headers })).toMatchObject({ status });
    expect(
      await call('POST', `${V1}/hosts`, { raw, headers: { ...headers, 'transfer-encoding': 'chunked' } }),
    ).toMatchObject({ status });
    expect(await call('POST', `${V1}/hosts`, { raw, headers: { ...headers, authorization: '' } })).toMatchObject({
      status: 401,
    });
  });

  test.each([
    'GET * HTTP/1.1\r\nHost: H\r\n\r\n',
    'GET //x//y?%zz HTTP/1.1\r\nHost: H\r\n\r\n',
    'GET http://[/ HTTP/1.1\r\nHost: H\r\n\r\n',
    'CONNECT x:1 HTTP/1.1\r\nHost: H\r\n\r\n',
    '\0\r\n\r\n',
    'GET / HTTP/1.1\r\n\r\n',
    'GET /v1/vms HTTP/1.0\r\nHost: H\r\n\r\n',
  ])('the raw request %j stops nothing', async (text) => {
    const socket = connect(port, '127.0.0.1');
    socket.on('error', () => {});
    socket.end(text.replace('Host: H', `Host: 127.0.0.1:${port}\r\nAuthorization: Bearer ${TOKEN}`));
    let answer = '';
    for await (const chunk of socket) answer += String(chunk);
    if (answer !== '') expect(answer).toMatch(/^HTTP\/1\.1 (400|404|421|200)/);
    expect(await call('GET', '/v1/vms')).toMatchObject({ status: 200 });
    expect(b.log.lines.filter((line) => line.level === 'error')).toEqual([]);
  });
});

test('a connection beyond 100 is closed; one that goes makes room', async () => {
  const open = () =>
    new Promise<Socket>((resolve, reject) => {
      const socket = connect(port, '127.0.0.1', () => resolve(socket)).once('error', reject);
    });
  const held = await Promise.all(Array.from({ length: 100 }, open));
  const over = (await open()).on('error', () => {});
  let answer = '';
  over.on('data', (chunk) => (answer += String(chunk)));
  over.write(`GET /v1/vms HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nConnection: close\r\n\r\n`);
  await new Promise((resolve) => over.once('close', resolve));
  expect(answer).toBe('');
  held[0]!.destroy();
  await vi.waitFor(async () => expect(await call('GET', '/v1/vms')).toMatchObject({ status: 200 }), 10_000);
  for (const socket of held) socket.destroy();
});

describe('the address', () => {
  test('of another program fails a change, and the old one stays', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => other.once('listening', resolve));
    const taken = String((other.address() as { port: number }).port);
    await expect(server.prepare({ rest_host: '127.0.0.1', rest_port: taken }, 'strict')).rejects.toMatchObject({
      code: 'conflict',
      message: expect.stringMatching(/is used by another program/),
    });
    expect(await call('GET', '/v1/vms')).toMatchObject({ status: 200 });
    expect(server.state()).toEqual({ address: `http://127.0.0.1:${port}`, state: 'listening' });
    other.close();
  });

  test('moves with a commit: the new one answers, the old one is gone, the request that did it is answered', async () => {
    const next = await freePort();
    const prepared = await server.prepare({ rest_host: '127.0.0.1', rest_port: String(next) }, 'strict');
    expect(await call('GET', '/v1/vms')).toMatchObject({ status: 200 });
    prepared.commit();
    expect(await call('GET', '/v1/vms', { to: next })).toMatchObject({ status: 200 });
    await expect(call('GET', '/v1/vms')).rejects.toThrow('ECONNREFUSED');
    expect(server.state().address).toBe(`http://127.0.0.1:${next}`);
  });

  test('of a change that failed later is closed again', async () => {
    const next = await freePort();
    const prepared = await server.prepare({ rest_host: '127.0.0.1', rest_port: String(next) }, 'strict');
    await prepared.rollback();
    await expect(call('GET', '/v1/vms', { to: next })).rejects.toThrow('ECONNREFUSED');
    expect(await call('GET', '/v1/vms')).toMatchObject({ status: 200 });
  });

  test('localhost keeps the socket that 127.0.0.1 has', async () => {
    const prepared = await server.prepare({ rest_host: 'localhost', rest_port: String(port) }, 'strict');
    prepared.commit();
    expect(await call('GET', '/v1/vms')).toMatchObject({ status: 200 });
    expect(server.state()).toEqual({ address: `http://localhost:${port}`, state: 'listening' });
  });

  test('that is taken at the start is told and tried again', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => other.once('listening', resolve));
    const { port: taken } = other.address() as { port: number };
    const late = new RestServer({ dispatch: b.dispatch, token: TOKEN, version: '0.1.0', log: b.log });
    (await late.prepare({ rest_host: '127.0.0.1', rest_port: String(taken) }, 'lenient')).commit();
    expect(late.state()).toMatchObject({ state: 'failed', error: expect.stringMatching(/is used by another program/) });
    await new Promise((resolve) => other.close(resolve));
    await vi.waitFor(() => expect(late.state().state).toBe('listening'), 10_000);
    expect(await call('GET', '/v1/vms', { to: taken })).toMatchObject({ status: 200 });
    await late.close();
  });
});
