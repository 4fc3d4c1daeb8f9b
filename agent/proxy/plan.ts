// What runs, compiled from what is wanted: ports are numbers, patterns are compiled, certificates are loaded, and a
// listener is either HTTP or TCP. Types only; control/compile.ts makes it, the listeners read it. Immutable.
import type { SecureContext } from 'node:tls';
import type { ProxyError } from '../../src/errors.ts';
import type { Networks } from '../networks.ts';
import type { Target } from '../targets.ts';
import type { CorsPolicy } from './cors.ts';
import type { Router } from './router.ts';
import type { Traffic } from './traffic.ts';

/** TLS towards a target. */
export interface UpstreamTls {
  /** Undefined: the request's hostname. */
  readonly serverName: string | undefined;
  readonly ca: string | undefined;
  readonly insecure: boolean;
}

/** A header to set: the name as written, and in lower case. */
export interface HeaderSetting {
  readonly name: string;
  readonly lower: string;
  readonly value: string;
}

export interface HttpRoute {
  readonly id: string;
  /** For people: "/app" or "~ ^/v[12]". */
  readonly label: string;
  readonly target: Target;
  /** For the client: "VM Ubuntu", or "the target" where an address is nobody's business. */
  readonly targetLabel: string;
  /** For the user's log: "VM Ubuntu port 8080" or "10.0.0.5:8080". */
  readonly targetText: string;
  /** Target identity, scheme and TLS settings; with an address it is the key of the connection pool. */
  readonly poolKey: string;
  readonly tls: UpstreamTls | undefined;
  readonly requestHeaders: readonly HeaderSetting[];
  readonly responseHeaders: readonly HeaderSetting[];
  /** The literal prefix that is removed, '' for none. */
  readonly stripPrefix: string;
  /** True: Host goes on as the client sent it; false: the target's own. */
  readonly preserveHost: boolean;
  readonly holdMs: number;
  /** Undefined: the proxy's own limit. */
  readonly responseTimeoutMs: number | undefined;
}

export interface HttpHost {
  readonly id: string;
  /** The host's name, for people. */
  readonly label: string;
  readonly router: Router;
  readonly cors: CorsPolicy | undefined;
  readonly traffic: Traffic;
}

/** How requests on one listener find their host; keys are lower-case. */
export interface HostTable {
  /** Exact hostname → host. */
  readonly names: ReadonlyMap<string, ScopedHost>;
  /** `*.app.test` is kept as `.app.test`; longest first. */
  readonly wildcards: readonly { readonly suffix: string; readonly host: ScopedHost }[];
  /** Local address of the connection → host given by IP. */
  readonly addresses: ReadonlyMap<string, HttpHost>;
  /** The host on the wildcard address. */
  readonly fallback: HttpHost | undefined;
}

/** A host by name answers only on the address it was bound to; '*' = on all of the listener's. */
export interface ScopedHost {
  readonly localAddress: string | '*';
  readonly host: HttpHost;
}

export interface TcpHost {
  readonly id: string;
  readonly label: string;
  readonly target: Target;
  readonly targetLabel: string;
  readonly targetText: string;
  readonly holdMs: number;
  readonly traffic: Traffic;
}

export interface ListenerTls {
  /** Certificate of the host that a server name ('' = none sent) leads to; undefined: nobody's. */
  readonly contextFor: (serverName: string, localAddress: string) => SecureContext | undefined;
  /** For clients that send no server name, where no host is given by the address. */
  readonly fallback: SecureContext;
}

export type ListenerPlan = {
  /** `address:port`, IPv6 in brackets. */
  readonly key: string;
  /** IP literal without brackets. */
  readonly address: string;
  readonly port: number;
  /** Ids of the hosts that it serves. */
  readonly hostIds: readonly string[];
  /** May be missing on this machine (::1 of localhost): a failure to bind is then a warning. */
  readonly optional: boolean;
} & (
  | { readonly kind: 'http'; readonly tls: ListenerTls | undefined; readonly table: HostTable }
  | { readonly kind: 'tcp'; readonly host: TcpHost }
);

/** Settings that the data path reads; times in milliseconds, 0 = no limit. */
export interface Settings {
  readonly clientHeadMs: number;
  readonly keepAliveMs: number;
  readonly connectMs: number;
  readonly responseHeadMs: number;
  readonly bodyIdleMs: number;
  readonly tunnelIdleMs: number;
  readonly drainMs: number;
  readonly maxConnections: number;
  readonly trustedProxies: Networks;
  /** Undefined: send no Via. */
  readonly viaPseudonym: string | undefined;
}

export interface Plan {
  readonly enabled: boolean;
  /** Host id → what keeps it from running at all (a certificate that cannot be read); it is in no listener. */
  readonly broken: ReadonlyMap<string, ProxyError>;
  /** Keyed by `ListenerPlan.key`; empty while disabled. */
  readonly listeners: ReadonlyMap<string, ListenerPlan>;
  /** Host id → what to tell about it: routes that can never match, a target's missing certificate check. */
  readonly warnings: ReadonlyMap<string, readonly string[]>;
  readonly settings: Settings;
}
