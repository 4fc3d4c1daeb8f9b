// How a request names a host or a route, and how messages name them back. A reference matches an id, a name (path,
// pattern) or host:port without regard to case; edits.ts keeps these from colliding, so a match is never ambiguous.
import { isIP } from 'node:net';
import { ProxyError } from '../../src/errors.ts';
import type { ProxyConfig } from '../../src/model/config.ts';
import type { Host, HttpRoute } from '../../src/model/host.ts';
import { canonicalIp } from '../../src/model/values.ts';

/** `web.local:80`, `[::1]:80`. */
export function hostPort(host: { readonly host: string; readonly port: string }): string {
  return isIP(host.host) === 6 ? `[${host.host}]:${host.port}` : `${host.host}:${host.port}`;
}

/** A reference in the form in which it is compared: lower case, an IPv6 literal in its shortest form. */
export function refKey(ref: string): string {
  const lower = ref.toLowerCase();
  const [, ip, port] = /^\[([^\]]+)\]:([0-9]+)$/.exec(lower) ?? [];
  return ip !== undefined && port !== undefined && isIP(ip) === 6 ? `[${canonicalIp(ip)}]:${port}` : lower;
}

/** A name as it must be typed in a shell, for the remedies in messages. */
export function shellWord(name: string): string {
  return /^[\w.:@%+,/-]+$/.test(name) ? name : `'${name.replaceAll("'", "'\\''")}'`;
}

/** All that a host answers to. */
export function hostKeys(host: Host): readonly string[] {
  return [refKey(host.id), refKey(host.name), refKey(hostPort(host))];
}

/** @throws ProxyError not_found */
export function findHost(config: ProxyConfig, ref: string): Host {
  const key = refKey(ref);
  const found = config.hosts.find((host) => hostKeys(host).includes(key));
  if (found === undefined) throw new ProxyError('not_found', `no host ${ref}; see \`prproxy host list\``);
  return found;
}

/** What a route matches: its path or its pattern. */
export function routeMatch(route: {
  readonly path?: string | undefined;
  readonly pattern?: string | undefined;
}): string {
  return route.path ?? route.pattern ?? '';
}

/**
 * By id, else by path or pattern exactly as written, else by path with a closing slash (`/app/` means `/app`).
 * @throws ProxyError not_found
 */
export function findHttpRoute(host: Host, ref: string): HttpRoute {
  const plain = ref.length > 1 ? ref.replace(/\/+$/, '') || '/' : ref;
  const found =
    host.http_routes.find((route) => route.id.toLowerCase() === ref.toLowerCase()) ??
    host.http_routes.find((route) => routeMatch(route) === ref) ??
    host.http_routes.find((route) => route.path === plain);
  if (found !== undefined) return found;
  throw new ProxyError(
    'not_found',
    `host ${host.name} has no HTTP route ${ref}; see \`prproxy route http list ${shellWord(host.name)}\``,
  );
}
