// What runs now, computed on demand from config, listeners, VM table and counters. Pure: nothing here is stored.
import type { Host } from '../../src/model/host.ts';
import type { HostStatus, Status, StoreStatus } from '../../src/model/status.ts';
import type { Traffic } from '../proxy/traffic.ts';
import { isAbsence, type Targets } from '../targets.ts';
import { targetOf } from './compile-route.ts';
import { defined } from './drafts.ts';
import { hostPort, routeMatch } from './refs.ts';
import { hostWarnings, type StoredRoute, type ViewParts } from './view.ts';

export interface StatusParts extends ViewParts {
  readonly agent: Status['agent'];
  readonly store: StoreStatus;
  readonly targets: Pick<Targets, 'resolve'>;
  readonly traffic: { of(hostId: string): Readonly<Traffic> };
}

export function statusFrom(parts: StatusParts): Status {
  return {
    agent: parts.agent,
    store: parts.store,
    vms: parts.vms.status(),
    proxy: parts.config.proxy,
    hosts: parts.config.hosts.map((host) => hostStatus(host, parts)),
  };
}

function hostStatus(host: Host, parts: StatusParts): HostStatus {
  const { state, error } = parts.runtime.hostState(host.id);
  const traffic = parts.traffic.of(host.id);
  const warnings = hostWarnings(host, parts);
  const tcp = host.tcp_route;
  return defined({
    id: host.id,
    name: host.name,
    host: host.host,
    port: host.port,
    state,
    error,
    warnings: warnings.length === 0 ? undefined : warnings,
    connections: traffic.connections,
    requests: traffic.requests,
    bytes_in: traffic.bytesIn,
    bytes_out: traffic.bytesOut,
    routes: [
      ...host.http_routes.map((route) =>
        defined({
          ...routeStatus(route, parts),
          match: routeMatch(route),
          insecure: route.insecure === true ? true : undefined,
        }),
      ),
      ...(tcp === undefined ? [] : [routeStatus(tcp, parts)]),
    ],
  });
}

function routeStatus(route: StoredRoute & { readonly id: string }, parts: StatusParts): HostStatus['routes'][number] {
  const target = targetText(route, parts);
  const { id } = route;
  // A name is looked up when a request wants it: nothing is known of it before, and nothing is wrong with that.
  const resolution = route.target_vm_id === undefined ? [] : parts.targets.resolve(targetOf(route));
  if (!isAbsence(resolution)) return { id, target, state: 'ready' };
  return { id, target, state: resolution.state, reason: resolution.reason };
}

/** "VM Ubuntu port 8080" or "10.0.0.5:8080". A VM may have been renamed since the route was added. */
function targetText(route: StoredRoute, { vms }: StatusParts): string {
  const { target_vm_id: id, target_host: host = '', target_port: port } = route;
  if (id === undefined) return hostPort({ host, port });
  return `VM ${vms.find(id)?.name ?? route.target_vm_name ?? id} port ${port}`;
}
