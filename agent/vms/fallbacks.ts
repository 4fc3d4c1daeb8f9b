// Where else the address of a running VM may be found, when prlctl tells none that could be dialled: it knows only what
// Parallels Tools in the guest report.
import { isGlobal } from './address.ts';
import type { GuestAddresses } from './guest-addresses.ts';
import { type Leases, readLeases } from './leases.ts';
import type { AddressClaim, VmReading } from './provider.ts';

/** prlctl's word for macOS. */
const MACOS = 'macosx';

export class Fallbacks {
  readonly #env: NodeJS.ProcessEnv;
  readonly #guests: GuestAddresses;

  /** @param env where the file of leases may be named */
  constructor(env: NodeJS.ProcessEnv, guests: GuestAddresses) {
    this.#env = env;
    this.#guests = guests;
  }

  /**
   * The readings, those that lack an address with what other sources say. Never throws.
   * @param ask prints the address that a macOS guest has; must not reject
   */
  async complete(readings: readonly VmReading[], ask: (id: string) => Promise<string>): Promise<readonly VmReading[]> {
    const lacking = readings.filter(lacksAddress);
    this.#guests.keep(new Set(lacking.map(({ id }) => id)));
    if (lacking.length === 0) return readings;
    const leases = await readLeases(this.#env);
    const claim = (reading: VmReading) => claimed('leases', leasedTo(reading, leases)) ?? this.#told(reading, ask);
    return readings.map((reading) => {
      const found = lacksAddress(reading) ? claim(reading) : undefined;
      return found === undefined ? reading : { ...reading, fallbacks: [found] };
    });
  }

  #told({ id, os }: VmReading, ask: (id: string) => Promise<string>): AddressClaim | undefined {
    if (os !== MACOS) return undefined;
    const ip = this.#guests.of(id, () => ask(id));
    return claimed('guest', ip === undefined ? [] : [ip]);
  }
}

function lacksAddress({ state, addresses = [] }: VmReading): boolean {
  return state === 'running' && !addresses.some((ip) => isGlobal(ip));
}

function leasedTo({ macs }: VmReading, leases: Leases): readonly string[] {
  return macs.flatMap((mac) => leases.get(mac) ?? []);
}

function claimed(source: string, addresses: readonly string[]): AddressClaim | undefined {
  return addresses.length === 0 ? undefined : { source, addresses };
}
