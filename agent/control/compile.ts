// ProxyConfig → Plan. Pure, but for certificates that are read from files. A host that an edit did not touch is the same
// object as before, and so is what was compiled from it: the cost of an edit is that of the host it touches.
import type { SecureContext } from 'node:tls';
import { ProxyError } from '../../src/errors.ts';
import { DEFAULT_PROXY, type ProxyConfig } from '../../src/model/config.ts';
import { type Cors, DEFAULT_CORS_ORIGINS, type Host } from '../../src/model/host.ts';
import { Networks } from '../networks.ts';
import { CorsPolicy, DEFAULT_METHODS } from '../proxy/cors.ts';
import { matchHost } from '../proxy/host-table.ts';
import type { HostTable, HttpHost, ListenerPlan, ListenerTls, Plan, ScopedHost, Settings } from '../proxy/plan.ts';
import { type RouteEntry, Router } from '../proxy/router.ts';
import type { Traffic } from '../proxy/traffic.ts';
import { type Binding, type BindingGroup, groupBindings, isWildcard, refuseRestAddress } from './bindings.ts';
import { loadCertificate } from './certificates.ts';
import { compilePattern, compileRoute, holdMs, targetLabel, targetOf, targetText } from './compile-route.ts';
import { routeWarnings } from './route-warnings.ts';

interface CompiledHost {
  readonly host: HttpHost;
  /** Of a TLS host. */
  readonly context: SecureContext | undefined;
  readonly warnings: readonly string[];
}

export class Compiler {
  readonly #trafficOf: (hostId: string) => Traffic;
  readonly #hosts = new WeakMap<Host, CompiledHost | ProxyError>();

  constructor(trafficOf: (hostId: string) => Traffic) {
    this.#trafficOf = trafficOf;
  }

  /** Settings before the first commit: the defaults. */
  readonly idleSettings = settingsOf({ proxy: DEFAULT_PROXY, installation: '' });

  /** @throws ProxyError conflict, when hosts cannot share an address */
  compile(config: ProxyConfig): Plan {
    const warnings = new Map<string, readonly string[]>();
    const broken = new Map<string, ProxyError>();
    const compiled = new Map<Host, CompiledHost>();
    for (const host of config.hosts) {
      const result = this.#host(host);
      if (result instanceof ProxyError) {
        broken.set(host.id, result);
        continue;
      }
      compiled.set(host, result);
      if (result.warnings.length > 0) warnings.set(host.id, result.warnings);
    }
    // Compiled while disabled too: a conflict is told when it is made, not when the proxy is enabled.
    const groups = groupBindings(config.hosts, config.proxy);
    refuseRestAddress(groups, config.proxy);
    const listeners = groups.flatMap((group) => this.#listener(group, compiled) ?? []);
    return {
      enabled: config.proxy.enabled,
      broken,
      listeners: new Map(config.proxy.enabled ? listeners.map((listener) => [listener.key, listener]) : []),
      warnings,
      settings: settingsOf(config),
    };
  }

  /** A file that could not be read may be there the next time; everything else stays as it was compiled. */
  #host(stored: Host): CompiledHost | ProxyError {
    const known = this.#hosts.get(stored);
    if (known !== undefined && !(known instanceof ProxyError)) return known;
    const compiled = compileOrFail(stored, this.#trafficOf(stored.id));
    this.#hosts.set(stored, compiled);
    return compiled;
  }

  #listener(group: BindingGroup, compiled: ReadonlyMap<Host, CompiledHost>): ListenerPlan | undefined {
    const { key, address, port } = group;
    const bindings = group.bindings.filter(({ host }) => compiled.has(host));
    if (bindings.length === 0) return undefined;
    const hostIds = [...new Set(bindings.map(({ host }) => host.id))];
    const common = { key, address, port, hostIds, optional: bindings.every(({ optional }) => optional) };
    if (group.kind === 'http') {
      const table = hostTable(bindings, (host) => compiled.get(host)!.host);
      return { ...common, kind: 'http', tls: listenerTls(bindings, compiled, table), table };
    }
    const host = bindings[0]!.host;
    const route = host.tcp_route!;
    const traffic = this.#trafficOf(host.id);
    const tcp = {
      id: host.id,
      label: host.name,
      target: targetOf(route),
      targetLabel: targetLabel(route),
      targetText: targetText(route),
      holdMs: holdMs(route),
      traffic,
    };
    return { ...common, kind: 'tcp', host: tcp };
  }
}

function hostTable(bindings: readonly Binding[], httpHost: (host: Host) => HttpHost): HostTable {
  const names = new Map<string, ScopedHost>();
  const wildcards: { suffix: string; host: ScopedHost }[] = [];
  const addresses = new Map<string, HttpHost>();
  let fallback: HttpHost | undefined;
  for (const binding of bindings) {
    const host = httpHost(binding.host);
    const wild = isWildcard(binding.address);
    const scoped = { localAddress: wild ? '*' : binding.address, host };
    const name = binding.host.host;
    if (!binding.byName) {
      if (wild) fallback = host;
      else addresses.set(binding.address, host);
    } else if (name.startsWith('*.')) wildcards.push({ suffix: name.slice(1), host: scoped });
    else names.set(name, scoped);
  }
  wildcards.sort((a, b) => b.suffix.length - a.suffix.length);
  return { names, wildcards, addresses, fallback };
}

function listenerTls(
  bindings: readonly Binding[],
  compiled: ReadonlyMap<Host, CompiledHost>,
  table: HostTable,
): ListenerTls | undefined {
  const contexts = new Map<HttpHost, SecureContext>();
  for (const { host: stored } of bindings) {
    const { host, context } = compiled.get(stored)!;
    if (context !== undefined) contexts.set(host, context);
  }
  const [fallback] = contexts.values();
  if (fallback === undefined) return undefined;
  return {
    fallback,
    contextFor(serverName, localAddress) {
      const host = matchHost(table, serverName, localAddress);
      return host === undefined ? undefined : contexts.get(host);
    },
  };
}

function compileOrFail(stored: Host, traffic: Traffic): CompiledHost | ProxyError {
  try {
    const context = stored.tls?.enabled === true ? loadCertificate(stored.tls) : undefined;
    return { host: compileHost(stored, traffic), context, warnings: routeWarnings(stored.http_routes) };
  } catch (error) {
    if (error instanceof ProxyError) return error;
    throw error;
  }
}

function compileHost(host: Host, traffic: Traffic): HttpHost {
  const entries = [...host.http_routes]
    .sort((a, b) => a.order - b.order)
    .map((stored): RouteEntry => {
      const route = compileRoute(stored);
      if (stored.pattern !== undefined) return { pattern: compilePattern(stored.pattern), route };
      return { path: stored.path!, route };
    });
  return { id: host.id, label: host.name, router: new Router(entries), cors: corsPolicy(host.cors), traffic };
}

function corsPolicy(cors: Cors | undefined): CorsPolicy | undefined {
  if (cors?.enabled !== true) return undefined;
  return new CorsPolicy({
    origins: nonEmpty(cors.allowed_origins) ?? DEFAULT_CORS_ORIGINS,
    methods: nonEmpty(cors.allowed_methods) ?? DEFAULT_METHODS,
    headers: nonEmpty(cors.allowed_headers),
    credentials: cors.allow_credentials === true,
    exposed: cors.exposed_headers ?? [],
    maxAge: cors.max_age,
  });
}

function nonEmpty(list: readonly string[] | undefined): readonly string[] | undefined {
  return list === undefined || list.length === 0 ? undefined : list;
}

function settingsOf({ proxy, installation }: Pick<ProxyConfig, 'proxy' | 'installation'>): Settings {
  const { timeouts } = proxy;
  return {
    clientHeadMs: timeouts.client_head * 1000,
    keepAliveMs: timeouts.keep_alive * 1000,
    connectMs: timeouts.connect * 1000,
    responseHeadMs: timeouts.response_head * 1000,
    bodyIdleMs: timeouts.body_idle * 1000,
    tunnelIdleMs: timeouts.tunnel_idle * 1000,
    drainMs: timeouts.drain * 1000,
    maxConnections: proxy.limits.connections,
    trustedProxies: new Networks(proxy.trusted_proxies),
    viaPseudonym: proxy.via ? installation : undefined,
  };
}
