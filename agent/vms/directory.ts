// What the rest of the agent may ask about VMs. The table implements it. Types only.
import type { VmsStatus } from '../../src/model/status.ts';
import type { VmKey } from '../targets.ts';

/** A VM as the last good reading showed it. */
export interface VmRecord {
  readonly key: VmKey;
  /** UUID, lower case, no braces. */
  readonly id: string;
  readonly name: string;
  /** prlctl's word, or `unknown`. */
  readonly state: string;
  readonly os: string;
  /** Seconds, as prlctl prints it. */
  readonly uptime: string;
  readonly guestToolsState: string;
  readonly guestToolsVersion: string;
  /** All that were reported, in canonical form. */
  readonly addresses: readonly string[];
  /** The one that traffic goes to. */
  readonly address: string | undefined;
  /** Where it was read, e.g. `prlctl`. */
  readonly addressSource: string | undefined;
  /** When the reading was made that showed it last. */
  readonly seenAt: Date;
}

export interface VmDirectory {
  /** By name. Empty before the first good reading. */
  list(): readonly VmRecord[];
  /** By id (braces and case do not matter), else by name (exact first, then without regard to case if that is one VM). */
  find(ref: string): VmRecord | undefined;
  status(): VmsStatus;
  /** Looks now. True when prlctl answered, so that what is not listed does not exist. Never throws. */
  refresh(): Promise<boolean>;
}
