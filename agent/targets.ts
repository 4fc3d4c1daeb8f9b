// What the data path knows of where things are. The VM table and the DNS cache both implement `Targets`; agent.ts puts
// them together, so that proxy and vms need not know each other. Types only.

/** `parallels:<uuid>`, lower case, no braces. */
export type VmKey = `parallels:${string}`;

export type VmTarget = { readonly kind: 'vm'; readonly vm: VmKey; readonly port: number };
export type AddressTarget = { readonly kind: 'address'; readonly host: string; readonly port: number };

/** What a route names. */
export type Target = VmTarget | AddressTarget;

/** What is dialled: an IP literal without brackets, and a port. */
export interface Address {
  readonly ip: string;
  readonly port: number;
}

/** Why a target has no address: `coming` may be waited for, `down` is final for now. */
export interface Absence {
  readonly state: 'coming' | 'down';
  /** For people, names the target: "VM Ubuntu is suspended". */
  readonly reason: string;
  readonly retryAfterS: number;
}

export type Resolution = readonly Address[] | Absence;

export type Cancel = () => void;

export interface Targets {
  /** Where the target is now. A look-up in memory: never waits, never throws. The list is not empty. */
  resolve(target: Target): Resolution;
  /**
   * Calls back once, never synchronously: as soon as the target has an address or is down, or with the `coming` of that
   * moment when `deadlineMs` (milliseconds from now) has passed. After cancel it does not call back.
   */
  wait(target: Target, deadlineMs: number, callback: (resolution: Resolution) => void): Cancel;
  /** A dial failed or the address is silent: look again. `reason` is the error code (`ECONNREFUSED`). */
  failed(target: Target, address: Address, reason: string): void;
  /** True while a refused dial should be waited out, because the target has only just come up. */
  settling(target: Target): boolean;
  /**
   * True when a look that began after `since` (of `performance.now()`) ended well, so that what `resolve` says is newer
   * than a failure noticed then. Always true for a target that is not a VM.
   */
  confirmed(target: Target, since: number): boolean;
  /** An upstream connection for the target opened or closed; for idle rules. */
  opened(target: Target): void;
  closed(target: Target): void;
}

export function isAbsence(resolution: Resolution): resolution is Absence {
  return !Array.isArray(resolution);
}
