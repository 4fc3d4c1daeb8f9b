// Who claims an address. One that several running VMs report belongs to none of them until a reading shows it at one only:
// it moved, or prlctl is behind, and traffic must not end at the wrong machine. Addresses that nobody dials do not count. Pure.
import type { VmKey } from '../targets.ts';
import { type AddressRules, isRoutable } from './address.ts';
import type { VmReading } from './provider.ts';
import { classify } from './states.ts';

export class Claims {
  readonly #byIp = new Map<string, VmReading[]>();

  /** @param readings of all VMs, of one look */
  constructor(readings: readonly VmReading[], rules: AddressRules) {
    for (const reading of readings) {
      if (!isUp(reading.state)) continue;
      for (const ip of new Set(reading.addresses)) {
        if (!isRoutable(ip, rules)) continue;
        const claimants = this.#byIp.get(ip);
        if (claimants === undefined) this.#byIp.set(ip, [reading]);
        else claimants.push(reading);
      }
    }
  }

  /** The name of another VM that reports the address too. */
  rival(vm: VmKey, ip: string): string | undefined {
    return this.#byIp.get(ip)?.find(({ key }) => key !== vm)?.name;
  }
}

/** What the others still report is of their last run. */
function isUp(state: string): boolean {
  const kind = classify(state);
  return kind === 'serving' || kind === 'last';
}
