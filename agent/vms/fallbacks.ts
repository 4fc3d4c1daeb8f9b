// Where else the address of a running VM may be found, when prlctl tells none that could be dialled: it knows only what
// Parallels Tools in the guest report.
import { isGlobal } from './address.ts';
import { readLeases } from './leases.ts';
import type { AddressClaim, VmReading } from './provider.ts';

/** The readings, those that lack an address with what other sources say. Never throws. */
export async function withFallbacks(readings: readonly VmReading[], env: NodeJS.ProcessEnv): Promise<VmReading[]> {
  if (!readings.some(lacksAddress)) return [...readings];
  const leases = await readLeases(env);
  return readings.map((reading) => {
    if (!lacksAddress(reading)) return reading;
    const leased = reading.macs.flatMap((mac) => leases.get(mac) ?? []);
    const fallbacks: AddressClaim[] = leased.length > 0 ? [{ source: 'leases', addresses: leased }] : [];
    return { ...reading, fallbacks };
  });
}

function lacksAddress({ state, addresses = [] }: VmReading): boolean {
  return state === 'running' && !addresses.some((ip) => isGlobal(ip));
}
