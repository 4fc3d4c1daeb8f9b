// Hosts and their routes as text for people.
import type { HostView, HttpRouteView, TcpRouteView } from '../model/host.ts';
import type { Screen } from './render.ts';

type Route = HttpRouteView | TcpRouteView;

/** `web.local:80`, `[::1]:80`. */
export function hostPort(host: string, port: string): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

/** Where a route leads: `VM Ubuntu port 8080`, `https://10.0.0.5:8443`, `10.0.0.5:22`. */
function target(route: Route): string {
  const scheme = 'schema' in route ? `${route.schema}://` : '';
  if (route.target_host !== undefined) return scheme + hostPort(route.target_host, route.target_port);
  const name = route.target_vm_details?.name ?? route.target_vm_name ?? route.target_vm_id;
  return `VM ${name} port ${route.target_port}${scheme === 'https://' ? ' (https)' : ''}`;
}

/** What became of a host after a change, in one line. */
export function hostLine(host: HostView): string {
  const address = hostPort(host.host, host.port);
  if (host.state === 'listening') return `host ${host.name} listens on ${address}`;
  if (host.state === 'failed') return `host ${host.name} is saved but cannot listen on ${address}: ${host.error}`;
  return `host ${host.name} is saved for ${address}; it opens with \`prproxy enable\``;
}

export function hostTable(screen: Screen, hosts: readonly HostView[]): string {
  if (hosts.length === 0) return 'no hosts; add one with `prproxy host add`';
  const rows = hosts.map((h) => [h.name, hostPort(h.host, h.port), kind(h), routes(h), h.state, h.error ?? '', h.id]);
  return screen.table(['NAME', 'LISTENS ON', 'KIND', 'ROUTES', 'STATE', 'ERROR', 'ID'], rows);
}

export function hostDetails(screen: Screen, host: HostView): string {
  const parts = [
    screen.pairs([
      ['name', host.name],
      ['id', host.id],
      ['listens on', hostPort(host.host, host.port)],
      ['state', host.state],
      ['error', host.error],
      ['kind', kind(host)],
      ['certificate', host.tls?.enabled ? shortText(host.tls.cert) : undefined],
      ['cors', host.cors?.enabled ? corsText(host.cors) : undefined],
    ]),
  ];
  if (host.http_routes.length > 0) parts.push(httpRouteTable(screen, host.http_routes));
  if (host.tcp_route !== undefined) {
    parts.push(
      screen.table(
        ['TARGET', 'VM STATE', 'ID'],
        [[target(host.tcp_route), vmState(host.tcp_route), host.tcp_route.id]],
      ),
    );
  }
  return parts.join('\n\n');
}

export function httpRouteTable(screen: Screen, list: readonly HttpRouteView[]): string {
  if (list.length === 0) return 'no HTTP routes; add one with `prproxy route http add`';
  const rows = list.map((r) => [String(r.order), match(r), target(r), vmState(r), options(r), r.id]);
  return screen.table(['ORDER', 'MATCH', 'TARGET', 'VM STATE', 'OPTIONS', 'ID'], rows);
}

/** What became of a route after a change, in one line. */
export function httpRouteLine(
  host: HostView,
  key: { path?: string | undefined; pattern?: string | undefined },
): string {
  const wanted = key.pattern ?? key.path?.replace(/(?<=.)\/+$/, '');
  const route = host.http_routes.find((r) => (r.pattern ?? r.path) === wanted);
  const what =
    route === undefined
      ? `${wanted}`
      : `${match(route)} leads to ${target(route)} (route ${route.order} of ${host.http_routes.length})`;
  return `${what}; ${hostLine(host)}`;
}

export function tcpRouteLine(host: HostView): string {
  const route = host.tcp_route;
  return route === undefined ? hostLine(host) : `all traffic leads to ${target(route)}; ${hostLine(host)}`;
}

function kind(host: HostView): string {
  if (host.tcp_route !== undefined) return 'tcp';
  return host.tls?.enabled ? 'https' : 'http';
}

function routes(host: HostView): string {
  return String(host.http_routes.length + (host.tcp_route === undefined ? 0 : 1));
}

function match(route: HttpRouteView): string {
  return route.path ?? `pattern ${route.pattern}`;
}

function vmState(route: Route): string {
  return route.target_vm_id === undefined ? '' : (route.target_vm_details?.state ?? 'unknown');
}

function options(route: HttpRouteView): string {
  const numbers = { hold: route.hold, response_timeout: route.response_timeout };
  const parts = [
    route.strip_prefix ? 'strip_prefix' : '',
    route.preserve_host === false ? 'Host of the target' : '',
    route.insecure ? 'insecure' : '',
    ...Object.entries(numbers).map(([name, value]) => (value === undefined ? '' : `${name}=${value}`)),
    ...Object.entries(route.request_headers).map(([name, value]) => `request ${name}: ${value}`),
    ...Object.entries(route.response_headers).map(([name, value]) => `response ${name}: ${value}`),
  ];
  return parts.filter((part) => part !== '').join(', ');
}

function corsText(cors: NonNullable<HostView['cors']>): string {
  const origins = cors.allowed_origins?.join(', ') ?? 'all origins';
  return cors.allow_credentials ? `${origins}, with credentials` : origins;
}

/** A path as it is; of PEM text just that it is there. */
function shortText(cert: string | undefined): string {
  return cert === undefined || cert.includes('\n') ? 'given as PEM text' : cert;
}
