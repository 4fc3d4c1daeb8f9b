// One VM in the table: its record, and the answer to "where is it" worked out when the reading came, so that a look-up
// only hands it out. Immutable but for the cache of addresses per port.
import type { Absence, Address, Resolution } from '../targets.ts';
import { type AddressRules, chooseAddress, isRoutable } from './address.ts';
import type { Claims } from './claims.ts';
import type { VmRecord } from './directory.ts';
import type { VmReading } from './provider.ts';
import { classify } from './states.ts';

/** Seconds after which a client may ask again. */
export const RETRY_COMING_S = 2;
export const RETRY_DOWN_S = 10;

export class Entry {
  readonly reading: VmReading;
  readonly record: VmRecord;
  /** Clock time until which a refused dial is waited out; milliseconds. */
  readonly settlingUntil: number;
  readonly #absence: Absence | undefined;
  /** The same list for the same port, each time. */
  readonly #byPort = new Map<number, readonly Address[]>();

  /** @param claims of the same look */
  constructor(reading: VmReading, record: VmRecord, settlingUntil: number, claims: Claims) {
    this.reading = reading;
    this.record = record;
    this.settlingUntil = settlingUntil;
    this.#absence = record.address === undefined ? absence(record, claims) : undefined;
  }

  resolve(port: number): Resolution {
    if (this.#absence !== undefined) return this.#absence;
    let addresses = this.#byPort.get(port);
    if (addresses === undefined) {
      addresses = Object.freeze([Object.freeze({ ip: this.record.address!, port })]);
      this.#byPort.set(port, addresses);
    }
    return addresses;
  }
}

/**
 * @param before of the reading before this one; undefined when the VM was not in it
 * @param claims of the same look as the reading
 */
export function recordFrom(
  reading: VmReading,
  before: VmRecord | undefined,
  rules: AddressRules,
  claims: Claims,
  seenAt: Date,
): VmRecord {
  // A reading that does not tell the addresses leaves those in use; what a VM had before it went down means nothing.
  const addresses = reading.addresses ?? (before?.address === undefined ? [] : before.addresses);
  const isOurs = (ip: string) => claims.rival(reading.key, ip) === undefined;
  const served = servedAddress(reading.state, addresses.filter(isOurs), before, rules);
  const address = served !== undefined && isOurs(served) ? served : undefined;
  return {
    key: reading.key,
    id: reading.id,
    name: reading.name,
    state: reading.state,
    os: reading.os,
    uptime: reading.uptime,
    guestToolsState: reading.guestToolsState,
    guestToolsVersion: reading.guestToolsVersion,
    addresses,
    address,
    addressSource: address === undefined ? undefined : reading.addressSource,
    seenAt,
  };
}

/** Addresses are gated on the state: a stopped VM may still report those of its last run. */
function servedAddress(
  state: string,
  addresses: readonly string[],
  before: VmRecord | undefined,
  rules: AddressRules,
): string | undefined {
  const kind = classify(state);
  if (kind === 'serving') return chooseAddress(addresses, before?.address, rules);
  if (kind !== 'last') return undefined;
  if (before === undefined) return chooseAddress(addresses, undefined, rules);
  return before.address !== undefined && isRoutable(before.address, rules) ? before.address : undefined;
}

function absence(record: VmRecord, claims: Claims): Absence {
  const kind = classify(record.state);
  if (kind === 'down')
    return { state: 'down', reason: `VM ${record.name} is ${record.state}`, retryAfterS: RETRY_DOWN_S };
  const lacks = kind === 'coming' ? '' : lack(record, claims);
  return { state: 'coming', reason: `VM ${record.name} is ${record.state}${lacks}`, retryAfterS: RETRY_COMING_S };
}

function lack({ key, addresses }: VmRecord, claims: Claims): string {
  const rival = addresses.map((ip) => claims.rival(key, ip)).find((name) => name !== undefined);
  return rival === undefined ? ' but has no address yet' : ` but VM ${rival} reports its address too`;
}
