// Status, settings and VMs as text for people.
import type { Proxy as Settings } from '../model/config.ts';
import type { HostStatus, Status, Vm } from '../model/status.ts';
import { hostPort } from './host-view.ts';
import type { Screen } from './render.ts';

export function statusText(screen: Screen, status: Status, now = Date.now()): string {
  const { agent, store, vms, proxy, hosts } = status;
  const parts = [
    screen.pairs([
      ['agent', `running, pid ${agent.pid}, version ${agent.version}, since ${agent.started_at}`],
      [
        'rest',
        agent.rest.state === 'listening' ? agent.rest.address : `${agent.rest.address} ${failed(agent.rest.error)}`,
      ],
      ['store', store.state === 'ok' ? store.path : `corrupt: ${store.error ?? store.path}`],
      ['vms', vmsText(vms, now)],
      ['proxy', `${enabledText(proxy)}, default address ${hostPort(proxy.host, proxy.port)}`],
    ]),
  ];
  if (hosts.length === 0) parts.push('no hosts; add one with `prproxy host add`');
  else parts.push(hostTable(screen, hosts));
  const routes = hosts.flatMap((host) => host.routes.map((route) => routeRow(host, route)));
  if (routes.length > 0) parts.push(screen.table(['HOST', 'MATCH', 'TARGET', 'STATE', 'REASON'], routes));
  const warnings = hosts.flatMap((host) => (host.warnings ?? []).map((text) => `${host.name}: ${text}`));
  if (warnings.length > 0) parts.push(screen.pairs(warnings.map((text) => ['warning', text])));
  return parts.join('\n\n');
}

export function proxyText(screen: Screen, proxy: Settings): string {
  const seconds = Object.entries(proxy.timeouts).map(([name, value]) => [`timeout ${name}`, `${value} s`] as const);
  const limits = Object.entries(proxy.limits).map(([name, value]) => [`limit ${name}`, String(value)] as const);
  return screen.pairs([
    ['state', enabledText(proxy)],
    ['default address', hostPort(proxy.host, proxy.port)],
    ['REST address', hostPort(proxy.rest_host, proxy.rest_port)],
    ['trusted proxies', proxy.trusted_proxies.join(', ') || 'none'],
    ['vm networks', proxy.vm_networks.join(', ') || 'none'],
    ['via', proxy.via ? 'yes' : 'no'],
    ...seconds,
    ...limits,
  ]);
}

export function vmTable(screen: Screen, vms: readonly Vm[]): string {
  if (vms.length === 0) return 'no virtual machines';
  const rows = vms.map((vm) => [vm.name, vm.state, vm.address ?? '', vm.os, String(vm.routes.length), vm.id]);
  return screen.table(['NAME', 'STATE', 'ADDRESS', 'OS', 'ROUTES', 'ID'], rows);
}

export function vmDetails(screen: Screen, vm: Vm, now = Date.now()): string {
  return screen.pairs([
    ['name', vm.name],
    ['id', vm.id],
    ['state', vm.state],
    ['os', vm.os],
    [
      'address',
      vm.address && (vm.address_source === undefined ? vm.address : `${vm.address} (from ${vm.address_source})`),
    ],
    ['all addresses', vm.addresses.join(', ') || 'none'],
    ['seen', ago(vm.seen_at, now)],
    ['routes', vm.routes.join(', ') || 'none'],
  ]);
}

/** `12 s ago`; as it is when it cannot be read. */
export function ago(time: string, now: number): string {
  const s = Math.round((now - Date.parse(time)) / 1000);
  if (Number.isNaN(s)) return time;
  if (s < 120) return `${Math.max(s, 0)} s ago`;
  if (s < 7200) return `${Math.round(s / 60)} min ago`;
  return s < 172_800 ? `${Math.round(s / 3600)} h ago` : `${Math.round(s / 86_400)} days ago`;
}

/** `1.5 MB`, in powers of 1000. */
export function bytes(count: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  const step = Math.min(count < 1 ? 0 : Math.floor(Math.log10(count) / 3), units.length - 1);
  const value = count / 1000 ** step;
  return `${step > 0 && value < 10 ? value.toFixed(1) : Math.round(value)} ${units[step]}`;
}

function hostTable(screen: Screen, hosts: readonly HostStatus[]): string {
  const rows = hosts.map((h) => [
    h.name,
    hostPort(h.host, h.port),
    h.state,
    String(h.connections),
    String(h.requests),
    bytes(h.bytes_in),
    bytes(h.bytes_out),
    h.error ?? '',
  ]);
  return screen.table(['HOST', 'LISTENS ON', 'STATE', 'CONNECTIONS', 'REQUESTS', 'IN', 'OUT', 'ERROR'], rows);
}

function routeRow(host: HostStatus, route: HostStatus['routes'][number]): string[] {
  const reason = [route.reason ?? '', route.insecure ? 'certificate is not checked' : ''].filter((s) => s !== '');
  return [host.name, route.match ?? 'tcp', route.target, route.state, reason.join('; ')];
}

function enabledText(proxy: Settings): string {
  return proxy.enabled ? 'enabled' : 'disabled';
}

function vmsText(vms: Status['vms'], now: number): string {
  const seen = vms.last_good_at === undefined ? 'never read' : `read ${ago(vms.last_good_at, now)}`;
  return `${vms.mode}, ${seen}${vms.last_error === undefined ? '' : ` ${failed(vms.last_error)}`}`;
}

function failed(error: string | undefined): string {
  return `(failed: ${error ?? 'unknown reason'})`;
}
