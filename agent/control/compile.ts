// ProxyConfig → Plan. Pure, but for certificates that are read from files. A host that an edit did not touch is the same
// object as before, and so is what was compiled from it: the cost of an edit is that of the host it touches.
import { DEFAULT_PROXY, type ProxyConfig } from '../../src/model/config.ts';
import { type Cors, DEFAULT_CORS_ORIGINS, type Host } from '../../src/model/host.ts';
import { Networks } from '../networks.ts';
import { CorsPolicy, DEFAULT_METHODS } from '../proxy/cors.ts';
import type { HostTable, HttpHost, ListenerPlan, Plan, ScopedHost, Settings } from '../proxy/plan.ts';
import { type RouteEntry, Router } from '../proxy/router.ts';
import type { Traffic } from '../proxy/traffic.ts';
import { type BindingGroup, groupBindings } from './bindings.ts';
import { compilePattern, compileRoute, holdMs, targetLabel, targetOf } from './compile-route.ts';
import { routeWarnings } from './route-warnings.ts';

interface CompiledHost {
  readonly host: HttpHost;
  readonly warnings: readonly string[];
}

export class Compiler {
  readonly #trafficOf: (hostId: string) => Traffic;
  readonly #hosts = new WeakMap<Host, CompiledHost>();

  constructor(trafficOf: (hostId: string) => Traffic) {
    this.#trafficOf = trafficOf;
  }

  /** Settings before the first commit: the defaults. */
  readonly idleSettings = settingsOf({ proxy: DEFAULT_PROXY, installation: '' });

  /** @throws ProxyError conflict (addresses), invalid (patterns, certificates) */
  compile(config: ProxyConfig): Plan {
    const warnings = new Map<string, readonly string[]>();
    for (const host of config.hosts) {
      const compiled = this.#host(host);
      if (compiled.warnings.length > 0) warnings.set(host.id, compiled.warnings);
    }
    // Compiled while disabled too: a conflict is told when it is made, not when the proxy is enabled.
    const listeners = groupBindings(config.hosts, config.proxy).map((group) => this.#listener(group));
    return {
      enabled: config.proxy.enabled,
      listeners: new Map(config.proxy.enabled ? listeners.map((listener) => [listener.key, listener]) : []),
      warnings,
      settings: settingsOf(config),
    };
  }

  #host(stored: Host): CompiledHost {
    let compiled = this.#hosts.get(stored);
    if (compiled === undefined) {
      compiled = { host: compileHost(stored, this.#trafficOf(stored.id)), warnings: routeWarnings(stored.http_routes) };
      this.#hosts.set(stored, compiled);
    }
    return compiled;
  }

  #listener(group: BindingGroup): ListenerPlan {
    const { key, address, port, bindings } = group;
    const hostIds = [...new Set(bindings.map(({ host }) => host.id))];
    const common = { key, address, port, hostIds, optional: bindings.every(({ optional }) => optional) };
    if (group.kind === 'http') return { ...common, kind: 'http', tls: undefined, table: this.#table(group) };
    const host = bindings[0]!.host;
    const route = host.tcp_route!;
    const traffic = this.#trafficOf(host.id);
    const tcp = {
      id: host.id,
      label: host.name,
      target: targetOf(route),
      targetLabel: targetLabel(route),
      holdMs: holdMs(route),
      traffic,
    };
    return { ...common, kind: 'tcp', host: tcp };
  }

  #table(group: BindingGroup): HostTable {
    const names = new Map<string, ScopedHost>();
    const wildcards: { suffix: string; host: ScopedHost }[] = [];
    const addresses = new Map<string, HttpHost>();
    let fallback: HttpHost | undefined;
    for (const binding of group.bindings) {
      const { host } = this.#host(binding.host);
      const wild = binding.address === '0.0.0.0' || binding.address === '::';
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
