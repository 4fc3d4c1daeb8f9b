import { expect, test } from 'vitest';
import { statusFrom } from '../../../../agent/control/status.ts';
import { TrafficCounters } from '../../../../agent/proxy/traffic.ts';
import type { Host } from '../../../../src/model/host.ts';
import { Status } from '../../../../src/model/status.ts';
import { emptyConfig, FakeRuntime, FakeVms, UBUNTU, vm } from './fakes.ts';

const common = { schema: 'https' as const, request_headers: {}, response_headers: {} };
const WEB: Host = {
  id: 'h',
  name: 'web',
  host: 'web.local',
  port: '80',
  http_routes: [
    {
      id: 'a',
      order: 1,
      path: '/app',
      target_vm_id: UBUNTU,
      target_vm_name: 'Old',
      target_port: '8080',
      insecure: true,
      ...common,
    },
    { id: 'b', order: 2, pattern: '^/x', target_host: '::1', target_port: '9', ...common },
  ],
};
const DB: Host = {
  id: 'd',
  name: 'db',
  host: '0.0.0.0',
  port: '22',
  http_routes: [],
  tcp_route: { id: 't', target_vm_id: 'gone', target_port: '22' },
};

test('tells of agent, store, VMs, every host with its counters, and every route with its state', () => {
  const runtime = new FakeRuntime();
  runtime.states.set('h', { state: 'listening', error: undefined, warnings: [] });
  const traffic = new TrafficCounters();
  Object.assign(traffic.of('h'), { connections: 1, requests: 2, bytesIn: 3, bytesOut: 4 });
  const status = statusFrom({
    agent: {
      pid: 1,
      version: '0.1.0',
      started_at: '2026-01-31T12:00:00.000Z',
      rest: { address: 'http://127.0.0.1:5081', state: 'listening' },
    },
    store: { state: 'ok', path: '/x' },
    config: { ...emptyConfig(), hosts: [WEB, DB] },
    plan: { warnings: new Map() },
    runtime,
    vms: new FakeVms([vm(UBUNTU, 'Ubuntu')]),
    traffic,
    targets: {
      resolve: (target) => {
        if (target.kind === 'address') return [{ ip: '::1', port: 9 }];
        if (target.vm === `parallels:${UBUNTU}`)
          return { state: 'coming', reason: 'VM Ubuntu is starting', retryAfterS: 1 };
        return { state: 'down', reason: 'VM gone does not exist', retryAfterS: 5 };
      },
    },
  });
  expect(Status.parse(status)).toEqual(status);
  expect(status.hosts).toEqual([
    {
      ...{ id: 'h', name: 'web', host: 'web.local', port: '80', state: 'listening' },
      ...{ connections: 1, requests: 2, bytes_in: 3, bytes_out: 4 },
      routes: [
        {
          id: 'a',
          match: '/app',
          target: 'VM Ubuntu port 8080',
          state: 'coming',
          reason: 'VM Ubuntu is starting',
          insecure: true,
        },
        { id: 'b', match: '^/x', target: '[::1]:9', state: 'ready' },
      ],
    },
    {
      ...{ id: 'd', name: 'db', host: '0.0.0.0', port: '22', state: 'off' },
      warnings: ['no VM with id gone is known; see `prproxy vm list`'],
      ...{ connections: 0, requests: 0, bytes_in: 0, bytes_out: 0 },
      routes: [{ id: 't', target: 'VM gone port 22', state: 'down', reason: 'VM gone does not exist' }],
    },
  ]);
});
