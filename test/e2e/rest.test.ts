// REST as a client sees it: tokens, verbs, encoded paths, the description, answers without a body, and GET → edit → PUT.
// What it refuses is in bad-input.test.ts, that it agrees with CLI and RPC in every-row.test.ts.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { AgentHome, ROOT } from '../support/agent-home.ts';
import { freePort } from '../support/data-plane.ts';
import { plantKey } from '../support/planted-key.ts';

const HOSTS = '/v1/reverse-proxy/hosts';
const port = await freePort();
const otherPort = await freePort();
let home: AgentHome;
let base: string;

beforeAll(async () => {
  home = await AgentHome.running();
  home.prlctl.addVm({ name: 'Ubuntu', addresses: ['127.0.0.2'] });
  base = `http://127.0.0.1:${home.restPort}`;
});
afterAll(() => home.dispose());
beforeEach(async () => {
  for (const { id } of await home.rpc('host.list', {})) await home.rpc('host.remove', { host_id: id });
});

const target = { target_host: '127.0.0.1', target_port: '1' };
async function addWeb(...paths: string[]): Promise<void> {
  const http_routes = paths.map((path) => ({ path, ...target }));
  await home.rpc('host.add', { name: 'web', host: '127.0.0.1', port, http_routes });
}
const paths = async () => (await home.rpc('route.http.list', { host_id: 'web' })).map((route) => route.path);

describe('the token', () => {
  const forms = (token: string): Record<string, string>[] => [
    { authorization: `Bearer ${token}` },
    { authorization: `bearer  ${token}` },
    { 'x-api-key': token },
    { 'X-API-Key': token, authorization: 'Basic eDp5' },
  ];
  test.each([0, 1, 2, 3])('is taken as a bearer token and as X-Api-Key (form %i)', async (index) => {
    const headers = forms(await home.token())[index]!;
    expect((await fetch(`${base}/v1/reverse-proxy`, { headers })).status).toBe(200);
  });

  test('is asked for in the answer, and no answer may be stored', async () => {
    const answer = await fetch(`${base}/v1/reverse-proxy`);
    expect(answer.status).toBe(401);
    expect(answer.headers.get('www-authenticate')).toBe('Bearer');
    expect(answer.headers.get('cache-control')).toBe('no-store');
    expect((await home.rest('GET', '/v1/reverse-proxy')).headers.get('cache-control')).toBe('no-store');
  });

  test('a request from our own origin goes through', async () => {
    const headers = { authorization: `Bearer ${await home.token()}`, origin: `http://localhost:${home.restPort}` };
    expect((await fetch(`http://localhost:${home.restPort}/v1/reverse-proxy`, { headers })).status).toBe(200);
  });
});

describe('the description', () => {
  test.each(['/v1/openapi.json', '/api/v1/openapi.json'])(
    'is served at %s without a token, as it is committed',
    async (path) => {
      const answer = await fetch(base + path);
      expect(answer.status).toBe(200);
      expect(answer.headers.get('content-type')).toMatch(/^application\/json/);
      expect(await answer.json()).toEqual(JSON.parse(await readFile(join(ROOT, 'docs', 'openapi.json'), 'utf8')));
    },
  );
});

describe('verbs and paths', () => {
  const notAllowed = [
    ['PATCH', '/v1/reverse-proxy', 'GET, PUT, HEAD, OPTIONS'],
    ['POST', '/v1/reverse-proxy/enable', 'PUT, OPTIONS'],
    ['GET', '/api/v1/reverse-proxy/restart', 'PUT, OPTIONS'],
    ['PUT', HOSTS, 'GET, POST, HEAD, OPTIONS'],
    ['POST', `${HOSTS}/web`, 'GET, PUT, DELETE, HEAD, OPTIONS'],
    ['DELETE', '/v1/vms', 'GET, HEAD, OPTIONS'],
    ['GET', `${HOSTS}/web/tcp_route`, 'POST, DELETE, OPTIONS'],
    ['DELETE', '/v1/openapi.json', 'GET, HEAD, OPTIONS'],
  ] as const;
  test.each(notAllowed)('%s %s is 405, with Allow: %s', async (verb, path, allow) => {
    const { status, headers, body } = await home.rest(verb, path);
    expect({ status, code: body.error }).toEqual({ status: 405, code: 'method_not_allowed' });
    expect(headers.get('allow')?.split(', ').sort()).toEqual(allow.split(', ').sort());
  });

  test.each([
    '/',
    '/v1',
    '/v1/nope',
    `${HOSTS}/`,
    `${HOSTS}/web/nope`,
    '/v2/reverse-proxy',
    '/API/v1/vms',
    '/api/api/v1/vms',
  ])('%s is 404, and says where the description is', async (path) => {
    const { status, body } = await home.rest('GET', path);
    expect({ status, body }).toMatchObject({
      status: 404,
      body: { code: 404, error: 'not_found', message: expect.stringContaining('/v1/openapi.json') },
    });
  });

  test('HEAD is GET without the body', async () => {
    const get = await home.rest('GET', HOSTS);
    const head = await home.rest('HEAD', HOSTS);
    expect({ status: head.status, text: head.text }).toEqual({ status: 200, text: '' });
    expect(head.headers.get('content-type')).toBe(get.headers.get('content-type'));
    expect((await home.rest('HEAD', `${HOSTS}/nope`)).status).toBe(404);
  });

  test('OPTIONS tells the verbs', async () => {
    const { status, headers } = await home.rest('OPTIONS', HOSTS);
    expect(status).toBe(204);
    expect(headers.get('allow')).toMatch(/GET.*POST/);
  });

  test('a query is ignored', async () => {
    expect((await home.rest('GET', `${HOSTS}?limit=1`)).body).toEqual([]);
  });
});

describe('references in paths', () => {
  test('a route is named by its percent-encoded path, its pattern or its id', async () => {
    await addWeb('/app', '/docs/a b'.replace(' ', '%20'), '/');
    const pattern = '^/v[0-9]+/.*\\.js$';
    await home.rpc('route.http.add', { host_id: 'web', pattern, ...target });
    for (const ref of ['/app', '/docs/a%20b', pattern, '/']) {
      const { status, text } = await home.rest('DELETE', `${HOSTS}/web/http_routes/${encodeURIComponent(ref)}`);
      expect({ ref, status, text }).toEqual({ ref, status: 202, text: '' });
    }
    expect(await paths()).toEqual([]);
  });

  test('a host is named by its id, its name in any case, or host:port', async () => {
    await addWeb();
    const { id } = await home.rpc('host.show', { host_id: 'web' });
    for (const ref of [id, id.toUpperCase(), 'WEB', `127.0.0.1:${port}`, `127.0.0.1%3A${port}`])
      expect((await home.rest('GET', `${HOSTS}/${ref}`)).body).toMatchObject({ id });
  });

  test('a VM is named by its id, with or without braces, or its name', async () => {
    const { body } = await home.rest('GET', '/v1/vms');
    const { id } = body[0];
    for (const ref of [id, `%7B${id.toUpperCase()}%7D`, 'ubuntu'])
      expect((await home.rest('GET', `/v1/vms/${ref}`)).body).toMatchObject({ id, name: 'Ubuntu' });
  });

  test('the route "order" in the path is not the operation of that name', async () => {
    await addWeb('/order');
    expect((await home.rest('DELETE', `${HOSTS}/web/http_routes/%2Forder`)).status).toBe(202);
    expect(await paths()).toEqual([]);
  });
});

describe('bodies', () => {
  test('the order endpoint takes {id, order}, with the id or the path', async () => {
    await addWeb('/a', '/b', '/c');
    const moved = await home.rest('PUT', `${HOSTS}/web/http_routes/order`, { id: '/c', order: 1 });
    expect(moved.status).toBe(200);
    expect(await paths()).toEqual(['/c', '/a', '/b']);
    const [, { id }] = moved.body.http_routes;
    await home.rest('PUT', `${HOSTS}/web/http_routes/order`, { id, order: 99 });
    expect(await paths()).toEqual(['/c', '/b', '/a']);
  });

  test('the order endpoint names its field id when it is called otherwise', async () => {
    await addWeb('/a');
    const { status, body } = await home.rest('PUT', `${HOSTS}/web/http_routes/order`, { route_id: '/a', order: 1 });
    expect({ status, message: body.message }).toEqual({ status: 400, message: 'route_id: is called id here' });
  });

  test('POST gives 201 and the host; the same path again replaces the route and keeps its id', async () => {
    await addWeb('/app', '/');
    const url = `${HOSTS}/web/http_routes`;
    const first = await home.rest('POST', url, { path: '/app', target_host: 'a.test', target_port: 1 });
    const second = await home.rest('POST', `${HOSTS}/web/http_route`, {
      path: '/app/',
      target_host: 'b.test',
      target_port: '2',
    });
    expect([first.status, second.status]).toEqual([201, 201]);
    const [before] = first.body.http_routes;
    expect(second.body.http_routes[0]).toEqual({ ...before, target_host: 'b.test', target_port: '2' });
  });

  test('"", null and {"enabled": false} count as absent, and host and port may be left out', async () => {
    await home.rpc('config.set', { host: '127.0.0.1', port: otherPort });
    const draft = {
      name: '',
      host: null,
      cors: { enabled: false },
      tls: { enabled: false, cert: '', key: '' },
      tcp_route: null,
    };
    const { status, body } = await home.rest('POST', HOSTS, draft);
    expect(status).toBe(201);
    expect(body).toMatchObject({ name: `127.0.0.1:${otherPort}`, host: '127.0.0.1', port: String(otherPort) });
    expect(Object.keys(body).sort()).toEqual(['host', 'http_routes', 'id', 'name', 'port', 'state']);
  });

  test('enable, disable and restart need no body and answer 202 with the settings', async () => {
    for (const [operation, enabled] of [
      ['disable', false],
      ['disable', false],
      ['enable', true],
      ['enable', true],
      ['restart', true],
    ] as const) {
      const { status, body } = await home.rest('PUT', `/v1/reverse-proxy/${operation}`);
      expect({ operation, status, enabled: body.enabled }).toEqual({ operation, status: 202, enabled });
    }
  });

  test('a delete answers 202 without a body', async () => {
    await addWeb('/app');
    for (const path of [`${HOSTS}/web/http_routes/%2Fapp`, `${HOSTS}/web`]) {
      const { status, text, headers } = await home.rest('DELETE', path);
      expect({ path, status, text, type: headers.get('content-type') }).toEqual({
        path,
        status: 202,
        text: '',
        type: null,
      });
    }
  });
});

describe('GET → edit → PUT', () => {
  const everything = {
    name: 'web',
    host: '127.0.0.1',
    port: String(port),
    cors: {
      enabled: true,
      allowed_origins: ['https://app.test', 'https://*.app.test'],
      allowed_methods: ['GET'],
      allowed_headers: ['X-A'],
      exposed_headers: ['X-B'],
      allow_credentials: true,
      max_age: 60,
    },
    http_routes: [
      {
        path: '/app',
        target_vm_id: 'Ubuntu',
        target_port: '8080',
        schema: 'https',
        request_headers: { 'X-Team': 'blue', 'X-Empty': '' },
        response_headers: { 'X-Out': 'yes' },
        strip_prefix: true,
        preserve_host: false,
        hold: 3,
        response_timeout: 0,
        tls_server_name: 'app.test',
        insecure: true,
      },
      { pattern: '\\.js$', target_host: '::1', target_port: '1' },
    ],
  };

  test('a host with everything set comes back unchanged, and one edit changes one thing', async () => {
    const added = await home.rest('POST', HOSTS, everything);
    expect(added.status).toBe(201);
    const got = await home.rest('GET', `${HOSTS}/web`);
    expect(got.body).toEqual(added.body);
    expect(got.body).toMatchObject({
      cors: everything.cors,
      http_routes: [{ target_vm_details: { name: 'Ubuntu' } }, {}],
    });

    const saved = await home.saved();
    const same = await home.rest('PUT', `${HOSTS}/web`, got.body);
    expect({ status: same.status, body: same.body }).toEqual({ status: 200, body: got.body });
    expect(await home.saved()).toBe(saved);

    const [first, second] = got.body.http_routes;
    // The place is what `order` says, where every route says one.
    const swapped = [
      { ...first, order: 2, hold: 5 },
      { ...second, order: 1 },
    ];
    const edited = { ...got.body, name: 'edited', http_routes: swapped };
    const put = await home.rest('PUT', `${HOSTS}/web`, edited);
    expect(put.status).toBe(200);
    expect(put.body).toEqual({
      ...got.body,
      name: 'edited',
      http_routes: [
        { ...second, order: 1 },
        { ...first, order: 2, hold: 5 },
      ],
    });
  });

  test('a TCP host comes back unchanged too; null removes its route', async () => {
    const draft = {
      name: 'ssh',
      host: '127.0.0.1',
      port,
      tcp_route: { target_vm_id: 'Ubuntu', target_port: 22, hold: 0 },
    };
    const { body } = await home.rest('POST', HOSTS, draft);
    expect(body.tcp_route).toMatchObject({ target_vm_name: 'Ubuntu', target_port: '22', hold: 0 });
    const again = (await home.rest('PUT', `${HOSTS}/ssh`, body)).body;
    // A running VM's uptime goes on.
    const { uptime: _uptime, ...details } = body.tcp_route.target_vm_details;
    expect(again).toMatchObject({ ...body, tcp_route: { ...body.tcp_route, target_vm_details: details } });
    const { tcp_route: _, ...rest } = body;
    expect((await home.rest('PUT', `${HOSTS}/ssh`, { tcp_route: null })).body).toEqual(rest);
  });

  test('the settings come back unchanged', async () => {
    const { body } = await home.rest('GET', '/v1/reverse-proxy');
    const put = await home.rest('PUT', '/v1/reverse-proxy', body);
    expect({ status: put.status, body: put.body }).toEqual({ status: 200, body });
  });

  test('a host with a certificate comes back unchanged, and keeps the key that nobody is shown', async () => {
    const { cert, key } = plantKey(home.path);
    const { status, body } = await home.rest('POST', HOSTS, { ...everything, tls: { enabled: true, cert, key } });
    expect({ status, tls: body.tls }).toEqual({ status: 201, tls: { enabled: true, cert } });
    const saved = await home.saved();
    expect((await home.rest('PUT', `${HOSTS}/web`, body)).body).toEqual(body);
    expect(await home.saved()).toBe(saved);
    expect(JSON.parse(saved).hosts[0].tls).toEqual({ enabled: true, cert, key });
  });

  test('an absent key of tls keeps the stored one, and no answer ever has it', async () => {
    const tls = { enabled: false, cert: '/c.pem', key: '/planted.key' };
    const { body } = await home.rest('POST', HOSTS, { name: 'web', host: '127.0.0.1', port, tls });
    expect(body.tls).toEqual({ enabled: false, cert: '/c.pem' });
    expect((await home.rest('PUT', `${HOSTS}/web`, body)).body).toEqual(body);
    expect(JSON.parse(await home.saved()).hosts[0].tls).toEqual(tls);
  });
});
