// One VM in the table: its record, and the answer to "where is it" worked out when the reading came, so that a look-up
// only hands it out. Immutable but for the cache of addresses per port.
import type { Absence, Address, Resolution } from '../targets.ts';
import { type AddressRules, chooseAddress, isRoutable } from './address.ts';
import type { Claims } from './claims.ts';
import type { VmRecord } from './directory.ts';
import type { AddressClaim, VmReading } from './provider.ts';
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
  const claimed = claimsOf(reading, before);
  const isOurs = (ip: string) => claims.rival(reading.key, ip) === undefined;
  const served = servedClaim(reading.state, claimed, before, (ip) => isOurs(ip) && isRoutable(ip, rules), rules);
  return {
    key: reading.key,
    id: reading.id,
    name: reading.name,
    state: reading.state,
    os: reading.os,
    uptime: reading.uptime,
    guestToolsState: reading.guestToolsState,
    guestToolsVersion: reading.guestToolsVersion,
    addresses: [...new Set(claimed.flatMap(({ addresses }) => addresses))],
    address: served?.address,
    addressSource: served?.source,
    seenAt,
  };
}

/** The better first. A reading that does not tell the addresses leaves those in use. */
function claimsOf(reading: VmReading, before: VmRecord | undefined): readonly AddressClaim[] {
  const { addresses, addressSource, fallbacks = [] } = reading;
  if (addresses !== undefined) return [{ source: addressSource, addresses }, ...fallbacks];
  // What a VM had before it went down means nothing.
  if (before?.address === undefined || before.addressSource === undefined) return fallbacks;
  return [{ source: before.addressSource, addresses: [before.address, ...before.addresses] }, ...fallbacks];
}

/**
 * Addresses are gated on the state: a stopped VM may still report those of its last run.
 * @param claimed the better first
 */
function servedClaim(
  state: string,
  claimed: readonly AddressClaim[],
  before: VmRecord | undefined,
  isUsable: (ip: string) => boolean,
  rules: AddressRules,
): { readonly address: string; readonly source: string | undefined } | undefined {
  const kind = classify(state);
  if (kind !== 'serving' && kind !== 'last') return undefined;
  if (kind === 'last' && before !== undefined) {
    const { address, addressSource: source } = before;
    return address !== undefined && isUsable(address) ? { address, source } : undefined;
  }
  for (const { source, addresses } of claimed) {
    const address = chooseAddress(addresses.filter(isUsable), before?.address, rules);
    if (address !== undefined) return { address, source };
  }
  return undefined;
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
