import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { withoutAbsent } from '../../../../agent/api/absent.ts';
import { createDispatch } from '../../../../agent/api/dispatch.ts';
import { methods } from '../../../../src/contract.ts';
import { errorBody, type Problem, ProxyError } from '../../../../src/errors.ts';
import type { HostView } from '../../../../src/model/host.ts';
import { plantKey } from '../../../support/planted-key.ts';
import { OTHER, UBUNTU, vm } from '../control/fakes.ts';
import { type Bench, bench } from './support.ts';

let b: Bench;
beforeEach(async () => {
  b = await bench();
});
afterEach(() => b.close());

const call = <T = HostView>(name: string, params?: unknown) => b.dispatch(name, params) as Promise<T>;

async function problems(name: string, params: unknown): Promise<string[]> {
  const error = await b.dispatch(name, params).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toMatchObject({ code: 'invalid' });
  return (error as { details: { problems: Problem[] } }).details.problems.map(
    ({ path, message }) => `${path}: ${message}`,
  );
}

describe('what counts as absent', () => {
  const CASES: [object, boolean, object][] = [
    [{ name: '', host: null, port: 1 }, false, { port: 1 }],
    [{ name: '', host: null }, true, { host: null }],
    [{ cors: { enabled: false } }, false, {}],
    [{ cors: { enabled: false, allowed_origins: null } }, false, {}],
    [{ cors: { enabled: false, max_age: 1 } }, false, { cors: { enabled: false, max_age: 1 } }],
    [{ tls: { enabled: false, cert: '', key: '' } }, true, { tls: null }],
    [{ request_headers: { A: '' }, response_headers: null }, false, { request_headers: { A: '' } }],
    [
      { http_routes: [{ path: '/', hold: null, request_headers: { A: '' } }, null] },
      true,
      { http_routes: [{ path: '/', request_headers: { A: '' } }, null] },
    ],
  ];
  test.each(CASES)('%j (null removes: %s) is %j', (given, nullRemoves, expected) => {
    expect(withoutAbsent(given as Record<string, unknown>, nullRemoves)).toEqual(expected);
  });

  test('an input that is nested very deeply is left to be refused', async () => {
    const deep = JSON.parse(`${'{"a":'.repeat(50_000)}1${'}'.repeat(50_000)}`) as object;
    expect(await problems('host.add', deep)).toEqual([expect.stringMatching(/^a: is no field here/)]);
  });
});

describe('bad input', () => {
  test('is told all at once, each with its path', async () => {
    await call('host.add', { host: 'web.local', port: 80, name: 'web' });
    const route = {
      host_id: 'web',
      foo: 1,
      path: 'app',
      pattern: '^/',
      target_port: '0',
      target_host: 'a',
      target_vm_id: 'b',
      hold: 'x',
      schema: 'ftp',
    };
    expect((await problems('route.http.add', route)).sort()).toEqual(
      [
        expect.stringMatching(/^foo: is no field here; known are /),
        'path: must begin with /',
        'target_port: must be a port: 1 to 65535, without leading zeros',
        'hold: must be a number',
        'schema: must be http or https',
        'target_vm_id: give exactly one of target_vm_id and target_host',
      ].sort(),
    );
  });

  test.each([
    [
      { http_routes: [{ pth: '/', target_host: 'a', target_port: 1 }] },
      'http_routes[0].pth: is no field here; did you mean path?',
    ],
    [{ cors: { enable: true } }, 'cors.enabled: is missing'],
    [{ tcp_route: {} }, 'tcp_route.target_port: is missing'],
    [{ http_routes: 1 }, 'http_routes: must be a list'],
    [{ port: 65536 }, 'port: must be a port: 1 to 65535, without leading zeros'],
    [{ port: '080' }, 'port: must be a port: 1 to 65535, without leading zeros'],
    [{ port: 'abc' }, 'port: must be a port: 1 to 65535, without leading zeros'],
    [
      { tls: { enabled: true, cert: '-----BEGIN PRIVATE KEY-----' } },
      'tls.cert: must hold certificates only, no private key',
    ],
    [{ host: 'fe80::1%eth0' }, expect.stringMatching(/^host: must be an IP address, localhost/)],
    [{ name: ' x' }, 'name: must be one line without surrounding space'],
    [JSON.parse('{"__proto__":{"a":1}}'), expect.stringMatching(/^__proto__: is no field here/)],
    [
      { http_routes: [{ path: '/app/..%2fsecret', target_host: 'a', target_port: 1 }] },
      expect.stringMatching(/^http_routes\[0\]\.path: must have no \. or \.\. segment/),
    ],
    [
      { http_routes: [{ target_host: 'a', target_port: 1 }] },
      'http_routes[0].path: give exactly one of path and pattern',
    ],
    [
      { http_routes: [{ path: '/', pattern: '/', target_host: 'a', target_port: 1 }] },
      'http_routes[0].path: give exactly one of path and pattern',
    ],
    [
      { http_routes: [{ path: '/', target_port: 1 }] },
      'http_routes[0].target_vm_id: give exactly one of target_vm_id and target_host',
    ],
    [
      { http_routes: [{ path: '/', target_host: 'a', target_port: 1, request_headers: { Host: 'x' } }] },
      expect.stringMatching(/^http_routes\[0\]\.request_headers\.Host: is set by prproxy itself/),
    ],
  ])('host.add %j: %s', async (params, expected) => {
    expect(await problems('host.add', params)).toContainEqual(expected);
  });

  test('a field that is missing is named', async () => {
    expect(await problems('host.show', {})).toEqual(['host_id: is missing']);
    expect(await problems('host.show', { host_id: '' })).toEqual(['host_id: is missing']);
  });

  test.each([
    [{ rest_host: 'foo' }, 'rest_host: must be an IP address or localhost'],
    [{ rest_host: '10.0.0.1' }, 'rest_host: must be a loopback address: REST has no TLS yet'],
    [{ timeouts: { connect: -1 } }, 'timeouts.connect: must be more than 0 seconds'],
    [{ timeouts: { connect: 0 } }, 'timeouts.connect: must be more than 0 seconds'],
    [{ timeouts: { drain: -1 } }, 'timeouts.drain: must be at least 0'],
  ])('config.set %j: one mistake, one problem', async (params, expected) => {
    expect(await problems('config.set', params)).toEqual([expected]);
  });

  test.each([[1], ['x'], [[]], [true]])('params %j are refused', async (params) => {
    expect(await problems('host.list', params)).toEqual([': must be an object of fields']);
  });

  test('an input with many thousand mistakes gets a short answer', async () => {
    const params = Object.fromEntries(Array.from({ length: 100_000 }, (_, index) => [`field${index}`, 1]));
    expect(await problems('host.add', params)).toHaveLength(100);
  });

  test.each(['nope', '__proto__', 'constructor', 'toString', ''])('the operation "%s" is unknown', async (name) => {
    await expect(call(name)).rejects.toMatchObject({ code: 'unknown_method' });
  });
});

describe('what goes wrong inside', () => {
  test('is a bug with an id: logged with its stack, answered without', async () => {
    const broken = {
      ...b.handlers,
      status: () => {
        throw new TypeError('secret detail');
      },
    };
    const error = await createDispatch(broken, b.log)('status', {}).then(
      () => undefined,
      (thrown: ProxyError) => thrown,
    );
    expect(error).toMatchObject({ code: 'internal', message: expect.stringMatching(/bug [0-9a-f]{8}/) });
    expect(error?.message).not.toContain('secret detail');
    const line = b.log.lines.at(-1);
    expect(line).toMatchObject({ level: 'error', fields: { bug: error?.details?.bug, where: 'status' } });
    expect((line!.fields as { err: Error }).err.stack).toContain('secret detail');
  });

  test('garbage never gets anything but a ProxyError', async () => {
    const names = fc.oneof(fc.constantFrom(...Object.keys(methods)), fc.string());
    const known = fc.constantFrom(
      'host_id',
      'route_id',
      'name',
      'host',
      'port',
      'cors',
      'tls',
      'http_routes',
      'tcp_route',
      'order',
      'path',
      'target_port',
      '__proto__',
    );
    const value = fc.oneof(fc.jsonValue(), fc.dictionary(known, fc.jsonValue()));
    const params = fc.oneof(fc.jsonValue(), fc.dictionary(known, value));
    await fc.assert(
      fc.asyncProperty(names, params, async (name, given) => {
        await b.dispatch(name, given).catch((error: unknown) => {
          expect(error).toBeInstanceOf(ProxyError);
          expect((error as ProxyError).code).not.toBe('internal');
        });
      }),
      { numRuns: 1000 },
    );
  });
});

describe('the operations', () => {
  test('a host, its routes, and back to nothing', async () => {
    const added = await call('host.add', { host: 'web.local', port: 80, cors: { enabled: false }, name: '' });
    expect(added).toMatchObject({ name: 'web.local:80', port: '80', http_routes: [], state: 'off' });
    const routed = await call('route.http.add', {
      host_id: 'WEB.local:80',
      path: '/app/',
      target_vm_id: 'ubuntu',
      target_port: '8080',
    });
    expect(routed.http_routes[0]).toMatchObject({
      path: '/app',
      target_vm_id: UBUNTU,
      target_vm_name: 'Ubuntu',
      target_vm_details: { state: 'running' },
    });
    await call('route.http.add', { host_id: added.id, pattern: '^/v[12]', target_host: 'API.test', target_port: 1 });
    const moved = await call('route.http.move', { host_id: added.id, route_id: '^/v[12]', order: 1 });
    expect(moved.http_routes.map((route) => route.pattern ?? route.path)).toEqual(['^/v[12]', '/app']);
    expect(await call<unknown[]>('route.http.list', { host_id: added.id })).toEqual(moved.http_routes);
    expect(await call<unknown[]>('host.list')).toEqual([await call('host.show', { host_id: added.id })]);
    const vms = await call<{ routes: string[] }[]>('vm.list');
    expect(vms[0]?.routes).toEqual(['web.local:80 /app']);
    expect(await call('route.http.remove', { host_id: added.id, route_id: '/app' })).toBeNull();
    expect(await call('host.remove', { host_id: added.id })).toBeNull();
    expect(await call<unknown[]>('host.list')).toEqual([]);
  });

  test('what was shown can be sent back unchanged, and nothing changes', async () => {
    const { cert, key, lines } = plantKey(b.home);
    const { id } = await call('host.add', {
      ...{ host: 'web.local', port: 80, tls: { enabled: true, cert, key } },
      http_routes: [{ path: '/app', target_vm_id: 'Ubuntu', target_port: 80, response_headers: { 'X-Empty': '' } }],
    });
    const { config } = b.controller;
    const shown = await call('host.show', { host_id: id });
    expect(JSON.stringify(shown)).not.toContain(lines[0]);
    expect(shown.tls).toEqual({ enabled: true, cert });
    expect(await call('host.update', { ...shown, host_id: id })).toEqual(shown);
    expect(b.controller.config).toBe(config);
  });

  test('an address is stored in its shortest form, with its zone', async () => {
    const target = { target_port: 1, path: '/' };
    for (const [given, stored] of [
      ['FE80:0:0:0:0:0:0:1%Eth0', 'fe80::1%Eth0'],
      [
        '[2001:0DB8:1111:2222:3333:4444:5555:6666%some-long-zone]',
        '2001:db8:1111:2222:3333:4444:5555:6666%some-long-zone',
      ],
      ['::0.1.144.0', '::1:9000'],
      ['::FFFF:7F00:2', '::ffff:127.0.0.2'],
      ['API.test.', 'api.test'],
    ]) {
      const { id, http_routes } = await call('host.add', {
        port: 81,
        http_routes: [{ ...target, target_host: given }],
      });
      expect(http_routes[0]?.target_host).toBe(stored);
      await call('host.remove', { host_id: id });
    }
  });

  test('null removes in an update', async () => {
    const { id } = await call('host.add', { host: 'web.local', port: 80, name: 'web', cors: { enabled: true } });
    const bare = await call('host.update', { host_id: id, name: null, cors: { enabled: false } });
    expect(bare).toMatchObject({ name: 'web.local:80', port: '80' });
    expect(bare).not.toHaveProperty('cors');
  });

  test('a TCP route, set anew with its tunnels cut', async () => {
    const { id } = await call('host.add', {
      host: '127.0.0.1',
      port: 5432,
      tcp_route: { target_host: '::1', target_port: 5432 },
    });
    await call('route.tcp.set', { host_id: id, target_host: '::1', target_port: 5433 });
    expect(b.runtime.events).not.toContain(`cutHost ${id}`);
    await call('route.tcp.set', { host_id: id, target_host: '::1', target_port: 5433, cut: true });
    expect(b.runtime.events.at(-1)).toBe(`cutHost ${id}`);
    expect(await call('route.tcp.remove', { host_id: id })).toBeNull();
  });

  test('enable, disable, status, config', async () => {
    expect(await call('enable')).toMatchObject({ enabled: true });
    expect(await call('enable')).toMatchObject({ enabled: true });
    expect(await call('config.set', { port: 6000, timeouts: { drain: 1 } })).toMatchObject({
      port: '6000',
      timeouts: { drain: 1, connect: 5 },
    });
    expect(await call('restart')).toMatchObject({ enabled: true });
    expect(await call('disable')).toMatchObject({ enabled: false });
    await expect(call('restart')).rejects.toMatchObject({ code: 'conflict' });
    expect(await call('status')).toMatchObject({
      agent: { pid: 1 },
      store: { state: 'ok' },
      proxy: await call<object>('config.show'),
    });
    expect(await problems('config.set', { rest_host: '0.0.0.0' })).toEqual([
      'rest_host: must be a loopback address: REST has no TLS yet',
    ]);
  });

  test('a VM that was made a moment ago is found; without prlctl the reason is told', async () => {
    b.vms.next = [vm(OTHER, 'Other')];
    expect(await call('vm.show', { vm_id: 'other' })).toMatchObject({ id: OTHER });
    await expect(call('vm.show', { vm_id: 'nope' })).rejects.toMatchObject({ code: 'not_found' });
    b.vms.next = undefined;
    await expect(call('vm.show', { vm_id: 'nope' })).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringMatching(/prlctl was not found/),
    });
  });
});

test('no answer, error or log line ever holds a private key', async () => {
  const { cert, key, lines } = plantKey(b.home);
  const tls = { enabled: true, cert, key };
  const said: unknown[] = [];
  const say = async (name: string, params: object = {}) => {
    said.push(await b.dispatch(name, params).catch((error: unknown) => errorBody(error as ProxyError)));
  };
  await say('host.add', { name: 'web', host: 'web.local', port: 80, tls });
  expect(b.controller.config.hosts[0]?.tls?.key).toBe(key);
  const route = { path: '/', target_host: 'a', target_port: 1 };
  for (const wrong of [
    { tls: { ...tls, cert: key } },
    { tls: { ...tls, [key]: 1 }, port: 0 },
    { tls: { key: [key] } },
    { tls: key },
  ]) {
    await say('host.update', { host_id: 'web', ...wrong });
  }
  await say('route.http.add', { host_id: 'web', ...route, ca: key });
  await say('host.update', { host_id: 'web', tls: { enabled: true, cert: `${cert}\n` } });
  for (const name of ['host.list', 'config.show', 'status', 'enable', 'restart', 'disable', 'vm.list']) await say(name);
  for (const name of ['host.show', 'route.http.list', 'host.remove']) await say(name, { host_id: 'web' });
  expect(said).toHaveLength(17);
  const text = JSON.stringify([said, b.log.lines]);
  for (const line of lines) expect(text.includes(line)).toBe(false);
});
