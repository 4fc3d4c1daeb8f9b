// What each operation changes, as pure functions from one config to the next. A host that an edit does not concern
// keeps its object (the compiler caches by identity), and an edit that changes nothing gives the same config back.
import { isDeepStrictEqual } from 'node:util';
import { invalid, type Problem, ProxyError } from '../../src/errors.ts';
import type { ProxyConfig, ProxyPatch, Proxy as ProxySettings } from '../../src/model/config.ts';
import type { Host, HostDraft, HostPatch, HttpRoute } from '../../src/model/host.ts';
import { defined, httpRouteFromInput, newId, tcpRouteFromInput } from './drafts.ts';
import { hostProblems, refuseCollision, refuseInvalid } from './host-rules.ts';
import type { HttpRouteInput, ResolvedHost, TcpRouteInput } from './lookup.ts';
import { findHost, findHttpRoute, hostPort, routeMatch, shellWord } from './refs.ts';
import { numbered, placed, placedByPath } from './route-order.ts';

export type Edit = (config: ProxyConfig) => ProxyConfig;
export type HostInput = ResolvedHost<HostDraft>;
export type HostPatchInput = ResolvedHost<HostPatch>;

// --- The proxy -----------------------------------------------------------------------------------------------------

export function setEnabled(config: ProxyConfig, enabled: boolean): ProxyConfig {
  return withProxy(config, { ...config.proxy, enabled });
}

/** @throws ProxyError invalid when `enabled` differs */
export function setProxy(config: ProxyConfig, patch: ProxyPatch): ProxyConfig {
  const { enabled, timeouts, limits, ...rest } = patch;
  if (enabled !== undefined && enabled !== config.proxy.enabled) {
    throw invalid([{ path: 'enabled', message: 'is changed by `prproxy enable` and `prproxy disable`' }]);
  }
  return withProxy(config, {
    ...config.proxy,
    ...defined(rest),
    timeouts: { ...config.proxy.timeouts, ...defined(timeouts ?? {}) },
    limits: { ...config.proxy.limits, ...defined(limits ?? {}) },
  } as ProxySettings);
}

function withProxy(config: ProxyConfig, proxy: ProxySettings): ProxyConfig {
  return isDeepStrictEqual(proxy, config.proxy) ? config : { ...config, proxy };
}

// --- Hosts ---------------------------------------------------------------------------------------------------------

/** @throws ProxyError invalid, conflict */
export function addHost(config: ProxyConfig, draft: HostInput, id: string): ProxyConfig {
  refuseInvalid(draft.id === undefined ? [] : [{ path: 'id', message: 'is given by prproxy: leave it out' }]);
  const blank: Host = { id, name: '', host: config.proxy.host, port: config.proxy.port, http_routes: [] };
  const host = checkedHost(config, patched(config, blank, draft));
  return { ...config, hosts: [...config.hosts, host] };
}

/** @throws ProxyError not_found, invalid, conflict */
export function updateHost(config: ProxyConfig, ref: string, patch: HostPatchInput): ProxyConfig {
  const host = findHost(config, ref);
  refuseInvalid(idProblems('id', patch.id, host.id));
  return withHost(config, patched(config, host, patch));
}

/** @throws ProxyError not_found */
export function removeHost(config: ProxyConfig, ref: string): ProxyConfig {
  const host = findHost(config, ref);
  return { ...config, hosts: config.hosts.filter((other) => other !== host) };
}

/** Absent = leave, null = remove. A default name follows the address. */
function patched(config: ProxyConfig, host: Host, patch: HostPatchInput): Host {
  const address = {
    host: patch.host === null ? config.proxy.host : (patch.host ?? host.host),
    port: patch.port === null ? config.proxy.port : (patch.port ?? host.port),
  };
  const keepsDefault = (patch.name ?? host.name) === host.name && (host.name === '' || host.name === hostPort(host));
  return defined({
    id: host.id,
    name: patch.name === null || keepsDefault ? hostPort(address) : (patch.name ?? host.name),
    ...address,
    cors: patch.cors === undefined ? host.cors : (patch.cors ?? undefined),
    tls:
      patch.tls === undefined ? host.tls : patch.tls === null ? undefined : { ...keyOf(host), ...defined(patch.tls) },
    http_routes: patch.http_routes === undefined ? host.http_routes : replacedRoutes(host, patch.http_routes ?? []),
    tcp_route:
      patch.tcp_route === undefined
        ? host.tcp_route
        : patch.tcp_route === null
          ? undefined
          : tcpRoute(host, patch.tcp_route),
  });
}

function keyOf({ tls }: Host): { key?: string } {
  return tls?.key === undefined ? {} : { key: tls.key };
}

/** Writes a changed host back. @throws ProxyError invalid, conflict */
function withHost(config: ProxyConfig, host: Host): ProxyConfig {
  const checked = checkedHost(config, host);
  const old = config.hosts.find((other) => other.id === host.id);
  if (isDeepStrictEqual(old, checked)) return config;
  return { ...config, hosts: config.hosts.map((other) => (other === old ? checked : other)) };
}

function checkedHost(config: ProxyConfig, host: Host): Host {
  refuseInvalid(hostProblems(host));
  refuseCollision(
    host,
    config.hosts.filter((other) => other.id !== host.id),
  );
  return host;
}

function idProblems(path: string, given: string | undefined, present: string): Problem[] {
  if (given === undefined || given.toLowerCase() === present.toLowerCase()) return [];
  return [{ path, message: `must be ${present} or left out: an id never changes` }];
}

// --- HTTP routes ---------------------------------------------------------------------------------------------------

/** Adds a route, or replaces the one with the same path or pattern. @throws ProxyError not_found, invalid */
export function addHttpRoute(config: ProxyConfig, ref: string, input: HttpRouteInput): ProxyConfig {
  const host = findHost(config, ref);
  const old = host.http_routes.find((route) => isSameMatch(route, input));
  if (old === undefined) {
    refuseInvalid(
      input.id === undefined
        ? []
        : [{ path: 'id', message: 'is given by prproxy: leave it out for a new path or pattern' }],
    );
    const route = httpRouteFromInput(input, newId(), 0);
    const routes =
      input.order === undefined ? placedByPath(host.http_routes, route) : placed(host.http_routes, route, input.order);
    return withHost(config, { ...host, http_routes: routes });
  }
  refuseInvalid(idProblems('id', input.id, old.id));
  const others = host.http_routes.filter((route) => route !== old);
  const routes = placed(others, httpRouteFromInput(input, old.id, old.order), input.order ?? old.order);
  return withHost(config, { ...host, http_routes: routes });
}

/** @throws ProxyError not_found */
export function removeHttpRoute(config: ProxyConfig, ref: string, routeRef: string): ProxyConfig {
  const host = findHost(config, ref);
  const route = findHttpRoute(host, routeRef);
  return withHost(config, { ...host, http_routes: numbered(host.http_routes.filter((other) => other !== route)) });
}

/** @throws ProxyError not_found */
export function moveHttpRoute(config: ProxyConfig, ref: string, routeRef: string, order: number): ProxyConfig {
  const host = findHost(config, ref);
  const route = findHttpRoute(host, routeRef);
  const others = host.http_routes.filter((other) => other !== route);
  return withHost(config, { ...host, http_routes: placed(others, route, order) });
}

function isSameMatch(route: HttpRoute, input: HttpRouteInput): boolean {
  return route.path === input.path && route.pattern === input.pattern;
}

/**
 * The whole list anew, in the given order, or by `order` where every item tells it. A route with the id of one that exists keeps it, and so does one without an
 * id but with the same path or pattern.
 */
function replacedRoutes(host: Host, inputs: readonly HttpRouteInput[]): HttpRoute[] {
  const byId = new Map(host.http_routes.map((route) => [route.id, route]));
  const claimed = new Set(inputs.flatMap((input) => input.id ?? []));
  refuseInvalid(listProblems(host, inputs, byId));
  const told = inputs.every(({ order }) => order !== undefined);
  const ordered = told ? [...inputs].sort((a, b) => a.order! - b.order!) : inputs;
  return ordered.map((input, index) => {
    const old = host.http_routes.find((route) => isSameMatch(route, input) && !claimed.has(route.id));
    return httpRouteFromInput(input, input.id ?? old?.id ?? newId(), index + 1);
  });
}

function listProblems(host: Host, inputs: readonly HttpRouteInput[], byId: ReadonlyMap<string, HttpRoute>): Problem[] {
  const seen = new Map<string, number>();
  return inputs.flatMap((input, index) => {
    const path = `http_routes[${index}]`;
    const kind = input.path === undefined ? 'pattern' : 'path';
    const keys = [
      { field: kind, key: `${kind} ${routeMatch(input)}` },
      ...(input.id === undefined ? [] : [{ field: 'id', key: `id ${input.id}` }]),
    ];
    const twice = keys.flatMap(({ field, key }) => {
      const first = seen.get(key);
      seen.set(key, first ?? index);
      return first === undefined ? [] : [{ path: `${path}.${field}`, message: `is that of http_routes[${first}] too` }];
    });
    if (input.id === undefined || byId.has(input.id)) return twice;
    const name = host.name === '' ? 'a new host' : `host ${shellWord(host.name)}`;
    return [...twice, { path: `${path}.id`, message: `is no route of ${name}: leave it out for a new route` }];
  });
}

// --- TCP routes ----------------------------------------------------------------------------------------------------

/** @throws ProxyError not_found, invalid */
export function setTcpRoute(config: ProxyConfig, ref: string, input: TcpRouteInput): ProxyConfig {
  const host = findHost(config, ref);
  return withHost(config, { ...host, tcp_route: tcpRoute(host, input) });
}

/** @throws ProxyError not_found */
export function removeTcpRoute(config: ProxyConfig, ref: string): ProxyConfig {
  const host = findHost(config, ref);
  if (host.tcp_route === undefined) throw new ProxyError('not_found', `host ${shellWord(host.name)} has no TCP route`);
  const { tcp_route: _removed, ...rest } = host;
  return withHost(config, rest);
}

function tcpRoute(host: Host, input: TcpRouteInput) {
  const id = host.tcp_route?.id ?? newId();
  const path = 'tcp_route.id';
  if (host.tcp_route !== undefined) refuseInvalid(idProblems(path, input.id, id));
  else refuseInvalid(input.id === undefined ? [] : [{ path, message: 'is given by prproxy: leave it out' }]);
  return tcpRouteFromInput(input, id);
}
