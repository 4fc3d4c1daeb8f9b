// Targets that are addresses: IP literals as they are, names by fresh look-ups that are kept for a moment only (the
// system's resolver tells no life time, and a target's address may change).
import { lookup } from 'node:dns';
import { isIP } from 'node:net';
import type { Address, AddressTarget, Cancel, Resolution, Target, Targets } from '../targets.ts';
import { monotonicMs } from './sweep.ts';

/** How long a good answer of the resolver is used. */
export const DNS_FRESH_MS = 2_000;
const MAX_NAMES = 10_000;

interface Entry {
  readonly addresses: readonly Address[];
  readonly until: number;
}

/** Told the addresses of a name; none = it cannot be resolved. */
type Found = (ips: readonly string[]) => void;

export class DnsTargets implements Targets {
  readonly #literals = new WeakMap<Target, readonly Address[]>();
  readonly #names = new Map<string, Entry>();
  /** Names that are being looked up, with those who wait. */
  readonly #lookups = new Map<string, Set<Found>>();

  resolve(target: Target): Resolution {
    const { host, port } = target as AddressTarget;
    const literal = this.#literals.get(target);
    if (literal !== undefined) return literal;
    if (isIP(host) !== 0) {
      const addresses = [{ ip: host, port }];
      this.#literals.set(target, addresses);
      return addresses;
    }
    const entry = this.#names.get(`${host}:${port}`);
    if (entry !== undefined && entry.until > monotonicMs()) return entry.addresses;
    return { state: 'coming', reason: `the name ${host} is being looked up`, retryAfterS: 1 };
  }

  wait(target: Target, deadlineMs: number, callback: (resolution: Resolution) => void): Cancel {
    const { host, port } = target as AddressTarget;
    const waiting = this.#lookups.get(host) ?? this.#lookUp(host);
    const timer = setTimeout(() => finish(notFound(host, ' in time')), Math.max(1, deadlineMs));
    const cancel = () => {
      clearTimeout(timer);
      waiting.delete(found);
    };
    const finish = (resolution: Resolution) => {
      cancel();
      callback(resolution);
    };
    const found = (ips: readonly string[]) =>
      finish(ips.length === 0 ? notFound(host, '') : this.#store(host, port, ips));
    waiting.add(found);
    return cancel;
  }

  /** One look-up of a name at a time: the resolver has few threads, and one that hangs must not take them all. */
  #lookUp(host: string): Set<Found> {
    const waiting = new Set<Found>();
    this.#lookups.set(host, waiting);
    lookup(host, { all: true, order: 'verbatim' }, (error, addresses) => {
      this.#lookups.delete(host);
      const ips = error === null ? addresses.map(({ address }) => address) : [];
      for (const found of [...waiting]) found(ips);
    });
    return waiting;
  }

  #store(host: string, port: number, ips: readonly string[]): readonly Address[] {
    const addresses = ips.map((ip) => ({ ip, port }));
    if (this.#names.size >= MAX_NAMES) this.#names.clear();
    this.#names.set(`${host}:${port}`, { addresses, until: monotonicMs() + DNS_FRESH_MS });
    return addresses;
  }

  /** The next request asks the resolver again. */
  failed(target: Target): void {
    const { host, port } = target as AddressTarget;
    this.#names.delete(`${host}:${port}`);
  }

  settling(): boolean {
    return false;
  }

  confirmed(): boolean {
    return true;
  }

  opened(): void {}

  closed(): void {}
}

function notFound(host: string, how: string): Resolution {
  return { state: 'down', reason: `the name ${host} cannot be resolved${how}`, retryAfterS: 5 };
}
