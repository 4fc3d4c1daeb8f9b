import { describe, expect, test } from 'vitest';
import { hostView, type ViewParts, vmView } from '../../../../agent/control/view.ts';
import type { Host, HttpRoute } from '../../../../src/model/host.ts';
import { HostDraft, HostView } from '../../../../src/model/host.ts';
import { Vm } from '../../../../src/model/status.ts';
import { emptyConfig, FakeRuntime, FakeVms, OTHER, UBUNTU, vm } from './fakes.ts';

const KEY = '-----BEGIN EC PRIVATE KEY-----\nSECRET\n-----END EC PRIVATE KEY-----\n';
const CERT = '-----BEGIN CERTIFICATE-----\nMII\n-----END CERTIFICATE-----\n';

function route(more: Partial<HttpRoute> = {}): HttpRoute {
  const target = { target_vm_id: UBUNTU, target_vm_name: 'Old name', target_port: '8080' };
  return {
    id: 'r',
    order: 1,
    path: '/app',
    schema: 'http',
    request_headers: {},
    response_headers: {},
    ...target,
    ...more,
  };
}

function host(more: Partial<Host> = {}): Host {
  return { id: 'h', name: 'web', host: 'web.local', port: '80', http_routes: [route()], ...more };
}

function parts(more: Partial<ViewParts> = {}): ViewParts {
  const vms = new FakeVms([vm(UBUNTU, 'Ubuntu')]);
  return { config: emptyConfig(), plan: { warnings: new Map() }, runtime: new FakeRuntime(), vms, ...more };
}

describe('a host', () => {
  test('is shown with its state and live details of its VMs', () => {
    const view = hostView(host(), parts());
    expect(HostView.parse(view)).toEqual(view);
    expect(view).toMatchObject({ id: 'h', name: 'web', state: 'off' });
    expect(view).not.toHaveProperty('error');
    expect(view).not.toHaveProperty('warnings');
    expect(view.http_routes[0]).toMatchObject({
      target_vm_name: 'Ubuntu',
      target_vm_details: {
        name: 'Ubuntu',
        state: 'running',
        internal_ip_address: '10.211.55.5',
        guest_tools_version: '26.1.0',
        uptime: '17',
      },
    });
  });

  test.each([
    ['web.local', ''],
    ['192.168.1.2', '192.168.1.2'],
    ['localhost', '127.0.0.1'],
    ['::', ''],
  ])('on %s is reached at "%s"', (address, external) => {
    const view = hostView(host({ host: address }), parts());
    expect(view.http_routes[0]?.target_vm_details?.host_external_ip_address).toBe(external);
  });

  test('tells the warnings of the listener, of the compiler, and of VMs that nobody knows', () => {
    const runtime = new FakeRuntime();
    runtime.states.set('h', { state: 'failed', error: 'port taken', warnings: ['no IPv6'] });
    const plan = { warnings: new Map([['h', ['route /x can never match']]]) };
    const view = hostView(host({ http_routes: [route({ target_vm_id: OTHER })] }), parts({ runtime, plan }));
    expect(view).toMatchObject({ state: 'failed', error: 'port taken' });
    expect(view.warnings).toEqual([
      'no IPv6',
      'route /x can never match',
      `no VM with id ${OTHER} is known; see \`prproxy vm list\``,
    ]);
    expect(view.http_routes[0]).toMatchObject({ target_vm_name: 'Old name' });
  });

  test('never shows a private key', () => {
    const tls = { enabled: true, cert: `${KEY}${CERT}${KEY}`, key: KEY };
    const view = hostView(host({ tls, http_routes: [route({ ca: `${CERT}${KEY.slice(0, -20)}` })] }), parts());
    expect(JSON.stringify(view)).not.toContain('SECRET');
    expect(view.tls).toEqual({ enabled: true, cert: CERT });
    expect(view.http_routes[0]?.ca).toBe(CERT);
  });

  test('what is shown is taken back', () => {
    const shown = [
      host({ cors: { enabled: false, max_age: 1 } }),
      host({ http_routes: [], tcp_route: { id: 't', target_host: 'a', target_port: '1' } }),
    ];
    for (const view of shown.map((each) => hostView(each, parts())))
      expect(HostDraft.safeParse(view).error).toBeUndefined();
  });
});

test('a VM is shown with the routes that lead to it', () => {
  const tcp: Host = {
    id: 'd',
    name: 'db',
    host: '0.0.0.0',
    port: '5432',
    http_routes: [],
    tcp_route: { id: 't', target_vm_id: UBUNTU, target_port: '5432' },
  };
  const config = { ...emptyConfig(), hosts: [host(), tcp] };
  const view = vmView(vm(UBUNTU, 'Ubuntu'), config);
  expect(Vm.parse(view)).toEqual(view);
  expect(view.routes).toEqual(['web /app', 'db (tcp)']);
  expect(
    vmView(vm(OTHER, 'Off', { address: undefined, addressSource: undefined, addresses: [] }), config),
  ).not.toHaveProperty('address');
});
