// What goes to the target: the client's request with the route's rules applied. Pure.
import { isIP } from 'node:net';
import { type Fields, field, withoutFields } from '../http1/fields.ts';
import type { RequestHead } from '../http1/request-head.ts';
import type { Address } from '../targets.ts';
import { forwardingFields, type Peer } from './forwarding.ts';
import type { HttpRoute } from './plan.ts';
import type { UpstreamRequest } from './upstream-connection.ts';

/** What is known of the request's way besides its head. */
export interface Passage {
  readonly peer: Peer;
  /** Whether the peer's forwarding fields are believed. */
  readonly trusted: boolean;
  /** Our name in Via; undefined: none is sent. */
  readonly pseudonym: string | undefined;
  readonly requestId: string;
}

export function upstreamRequest(
  head: RequestHead,
  route: HttpRoute,
  address: Address,
  passage: Passage,
): UpstreamRequest {
  let fields = field('Host', hostField(head, route, address)) + routeFields(head, route);
  fields += forwardingFields(head, passage.peer, passage.trusted, route.stripPrefix);
  if (!isSet(route, 'x-request-id')) fields += field('X-Request-Id', passage.requestId);
  fields += viaFields(head, passage.pseudonym);
  if (head.maxForwards !== undefined && !isSet(route, 'max-forwards'))
    fields += field('Max-Forwards', maxForwards(head));
  return {
    method: head.method,
    target: strippedTarget(head, route.stripPrefix),
    fields,
    length: head.framing === 'chunked' ? undefined : head.length,
    bodyless: head.framing === 'none',
    upgrade: head.upgrade,
    trailersWanted: head.trailersWanted,
    trailer: head.framing === 'chunked' ? head.trailer : undefined,
    expectContinue: head.expectContinue,
  };
}

/** The route sets the field itself. */
function isSet(route: HttpRoute, lower: string): boolean {
  return route.requestHeaders.some((setting) => setting.lower === lower);
}

function hostField(head: RequestHead, route: HttpRoute, address: Address): string {
  if (route.preserveHost && head.authority !== '') return head.authority;
  const host = route.target.kind === 'vm' ? address.ip : route.target.host;
  const bracketed = isIP(host) === 6 ? `[${host}]` : host;
  const usual = route.tls === undefined ? 80 : 443;
  return address.port === usual ? bracketed : `${bracketed}:${address.port}`;
}

function routeFields(head: RequestHead, route: HttpRoute): Fields {
  const settings = route.requestHeaders;
  if (settings.length === 0) return head.fields;
  let fields = withoutFields(head.fields, { has: (lower) => settings.some((setting) => setting.lower === lower) });
  for (const { name, value } of settings) fields += field(name, value);
  return fields;
}

/** RFC 9110 7.6.3: appended after existing members, with the version that was received. */
function viaFields(head: RequestHead, pseudonym: string | undefined): Fields {
  return pseudonym === undefined ? head.via : `${head.via}Via: 1.${head.minor} ${pseudonym}\r\n`;
}

/** RFC 9110 7.6.2: "or the recipient's maximum supported value". */
const MOST_FORWARDS = 1_000_000_000;

/** RFC 9110 7.6.2: counted down for OPTIONS; other methods may carry it as it is. */
function maxForwards(head: RequestHead): string {
  const value = head.maxForwards!;
  if (head.method !== 'OPTIONS' || !/^[0-9]+$/.test(value)) return value;
  return String(Math.min(Number(value), MOST_FORWARDS) - 1);
}

function strippedTarget(head: RequestHead, prefix: string): string {
  if (prefix === '') return head.target;
  const rest = head.target.slice(prefix.length);
  return rest.startsWith('/') ? rest : `/${rest}`;
}
