// Which of the addresses that a VM reports may be dialled. The guest controls what is reported, so an address that
// would lead back to this machine or to nowhere is refused, unless the user named its network in vm_networks. Pure.
import { isIP, isIPv4 } from 'node:net';
import type { NetworkInterfaceInfo } from 'node:os';
import { canonicalIp } from '../../src/model/values.ts';
import { Networks, plainIp } from '../networks.ts';

/** Not dialled: this network, loopback, link-local, multicast, reserved and broadcast (RFC 6890). */
const REFUSED_IPV4 = new Networks(['0.0.0.0/8', '127.0.0.0/8', '169.254.0.0/16', '224.0.0.0/4', '240.0.0.0/4']);

/**
 * RFC 4291 2.4: global unicast. Unique local addresses (fc00::/7) are left out: a booting VM reports one well before its
 * IPv4 address, and this machine often has no route to it. Who needs one puts its network into vm_networks.
 */
const GLOBAL_IPV6 = new Networks(['2000::/3']);

/** What decides whether an address may be dialled. */
export interface AddressRules {
  /** Allowed whatever else they are. */
  readonly vmNetworks: Networks;
  /** This machine's own, canonical. */
  readonly own: ReadonlySet<string>;
  /** Parallels' own network, which each VM has at first and this machine is always part of. */
  readonly shared: Networks;
}

/** Parallels' shared network as it is at first. */
const SHARED_NETWORK = '10.211.55.0/24';
/** This machine's adapter of that network, whatever its range is. */
const SHARED_ADAPTER = 'vnic0';

/** @param interfaces of this machine */
export function rulesFrom(vmNetworks: Networks, interfaces: NodeJS.Dict<NetworkInterfaceInfo[]>): AddressRules {
  const all = Object.values(interfaces).flatMap((list) => list ?? []);
  const shared = (interfaces[SHARED_ADAPTER] ?? []).flatMap(({ cidr, family }) => (family === 'IPv4' && cidr) || []);
  return {
    vmNetworks,
    own: new Set(all.flatMap(({ address }) => readAddress(address) ?? [])),
    shared: new Networks([SHARED_NETWORK, ...shared]),
  };
}

/** The one form of an address: no zone, lower case, shortest, IPv4 when it is an IPv4 one. Undefined: no address. */
export function readAddress(text: string): string | undefined {
  const [bare = ''] = text.split('%');
  if (isIP(bare) === 0) return undefined;
  const ip = plainIp(canonicalIp(bare));
  return ip === '0.0.0.0' || ip === '::' ? undefined : ip;
}

/** @param ip canonical */
export function isRoutable(ip: string, rules: AddressRules): boolean {
  if (rules.vmNetworks.has(ip)) return true;
  return !rules.own.has(ip) && isGlobal(ip);
}

/** Without a look at who asks. @param ip canonical */
export function isGlobal(ip: string): boolean {
  return isIPv4(ip) ? !REFUSED_IPV4.has(ip) : GLOBAL_IPV6.has(ip);
}

/**
 * The address that traffic goes to: IPv4 before IPv6, the shared network before others, then the one in use already
 * (prlctl's order means nothing, and a second interface that comes up, such as a container bridge, must not take the
 * traffic away), then the first.
 * @param reported of the newest reading, canonical
 * @param current in use until now
 */
export function chooseAddress(
  reported: readonly string[],
  current: string | undefined,
  rules: AddressRules,
): string | undefined {
  const routable = reported.filter((ip) => isRoutable(ip, rules));
  const best = preferred(
    preferred(routable, (ip) => isIPv4(ip)),
    (ip) => rules.shared.has(ip),
  );
  return current !== undefined && best.includes(current) ? current : best[0];
}

/** Those that fit, or all when none does. */
function preferred(addresses: readonly string[], fits: (ip: string) => boolean): readonly string[] {
  const fitting = addresses.filter(fits);
  return fitting.length > 0 ? fitting : addresses;
}
