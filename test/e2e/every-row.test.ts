// Every operation of the table, by CLI, by REST on each of its paths, and by JSON-RPC: the same state before gives the
// same JSON and the same effect. `cases` has an entry per row, or this file does not compile.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type MethodName, methods, type Params } from '../../src/contract.ts';
import { DEFAULT_PROXY } from '../../src/model/config.ts';
import { restRoutes } from '../../src/rest.ts';
import { AgentHome } from '../support/agent-home.ts';
import { freePort } from '../support/data-plane.ts';
import { stable } from '../support/stable.ts';

interface Case<M extends MethodName> {
  /** Hosts that are there before. */
  readonly before?: readonly Params<'host.add'>[];
  /** The proxy is disabled before. */
  readonly disabled?: true;
  /** What follows the command's words. */
  readonly cli: readonly string[];
  readonly params: Params<M>;
  /** A part of the answer that shows the operation did what it says. */
  readonly gives: unknown;
  /** Whether the saved file is another one afterwards. */
  readonly changes: boolean;
}

const PREFIXES = ['', '/api'];
const VM = '00000000-1111-2222-3333-444444444444';

let home: AgentHome;
const port = String(await freePort());
const otherPort = String(await freePort());

const local = (path: string) => ({ path, target_host: '127.0.0.1', target_port: '8080' });
const bare = { host: '127.0.0.1', port, name: 'web' };
const web = { ...bare, http_routes: [local('/app'), local('/docs')] };
const ssh = { ...bare, name: 'ssh', tcp_route: { target_vm_id: 'Ubuntu', target_port: '22' } };
const routed = (...paths: string[]) => paths.map((path, index) => expect.objectContaining({ path, order: index + 1 }));

/** Each other than its default. */
const TIMEOUTS = {
  client_head: 1,
  keep_alive: 2,
  connect: 3,
  response_head: 4,
  body_idle: 0.5,
  tunnel_idle: 6,
  drain: 0,
};

const cases = {
  'config.show': {
    cli: [],
    params: {},
    gives: {
      enabled: true,
      port: '5080',
      rest_host: '127.0.0.1',
      timeouts: {
        client_head: 15,
        keep_alive: 75,
        connect: 5,
        response_head: 600,
        body_idle: 300,
        tunnel_idle: 0,
        drain: 5,
      },
      limits: { connections: 10_000 },
    },
    changes: false,
  },
  'config.set': {
    cli: [
      ...['--port', '5090', '--vm-networks', '127.0.0.0/8,::1', '--no-via', '--limit', 'connections=7'],
      ...Object.entries(TIMEOUTS).flatMap(([name, seconds]) => ['--timeout', `${name}=${seconds}`]),
    ],
    params: {
      port: 5090,
      vm_networks: ['127.0.0.0/8', '::1'],
      via: false,
      timeouts: TIMEOUTS,
      limits: { connections: 7 },
    },
    gives: {
      port: '5090',
      vm_networks: ['127.0.0.0/8', '::1'],
      via: false,
      timeouts: TIMEOUTS,
      limits: { connections: 7 },
    },
    changes: true,
  },
  enable: { disabled: true, before: [web], cli: [], params: {}, gives: { enabled: true }, changes: true },
  disable: { before: [web], cli: [], params: {}, gives: { enabled: false }, changes: true },
  restart: { before: [web], cli: [], params: {}, gives: { enabled: true }, changes: false },
  status: {
    before: [web],
    cli: [],
    params: {},
    gives: {
      store: { state: 'ok' },
      hosts: [expect.objectContaining({ name: 'web', state: 'listening', requests: 0 })],
    },
    changes: false,
  },
  'host.list': {
    before: [web],
    cli: [],
    params: {},
    gives: [expect.objectContaining({ name: 'web', state: 'listening' })],
    changes: false,
  },
  'host.add': {
    cli: [`127.0.0.1:${port}`, '--name', 'web', '--cors-origin', 'https://app.test', '--cors-max-age', '60'],
    params: { ...bare, cors: { enabled: true, allowed_origins: ['https://app.test'], max_age: 60 } },
    gives: { name: 'web', port, state: 'listening', cors: { allowed_origins: ['https://app.test'] }, http_routes: [] },
    changes: true,
  },
  'host.show': { before: [web], cli: ['WEB'], params: { host_id: 'WEB' }, gives: { name: 'web' }, changes: false },
  'host.update': {
    before: [{ ...web, cors: { enabled: true } }],
    cli: [`127.0.0.1:${port}`, '--listen', `127.0.0.1:${otherPort}`, '--no-cors'],
    params: { host_id: `127.0.0.1:${port}`, host: '127.0.0.1', port: otherPort, cors: null },
    gives: { name: 'web', port: otherPort, state: 'listening', http_routes: routed('/app', '/docs') },
    changes: true,
  },
  'host.remove': { before: [web], cli: ['web'], params: { host_id: 'web' }, gives: null, changes: true },
  'route.http.list': {
    before: [web],
    cli: ['web'],
    params: { host_id: 'web' },
    gives: routed('/app', '/docs'),
    changes: false,
  },
  'route.http.add': {
    before: [web],
    cli: [
      'web',
      '--path',
      '/app/v2/',
      '--vm',
      'ubuntu',
      '--port',
      '80',
      '--request-header',
      'X-Team: blue',
      '--strip-prefix',
    ],
    params: {
      host_id: 'web',
      path: '/app/v2/',
      target_vm_id: 'ubuntu',
      target_port: 80,
      request_headers: { 'X-Team': 'blue' },
      strip_prefix: true,
    },
    gives: {
      http_routes: [
        expect.objectContaining({
          path: '/app/v2',
          order: 1,
          target_vm_id: VM,
          target_vm_name: 'Ubuntu',
          schema: 'http',
        }),
        expect.objectContaining({ path: '/app' }),
        expect.objectContaining({ path: '/docs' }),
      ],
    },
    changes: true,
  },
  'route.http.remove': {
    before: [web],
    cli: ['web', '/app'],
    params: { host_id: 'web', route_id: '/app' },
    gives: null,
    changes: true,
  },
  'route.http.move': {
    before: [web],
    cli: ['web', '/docs', '1'],
    params: { host_id: 'web', route_id: '/docs', order: 1 },
    gives: { http_routes: routed('/docs', '/app') },
    changes: true,
  },
  'route.tcp.set': {
    before: [bare],
    cli: ['web', '--vm', `{${VM.toUpperCase()}}`, '--port', '22', '--hold', '3', '--cut'],
    params: { host_id: 'web', target_vm_id: `{${VM.toUpperCase()}}`, target_port: '22', hold: 3, cut: true },
    gives: { tcp_route: { target_vm_id: VM, target_vm_details: { name: 'Ubuntu', state: 'running' }, hold: 3 } },
    changes: true,
  },
  'route.tcp.remove': { before: [ssh], cli: ['ssh'], params: { host_id: 'ssh' }, gives: null, changes: true },
  'vm.list': {
    before: [ssh],
    cli: [],
    params: {},
    gives: [expect.objectContaining({ id: VM, name: 'Ubuntu', address: '127.0.0.2', routes: ['ssh (tcp)'] })],
    changes: false,
  },
  'vm.show': {
    before: [ssh],
    cli: ['ubuntu'],
    params: { vm_id: 'ubuntu' },
    gives: { id: VM, name: 'Ubuntu', state: 'running', addresses: ['127.0.0.2'] },
    changes: false,
  },
} satisfies { readonly [M in MethodName]: Case<M> };

beforeAll(async () => {
  home = await AgentHome.running();
  home.prlctl.addVm({ id: VM, name: 'Ubuntu', addresses: ['127.0.0.2'] });
});
afterAll(() => home.dispose());

describe.each(Object.entries(cases) as [MethodName, Case<MethodName>][])('%s', (name, row) => {
  beforeEach(() => prepare(row));

  test('gives the same by CLI, REST and JSON-RPC, and leaves the same behind', async () => {
    const saved = stable(JSON.parse(await home.saved()));
    const result = await home.rpc(name, row.params);
    const wanted = { result: stable(result), effect: await effect() };
    expectPart(result, row.gives);
    if (row.changes) expect(wanted.effect.saved).not.toEqual(saved);
    else expect(wanted.effect.saved).toEqual(saved);

    for (const way of [byCli, ...restWays(name)]) {
      await prepare(row);
      const given = await way(name, row);
      expect({ way: way.name, result: stable(given), effect: await effect() }).toEqual({ way: way.name, ...wanted });
    }
  });
});

type Way = (name: MethodName, row: Case<MethodName>) => Promise<unknown>;

async function byCli(name: MethodName, row: Case<MethodName>): Promise<unknown> {
  const { code, stdout, stderr } = await home.cli(...name.split('.'), ...row.cli, '--json');
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return JSON.parse(stdout);
}

/** One per path of the row. */
function restWays(name: MethodName): Way[] {
  const routes = restRoutes().filter((route) => route.method === name);
  return PREFIXES.flatMap((prefix) => routes.map((route) => byRest(prefix, route)));
}

function byRest(prefix: string, { verb, path, pathParams }: ReturnType<typeof restRoutes>[number]): Way {
  const way: Way = async (name, { params }) => {
    const { rename = {}, status } = methods[name] as { rename?: Record<string, string>; status: number };
    const fields = Object.entries(params).filter(([field]) => !pathParams.includes(field));
    const called = new Map(Object.entries(rename).map(([inBody, inParams]) => [inParams, inBody]));
    const body = Object.fromEntries(fields.map(([field, value]) => [called.get(field) ?? field, value]));
    const values = params as Readonly<Record<string, string>>;
    const target = path.replaceAll(/\{(\w+)\}/g, (_, field: string) => encodeURIComponent(values[field] ?? ''));
    const answer = await home.rest(verb, prefix + target, verb === 'GET' ? undefined : body);
    expect({ status: answer.status, text: answer.status >= 400 ? answer.text : '' }).toEqual({ status, text: '' });
    return answer.body ?? null;
  };
  return Object.defineProperty(way, 'name', { value: `${verb} ${prefix}${path}` });
}

/** The same state each time: the settings of the start, and these hosts. */
async function prepare({ before = [], disabled }: Pick<Case<MethodName>, 'before' | 'disabled'>): Promise<void> {
  for (const { id } of await home.rpc('host.list', {})) await home.rpc('host.remove', { host_id: id });
  const { enabled: _, rest_port: __, ...settings } = DEFAULT_PROXY;
  await home.rpc('config.set', { ...settings, vm_networks: ['127.0.0.0/8'] });
  await home.rpc(disabled ? 'disable' : 'enable', {});
  for (const host of before) await home.rpc('host.add', host);
}

async function effect() {
  return {
    hosts: stable(await home.rpc('host.list', {})),
    proxy: await home.rpc('config.show', {}),
    saved: stable(JSON.parse(await home.saved())),
  };
}

function expectPart(result: unknown, part: unknown): void {
  if (typeof part === 'object' && part !== null && !Array.isArray(part)) expect(result).toMatchObject(part);
  else expect(result).toEqual(part);
}

test('an error is the same by CLI, REST and JSON-RPC', async () => {
  await prepare({ before: [web] });
  const path = '/v1/reverse-proxy/hosts/nope/http_routes/%2Fapp';
  const rest = await home.rest('DELETE', path);
  const { code, stdout, stderr } = await home.cli('route', 'http', 'remove', 'nope', '/app', '--json');
  const rpc = await home
    .rpc('route.http.remove', { host_id: 'nope', route_id: '/app' })
    .catch((error: unknown) => error);
  expect(rest.status).toBe(404);
  expect(rest.body).toEqual({ code: 404, error: 'not_found', message: 'no host nope; see `prproxy host list`' });
  expect({ code, stdout, error: JSON.parse(stderr) }).toEqual({ code: 3, stdout: '', error: rest.body });
  expect(rpc).toMatchObject({ code: 'not_found', message: rest.body.message });
});
