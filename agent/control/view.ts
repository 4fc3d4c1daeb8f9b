// What is shown of what is stored: secrets left out, live details added. The one way out for hosts, routes and VMs, for
// RPC and REST alike; no private key passes here.
import { isIP } from 'node:net';
import type { ProxyConfig } from '../../src/model/config.ts';
import type { Host, HostView, HttpRoute, HttpRouteView, TcpRoute, Tls, VmDetails } from '../../src/model/host.ts';
import type { Vm } from '../../src/model/status.ts';
import type { Plan } from '../proxy/plan.ts';
import type { VmDirectory, VmRecord } from '../vms/directory.ts';
import { defined } from './drafts.ts';
import { routeMatch } from './refs.ts';
import type { Runtime } from './runtime.ts';

/** What HTTP and TCP routes have in common. */
export type StoredRoute = TcpRoute;

export interface ViewParts {
  readonly config: ProxyConfig;
  readonly plan: Pick<Plan, 'warnings'>;
  readonly runtime: Pick<Runtime, 'hostState'>;
  readonly vms: VmDirectory;
}

export function hostView(host: Host, parts: ViewParts): HostView {
  const { state, error } = parts.runtime.hostState(host.id);
  const warnings = hostWarnings(host, parts);
  const { tls, tcp_route: tcp, ...rest } = host;
  return defined({
    ...rest,
    tls: tls === undefined ? undefined : tlsView(tls),
    http_routes: host.http_routes.map((route) => httpRouteView(route, host, parts)),
    tcp_route: tcp === undefined ? undefined : { ...tcp, ...vmFields(tcp, host, parts) },
    state,
    error,
    warnings: warnings.length === 0 ? undefined : warnings,
  });
}

export function httpRouteView(route: HttpRoute, host: Host, parts: ViewParts): HttpRouteView {
  const view = { ...route, ...vmFields(route, host, parts) };
  return route.ca === undefined ? view : { ...view, ca: withoutPrivateKeys(route.ca) };
}

/** Of the listener, of the compiler, and of VMs that no good reading has shown. */
export function hostWarnings(host: Host, { plan, runtime, vms }: ViewParts): string[] {
  const own = [...runtime.hostState(host.id).warnings, ...(plan.warnings.get(host.id) ?? [])];
  const { last_good_at, last_error } = vms.status();
  const routes = host.tcp_route === undefined ? host.http_routes : [...host.http_routes, host.tcp_route];
  const missing = new Set(
    routes.flatMap((r) => (r.target_vm_id === undefined ? [] : r.target_vm_id)).filter((id) => !vms.find(id)),
  );
  const because =
    last_good_at === undefined ? `: ${last_error ?? 'prlctl has not answered yet'}` : '; see `prproxy vm list`';
  return [...own, ...[...missing].map((id) => `no VM with id ${id} is known${because}`)];
}

/** One VM, with the routes that lead to it. */
export function vmView(vm: VmRecord, config: ProxyConfig): Vm {
  return defined({
    id: vm.id,
    name: vm.name,
    state: vm.state,
    os: vm.os,
    addresses: [...vm.addresses],
    address: vm.address,
    address_source: vm.addressSource,
    seen_at: vm.seenAt.toISOString(),
    routes: routesTo(vm.id, config),
  });
}

function routesTo(id: string, config: ProxyConfig): string[] {
  return config.hosts.flatMap((host) => [
    ...host.http_routes
      .filter((route) => route.target_vm_id === id)
      .map((route) => `${host.name} ${routeMatch(route)}`),
    ...(host.tcp_route?.target_vm_id === id ? [`${host.name} (tcp)`] : []),
  ]);
}

function vmFields(
  route: StoredRoute,
  host: Host,
  parts: ViewParts,
): { target_vm_name?: string; target_vm_details?: VmDetails } {
  if (route.target_vm_id === undefined) return {};
  const vm = parts.vms.find(route.target_vm_id);
  return vm === undefined
    ? {}
    : { target_vm_name: vm.name, target_vm_details: vmDetails(vm, boundAddress(host, parts.config)) };
}

function vmDetails(vm: VmRecord, hostAddress: string): VmDetails {
  return {
    name: vm.name,
    state: vm.state,
    os: vm.os,
    uptime: vm.uptime,
    guest_tools_state: vm.guestToolsState,
    guest_tools_version: vm.guestToolsVersion,
    internal_ip_address: vm.address ?? '',
    host_external_ip_address: hostAddress,
  };
}

/** The address of this machine under which the host's VMs are reached; '' when that is all of them. */
function boundAddress(host: Host, config: ProxyConfig): string {
  const address = host.host === 'localhost' ? '127.0.0.1' : isIP(host.host) === 0 ? config.proxy.host : host.host;
  return address === '0.0.0.0' || address === '::' ? '' : address;
}

function tlsView({ enabled, cert }: Tls): { enabled: boolean; cert?: string } {
  return cert === undefined ? { enabled } : { enabled, cert: withoutPrivateKeys(cert) };
}

/** A file edited by hand may hold a key where only certificates belong. An unfinished block goes to the end. */
const PRIVATE_KEY = /-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z0-9 ]*PRIVATE KEY-----\s*|$)/g;

export function withoutPrivateKeys(pem: string): string {
  return pem.replace(PRIVATE_KEY, '');
}
