// Which host of a listener a request is for (contract, Listening).
import type { HostTable, HttpHost, ScopedHost } from './plan.ts';

/**
 * The exact name, then the longest wildcard, then the host given by the address that the client connected to, then the
 * one on the wildcard address; undefined: this listener serves no such host.
 * @param hostname lower case, without port; '' when the request names none
 */
export function matchHost(table: HostTable, hostname: string, localAddress: string): HttpHost | undefined {
  const named = hostname === '' ? undefined : byName(table, hostname, localAddress);
  return named ?? table.addresses.get(localAddress) ?? table.fallback;
}

function byName(table: HostTable, hostname: string, localAddress: string): HttpHost | undefined {
  const exact = table.names.get(hostname);
  if (exact !== undefined && answersOn(exact, localAddress)) return exact.host;
  for (const { suffix, host } of table.wildcards) {
    if (hostname.length > suffix.length && hostname.endsWith(suffix) && answersOn(host, localAddress)) return host.host;
  }
  return undefined;
}

function answersOn(scoped: ScopedHost, localAddress: string): boolean {
  return scoped.localAddress === '*' || scoped.localAddress === localAddress;
}
