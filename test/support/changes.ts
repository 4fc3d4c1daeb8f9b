// A stream of random, valid changes, and what the config must be after each: the model that a killed agent is held to.
import type { Proxy } from '../../src/model/config.ts';
import type { RpcClient } from '../../src/rpc/client.ts';
import type { Random } from './random.ts';

interface HostSnapshot {
  readonly name: string;
  readonly port: string;
  /** `/path → port`, in order. */
  readonly routes: readonly string[];
}

/** What the changes of this file change; ids are left out, they are the agent's. */
export interface Snapshot {
  readonly connections: number;
  readonly hosts: readonly HostSnapshot[];
}

export interface Change {
  call(client: RpcClient): Promise<unknown>;
  readonly next: Snapshot;
}

interface Config {
  readonly proxy: Pick<Proxy, 'limits'>;
  readonly hosts: readonly {
    readonly name: string;
    readonly port: string;
    readonly http_routes: readonly { readonly path?: string | undefined; readonly target_port: string }[];
  }[];
}

export function snapshotOf({ proxy, hosts }: Config): Snapshot {
  return {
    connections: proxy.limits.connections,
    hosts: hosts.map(({ name, port, http_routes }) => ({
      name,
      port,
      routes: http_routes.map((route) => `${route.path} → ${route.target_port}`),
    })),
  };
}

/** @param ports for hosts; the first host of `present` is never touched */
export function nextChange(present: Snapshot, random: Random, ports: readonly string[]): Change {
  const [, ...mine] = present.hosts;
  const free = ports.filter((port) => !mine.some((host) => host.port === port));
  const full = mine.filter((host) => host.routes.length > 0);
  const makers: (() => Change)[] = [() => setLimit(present, random)];
  if (free.length > 0) makers.push(() => addHost(present, random.pick(free), random));
  if (mine.length > 0) makers.push(() => addRoute(present, random.pick(mine), random));
  if (mine.length > 2) makers.push(() => removeHost(present, random.pick(mine)));
  if (full.length > 0) makers.push(() => removeRoute(present, random.pick(full), random));
  return random.pick(makers)();
}

function setLimit(present: Snapshot, random: Random): Change {
  const connections = 100 + random.below(10_000);
  return {
    call: (client) => client.call('config.set', { limits: { connections } }),
    next: { ...present, connections },
  };
}

function addHost(present: Snapshot, port: string, random: Random): Change {
  const name = `host ${random.below(1_000_000)}`;
  return {
    call: (client) => client.call('host.add', { host: '127.0.0.1', port, name }),
    next: { ...present, hosts: [...present.hosts, { name, port, routes: [] }] },
  };
}

function removeHost(present: Snapshot, host: HostSnapshot): Change {
  return {
    call: (client) => client.call('host.remove', { host_id: host.name }),
    next: { ...present, hosts: present.hosts.filter((other) => other !== host) },
  };
}

/** A pattern of distinct first segments, so that a new route is always the last. */
function addRoute(present: Snapshot, host: HostSnapshot, random: Random): Change {
  const path = `/r${random.below(1_000_000)}`;
  const target_port = String(1 + random.below(65_535));
  return {
    call: (client) =>
      client.call('route.http.add', { host_id: host.name, path, target_host: '127.0.0.1', target_port }),
    next: withRoutes(present, host, [...host.routes, `${path} → ${target_port}`]),
  };
}

function removeRoute(present: Snapshot, host: HostSnapshot, random: Random): Change {
  const route = random.pick(host.routes);
  const [path = ''] = route.split(' ');
  return {
    call: (client) => client.call('route.http.remove', { host_id: host.name, route_id: path }),
    next: withRoutes(
      present,
      host,
      host.routes.filter((other) => other !== route),
    ),
  };
}

function withRoutes(present: Snapshot, host: HostSnapshot, routes: readonly string[]): Snapshot {
  return { ...present, hosts: present.hosts.map((other) => (other === host ? { ...host, routes } : other)) };
}
