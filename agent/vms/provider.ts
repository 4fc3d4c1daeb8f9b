// What the table and the watcher need of a hypervisor. prlctl is the first provider. A reading is a fact about one
// moment; nobody changes it afterwards.
//
// Switching machines on and off (`power`) will be a further method of VmProvider: like reading and watching it is a
// thing that only the hypervisor's own program can do. Everything else about VMs belongs above this line.
import type { VmKey } from '../targets.ts';

/** One VM as the provider saw it. */
export interface VmReading {
  readonly key: VmKey;
  /** UUID, lower case, no braces. */
  readonly id: string;
  readonly name: string;
  /** The provider's word in lower case, or `unknown`. */
  readonly state: string;
  readonly os: string;
  /** Seconds, as printed. */
  readonly uptime: string;
  readonly guestToolsState: string;
  readonly guestToolsVersion: string;
  /**
   * All that were reported, canonical, in the provider's order; also those that must not be dialled. Undefined: this
   * reading does not tell.
   */
  readonly addresses: readonly string[] | undefined;
  /** Where the addresses were read. */
  readonly addressSource: string;
  /** Of the adapters of the shared network, as 12 lower-case hex digits. */
  readonly macs: readonly string[];
  /** Further sources, the better first; each counts only when those before it have no address that may be dialled. */
  readonly fallbacks?: readonly AddressClaim[];
}

/** Addresses of a VM that did not come with its reading. */
export interface AddressClaim {
  /** `leases` of the DHCP server, or `guest`. */
  readonly source: string;
  /** Canonical. */
  readonly addresses: readonly string[];
}

/** `listed`: it was added or removed · `other`: anything else, and no more than the echo of a reading maybe. */
export type VmEventKind = 'state' | 'tools' | 'listed' | 'other';

/** Something happened to a VM. What it is now, a reading tells; there is no event for an address. */
export interface VmEvent {
  readonly vm: VmKey;
  readonly kind: VmEventKind;
}

/** Who is told of events. Must not throw. */
export interface Follower {
  /** The program runs; it is not known when it begins to hear. */
  onStart(): void;
  onEvent(event: VmEvent): void;
}

export interface VmProvider {
  /**
   * Every VM, as of a moment after the call.
   * @param signal ends it early; no process is left.
   * @throws ProviderError and nothing else. A reading that cannot be understood is an error, never "no VMs".
   */
  list(signal?: AbortSignal): Promise<readonly VmReading[]>;
  /**
   * Tells of events until they end. Absent: there are none.
   * @param signal ends it; no process is left.
   * @throws ProviderError always, for they should not end; `unsupported`: this version has none
   */
  watch?(follower: Follower, signal: AbortSignal): Promise<never>;
}

/**
 * `missing`: the program does not exist · `unreachable`: it cannot reach its service · `timeout`: no answer in time ·
 * `failed`: it said no · `unparsable`: it answered something else · `unsupported`: it is too old for that.
 */
export type ProviderErrorKind = 'missing' | 'unreachable' | 'timeout' | 'failed' | 'unparsable' | 'unsupported';

export class ProviderError extends Error {
  readonly kind: ProviderErrorKind;
  /** Short and free of paths: fit for the answer to a stranger's request. `message` says more, and what to do. */
  readonly reason: string;

  constructor(kind: ProviderErrorKind, reason: string, message: string = reason) {
    super(message);
    this.name = 'ProviderError';
    this.kind = kind;
    this.reason = reason;
  }
}
