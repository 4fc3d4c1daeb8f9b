// What the table and the watcher need of a hypervisor. prlctl is the first provider. A reading is a fact about one
// moment; nobody changes it afterwards.
//
// Following events (`watch`) and switching machines on and off (`power`) will be further methods of VmProvider: both
// are things that only the hypervisor's own program can do. Everything else about VMs belongs above this line.
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
}

export interface VmProvider {
  /**
   * Every VM, as of a moment after the call.
   * @param signal ends it early; no process is left.
   * @throws ProviderError and nothing else. A reading that cannot be understood is an error, never "no VMs".
   */
  list(signal?: AbortSignal): Promise<VmReading[]>;
}

/**
 * `missing`: the program does not exist · `unreachable`: it cannot reach its service · `timeout`: no answer in time ·
 * `failed`: it said no · `unparsable`: it answered something else.
 */
export type ProviderErrorKind = 'missing' | 'unreachable' | 'timeout' | 'failed' | 'unparsable';

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
