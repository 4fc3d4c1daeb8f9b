// Who the client was, for the target: X-Forwarded-*, Forwarded and X-Real-IP. A trusted peer's words are kept and added
// to; anybody else's are removed, in any spelling, and set afresh.
import { isIP } from 'node:net';
import { type Fields, field, fieldList } from '../http1/fields.ts';
import type { RequestHead } from '../http1/request-head.ts';
import { flat } from '../http1/tokens.ts';

/** What is known of the client's side of a connection. */
export interface PeerFacts {
  /** IPv4-mapped addresses as plain IPv4. */
  readonly ip: string;
  readonly port: number;
  readonly localAddress: string;
  readonly localPort: number;
  readonly secure: boolean;
  /** SNI in lower case; '' when there was none. */
  readonly serverName: string;
}

/** The client's side of a connection, as we see it. */
export class Peer implements PeerFacts {
  readonly ip: string;
  readonly port: number;
  readonly localAddress: string;
  readonly localPort: number;
  readonly secure: boolean;
  readonly serverName: string;
  #authority: string | undefined = undefined;
  #prefix = '';
  #fields: Fields = '';

  constructor(facts: PeerFacts) {
    this.ip = facts.ip;
    this.port = facts.port;
    this.localAddress = facts.localAddress;
    this.localPort = facts.localPort;
    this.secure = facts.secure;
    this.serverName = facts.serverName;
  }

  /** Forwarding fields for a request that brings none; made anew only when it differs from the one before. */
  fields(authority: string, prefix: string): Fields {
    if (authority !== this.#authority || prefix !== this.#prefix) {
      this.#authority = flat(authority);
      this.#prefix = prefix;
      this.#fields = flat(fresh(authority, this, prefix));
    }
    return this.#fields;
  }
}

/**
 * @param trusted whether the peer is in `trusted_proxies`
 * @param prefix the literal prefix that is stripped from the path, '' for none
 */
export function forwardingFields(head: RequestHead, peer: Peer, trusted: boolean, prefix: string): Fields {
  return head.forwarding === '' || !trusted ? peer.fields(head.authority, prefix) : kept(head, peer, prefix);
}

function fresh(authority: string, peer: Peer, prefix: string): Fields {
  const proto = peer.secure ? 'https' : 'http';
  let fields = `X-Forwarded-For: ${peer.ip}\r\nX-Forwarded-Proto: ${proto}\r\nX-Forwarded-Port: ${peer.localPort}\r\n`;
  if (authority !== '') fields += field('X-Forwarded-Host', authority);
  if (prefix !== '') fields += field('X-Forwarded-Prefix', prefix);
  return `${fields}X-Real-IP: ${peer.ip}\r\nForwarded: ${forwardedElement(authority, peer, proto)}\r\n`;
}

/** RFC 7239 4: values with a colon or brackets are quoted, IPv6 goes in brackets. An authority has no `"` or `\`. */
function forwardedElement(authority: string, peer: Peer, proto: string): string {
  const by = isIP(peer.ip) === 6 ? `"[${peer.ip}]"` : peer.ip;
  const host = authority === '' ? '' : `;host="${authority}"`;
  return `for=${by}${host};proto=${proto}`;
}

function kept(head: RequestHead, peer: Peer, prefix: string): Fields {
  let fields = '';
  const seen = new Set<string>();
  const hops: string[] = [];
  let outer = '';
  for (const [name, value] of fieldList(head.forwarding)) {
    const lower = name.toLowerCase();
    // A look-alike with `_` is never honest: proxies write `-`.
    if (lower.includes('_')) continue;
    seen.add(lower);
    if (lower === 'x-forwarded-for') hops.push(value);
    else if (lower === 'x-forwarded-prefix') outer = value;
    else fields += field(name, value);
  }
  hops.push(peer.ip);
  fields += field('X-Forwarded-For', hops.filter((hop) => hop !== '').join(', '));
  if (outer + prefix !== '') fields += field('X-Forwarded-Prefix', outer + prefix);
  if (!seen.has('x-forwarded-host') && head.authority !== '') fields += field('X-Forwarded-Host', head.authority);
  if (!seen.has('x-forwarded-proto')) fields += field('X-Forwarded-Proto', peer.secure ? 'https' : 'http');
  if (!seen.has('x-forwarded-port')) fields += field('X-Forwarded-Port', String(peer.localPort));
  return fields;
}
