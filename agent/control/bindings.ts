// Which addresses the hosts listen on, and which listener serves each: pure. A specific address beside the wildcard on
// one port is served by the wildcard's listener; what cannot share an address is a conflict.
import { isIP } from 'node:net';
import { ProxyError } from '../../src/errors.ts';
import type { Proxy } from '../../src/model/config.ts';
import type { Host } from '../../src/model/host.ts';

/** One host on one address. */
export interface Binding {
  readonly host: Host;
  readonly address: string;
  readonly port: number;
  /** The host is matched by its name; otherwise it is the one for its address. */
  readonly byName: boolean;
  /** The machine may lack the address family. */
  readonly optional: boolean;
}

/** What one listening socket serves. */
export interface BindingGroup {
  readonly key: string;
  readonly address: string;
  readonly port: number;
  readonly kind: 'http' | 'tcp';
  readonly bindings: readonly Binding[];
}

/** All addresses of a family. */
export function isWildcard(address: string): boolean {
  return address === '0.0.0.0' || address === '::';
}

export function listenerKey(address: string, port: number): string {
  return `${isIP(address) === 6 ? `[${address}]` : address}:${port}`;
}

function addressesOf(host: string): { address: string; optional: boolean }[] {
  if (host !== 'localhost') return [{ address: host, optional: false }];
  return [
    { address: '127.0.0.1', optional: false },
    { address: '::1', optional: true },
  ];
}

function bindingsOf(host: Host, proxy: Proxy): Binding[] {
  const byName = host.host !== 'localhost' && isIP(host.host) === 0;
  const port = Number(host.port);
  return addressesOf(byName ? proxy.host : host.host).map((where) => ({ host, port, byName, ...where }));
}

/**
 * @returns the listeners that the hosts need
 * @throws ProxyError conflict, naming both hosts
 */
export function groupBindings(hosts: readonly Host[], proxy: Proxy): BindingGroup[] {
  const bindings = hosts.flatMap((host) => bindingsOf(host, proxy));
  const wild = new Set(
    bindings.filter(({ address }) => isWildcard(address)).map(({ address, port }) => listenerKey(address, port)),
  );
  const groups = new Map<string, Binding[]>();
  for (const binding of bindings) {
    const address = wild.has(wildKey(binding)) ? wildcardFor(binding.address) : binding.address;
    const key = listenerKey(address, binding.port);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [binding]);
    else group.push(binding);
  }
  return [...groups].map(([key, group]) => makeGroup(key, group, wild.has(key)));
}

function wildcardFor(address: string): string {
  return isIP(address) === 6 ? '::' : '0.0.0.0';
}

function wildKey({ address, port }: Binding): string {
  return listenerKey(wildcardFor(address), port);
}

function makeGroup(key: string, bindings: readonly Binding[], wild: boolean): BindingGroup {
  const first = bindings[0]!;
  const kind = first.host.tcp_route === undefined ? 'http' : 'tcp';
  const taken = new Map<string, Host>();
  for (const binding of bindings) {
    checkTogether(first.host, binding.host);
    const slot = binding.byName ? `name ${binding.host.host}` : `address ${binding.address}`;
    const other = taken.get(slot);
    if (other !== undefined && other !== binding.host) throw addressTaken(binding, other);
    taken.set(slot, binding.host);
  }
  const address = wild ? wildcardFor(first.address) : first.address;
  return { key, address, port: first.port, kind, bindings };
}

/** Hosts on one listener: all HTTP or one TCP, all TLS or all plain. */
function checkTogether(first: Host, other: Host): void {
  if (first === other) return;
  const tcp = [first, other].filter(({ tcp_route }) => tcp_route !== undefined);
  if (tcp.length > 0) {
    throw new ProxyError(
      'conflict',
      `hosts ${first.name} and ${other.name} cannot share port ${other.port}: ${tcp[0]!.name} is a TCP host and takes all of its traffic; give one of them another port or address`,
      { host_id: first.id },
    );
  }
  if ((first.tls?.enabled === true) === (other.tls?.enabled === true)) return;
  throw new ProxyError(
    'conflict',
    `hosts ${first.name} and ${other.name} cannot share port ${other.port}: one has TLS and the other has not; give one of them another port or address`,
    { host_id: first.id },
  );
}

function addressTaken(binding: Binding, other: Host): ProxyError {
  const where = listenerKey(binding.byName ? binding.host.host : binding.address, binding.port);
  return new ProxyError(
    'conflict',
    `${where} is used by host ${other.name}; choose another address or port, or run \`prproxy host remove ${other.name}\``,
    { host_id: other.id },
  );
}

/** @throws ProxyError conflict, when a host would listen where our own REST server does */
export function refuseRestAddress(groups: readonly BindingGroup[], proxy: Proxy): void {
  const rest = new Set(addressesOf(proxy.rest_host).map(({ address }) => address));
  for (const { port, bindings } of groups) {
    if (port !== Number(proxy.rest_port)) continue;
    const taken = bindings.find(({ address }) => rest.has(address) || isWildcard(address));
    if (taken === undefined) continue;
    throw new ProxyError(
      'conflict',
      `host ${taken.host.name} cannot use port ${port}: prproxy's own REST server listens there; choose another port, or run \`prproxy config set --rest-port\``,
      { host_id: taken.host.id },
    );
  }
}
