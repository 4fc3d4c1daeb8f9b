// What a request needs to know of its route's target besides where it is. Pure.
import type { Address } from '../targets.ts';
import type { Peer } from './forwarding.ts';
import type { HttpRoute } from './plan.ts';

/** For people: a VM by its name; an address is nobody's business, so the route stands for it. */
export function targetName(route: HttpRoute): string {
  return route.target.kind === 'vm' ? route.targetLabel : `the target of route ${route.label}`;
}

/** A certificate that was checked against one request's hostname says nothing about another's. */
export function poolKey(route: HttpRoute, hostname: string): string {
  return route.tls === undefined || route.tls.serverName !== undefined ? route.poolKey : `${route.poolKey}|${hostname}`;
}

/** True when the request would come in here again, for the same host and route. */
export function leadsBack(route: HttpRoute, addresses: readonly Address[], peer: Peer): boolean {
  if (!route.preserveHost || route.stripPrefix !== '') return false;
  return addresses.some(({ ip, port }) => port === peer.localPort && ip === peer.localAddress);
}
