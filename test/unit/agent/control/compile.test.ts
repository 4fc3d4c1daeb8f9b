import { expect, test } from 'vitest';
import { groupBindings } from '../../../../agent/control/bindings.ts';
import { Compiler } from '../../../../agent/control/compile.ts';
import { TrafficCounters } from '../../../../agent/proxy/traffic.ts';
import { DEFAULT_PROXY, type ProxyConfig } from '../../../../src/model/config.ts';
import type { Host } from '../../../../src/model/host.ts';
import { type HostFields, host } from '../../../support/data-plane.ts';

const PROXY = { ...DEFAULT_PROXY, enabled: true };
const tcp = { target_host: '127.0.0.1', target_port: '1' };

function keys(hosts: readonly HostFields[], proxy = PROXY): string[] {
  return groupBindings(hosts.map(host), proxy).map(({ key, bindings }) => `${key} ${bindings.length}`);
}

function compile(hosts: readonly Host[], compiler = new Compiler((id) => new TrafficCounters().of(id))) {
  const config: ProxyConfig = { installation: 'x', proxy: PROXY, hosts: [...hosts] };
  return compiler.compile(config);
}

test('binds an address as given, localhost on both families, a name on the default host', () => {
  expect(keys([{ host: '10.0.0.1', port: 80 }])).toEqual(['10.0.0.1:80 1']);
  expect(keys([{ host: 'localhost', port: 80 }])).toEqual(['127.0.0.1:80 1', '[::1]:80 1']);
  expect(keys([{ host: 'a.test', port: 80 }])).toEqual(['0.0.0.0:80 1']);
  expect(keys([{ host: 'a.test', port: 80 }], { ...PROXY, host: 'localhost' })).toEqual([
    '127.0.0.1:80 1',
    '[::1]:80 1',
  ]);
});

test('serves a specific address beside the wildcard by the wildcard’s listener, per family', () => {
  expect(
    keys([
      { host: '127.0.0.1', port: 80 },
      { host: 'a.test', port: 80 },
      { host: '::1', port: 80 },
    ]),
  ).toEqual(['0.0.0.0:80 2', '[::]:80 1'].slice(0, 1).concat('[::1]:80 1'));
  expect(
    keys([
      { host: '::', port: 80 },
      { host: '::1', port: 80 },
    ]),
  ).toEqual(['[::]:80 2']);
});

test.each<[string, HostFields[], RegExp]>([
  [
    'the same address',
    [{ port: 80 }, { host: 'localhost', port: 80 }],
    /127\.0\.0\.1:80 is used by host 127\.0\.0\.1:80.*remove/,
  ],
  ['TCP beside HTTP', [{ port: 80 }, { host: 'a.test', port: 80, tcp }], /cannot share port 80.*TCP/],
  [
    'TCP beside TCP on the wildcard',
    [
      { host: '0.0.0.0', port: 80, tcp },
      { port: 80, tcp },
    ],
    /cannot share port 80/,
  ],
  ['HTTP inside the wildcard of TCP', [{ host: '0.0.0.0', port: 80, tcp }, { port: 80 }], /cannot share port 80/],
  [
    'the same name',
    [
      { host: 'a.test', port: 80 },
      { host: 'a.test', port: 80 },
    ],
    /a\.test:80 is used/,
  ],
])('refuses %s, naming the other host', (_, hosts, message) => {
  expect(() => groupBindings(hosts.map(host), PROXY)).toThrow(message);
});

test('recompiles only the host that was touched', () => {
  const compiler = new Compiler((id) => new TrafficCounters().of(id));
  const [a, b] = [host({ host: 'a.test', port: 80 }), host({ host: 'b.test', port: 80 })];
  const find = (plan: ReturnType<typeof compile>, name: string) => {
    const listener = plan.listeners.get('0.0.0.0:80')!;
    return listener.kind === 'http' ? listener.table.names.get(name)?.host : undefined;
  };
  const before = compile([a, b], compiler);
  const after = compile([{ ...a, name: 'new' }, b], compiler);
  expect(find(after, 'b.test')).toBe(find(before, 'b.test'));
  expect(find(after, 'a.test')).not.toBe(find(before, 'a.test'));
});

test('warns of a route that can never match', () => {
  const one = host({
    port: 80,
    routes: [{ path: '/app' }, { path: '/app/x' }, { path: '/apple' }, { path: '/' }, { pattern: '^/x' }],
  });
  const warnings = compile([one]).warnings.get(one.id)!;
  expect(warnings).toHaveLength(2);
  expect(warnings[0]).toMatch(/\/app\/x can never match: route \/app comes before it/);
  expect(warnings[1]).toMatch(/~ \^\/x can never match: route \/ comes/);
});

test('has no listeners while the proxy is disabled, but finds conflicts', () => {
  const compiler = new Compiler((id) => new TrafficCounters().of(id));
  const disabled = { installation: 'x', proxy: DEFAULT_PROXY, hosts: [host({ port: 80 })] };
  expect(compiler.compile(disabled).listeners.size).toBe(0);
  expect(() => compiler.compile({ ...disabled, hosts: [...disabled.hosts, host({ port: 80 })] })).toThrow(
    /is used by host/,
  );
});

test('refuses a host where our own REST server listens', () => {
  for (const address of ['127.0.0.1', '0.0.0.0', 'localhost']) {
    const one = host({ host: address, port: Number(PROXY.rest_port) });
    expect(() => compile([one])).toThrow(/REST server listens there.*--rest-port/);
  }
  expect(() => compile([host({ host: '10.0.0.1', port: Number(PROXY.rest_port) })])).not.toThrow();
});

test('keeps the other hosts when one has no usable certificate, and says which field', () => {
  const secret = 'not-a-key-but-secret';
  const broken = {
    ...host({ host: 'a.test', port: 443 }),
    tls: { enabled: true, cert: '/no/such/file.pem', key: secret },
  };
  const good = host({ host: 'b.test', port: 80 });
  const plan = compile([broken, good]);
  expect([...plan.listeners.keys()]).toEqual(['0.0.0.0:80']);
  expect(plan.broken.get(broken.id)!.message).toMatch(
    /^tls\.cert: the file \/no\/such\/file\.pem cannot be read \(ENOENT\)$/,
  );
  const badKey = { ...broken, tls: { ...broken.tls, cert: 'x\ny' } };
  expect(compile([badKey]).broken.get(badKey.id)!.message).toMatch(/neither PEM text nor/);
});
