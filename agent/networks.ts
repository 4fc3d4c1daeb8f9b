// A set of IP networks (`10.211.55.0/24`, `::1/128`, single addresses). Immutable after construction.
import { BlockList, isIP } from 'node:net';

export class Networks {
  readonly #list = new BlockList();
  /** Answers are few and asked often: one per client address. Cleared when it grows beyond `CACHE_LIMIT`. */
  readonly #known = new Map<string, boolean>();

  /** @param networks checked before (model/values.ts `Cidr`). */
  constructor(networks: readonly string[]) {
    for (const network of networks) this.#add(network);
  }

  /** @param ip IP literal; an IPv4-mapped IPv6 address is read as the IPv4 address. */
  has(ip: string): boolean {
    let known = this.#known.get(ip);
    if (known === undefined) {
      known = this.#check(ip);
      if (this.#known.size >= CACHE_LIMIT) this.#known.clear();
      this.#known.set(ip, known);
    }
    return known;
  }

  #add(network: string): void {
    const [ip = '', bits] = network.split('/');
    const type = isIP(ip) === 6 ? 'ipv6' : 'ipv4';
    this.#list.addSubnet(ip, bits === undefined ? (type === 'ipv6' ? 128 : 32) : Number(bits), type);
  }

  #check(ip: string): boolean {
    const plain = plainIp(ip);
    const family = isIP(plain);
    return family !== 0 && this.#list.check(plain, family === 6 ? 'ipv6' : 'ipv4');
  }
}

const CACHE_LIMIT = 4096;

/** `::ffff:192.0.2.1` → `192.0.2.1`, `fe80::1%eth0` → `fe80::1` (the zone is our interface's name). */
export function plainIp(ip: string): string {
  const zone = ip.indexOf('%');
  if (zone >= 0) return ip.slice(0, zone);
  return ip.startsWith('::ffff:') && ip.includes('.') ? ip.slice(7) : ip;
}
