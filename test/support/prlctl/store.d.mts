// Types of store.mjs, and of the state file.

/** What a VM is from `at` on, milliseconds since 1970, until the next phase. */
export interface Phase {
  at: number;
  state: string;
  addresses: string[];
}

/** Milliseconds that each step takes; `stage` is the pause before each address of a boot. */
export interface Timings {
  starting?: number;
  stopping?: number;
  suspending?: number;
  resuming?: number;
  pausing?: number;
  continuing?: number;
  resetting?: number;
  /** From `running` to the address, after a resume. */
  address?: number;
  stage?: number;
}

export interface SimulatedVm {
  id: string;
  name: string;
  os: string;
  /** `.macvm` bundles are macOS guests of Apple silicon. */
  bundle: 'pvm' | 'macvm';
  template: boolean;
  tools: 'installed' | 'not_installed' | 'outdated';
  /** One per network adapter: 12 upper-case hex digits. */
  macs: string[];
  /** What it reports when it is up. */
  addresses: string[];
  /** What it reports, step by step, while it boots; the addresses above follow. */
  stages: string[][];
  /** What it still reports when it is off. */
  stale: string[];
  /** prlctl tells none of its addresses, though it has them. */
  silent: boolean;
  /** Refuses a graceful stop. */
  stubborn: boolean;
  timings: Timings;
  /** Sorted; the first lies in the past. */
  timeline: Phase[];
}

export interface Fault {
  /** Of `slow`. */
  ms?: number;
  /** How many times it strikes; for ever when left out. */
  times?: number;
  /** Only this form of `list --json`. */
  only?: 'short' | 'full';
}

export type FaultName =
  | 'login'
  | 'hang'
  | 'slow'
  | 'garbage'
  | 'broken'
  | 'misfire'
  | 'missing-home'
  | 'edition'
  | 'empty'
  | 'deaf'
  | 'dies';

export interface State {
  version: string;
  /** Version of the guest tools. */
  tools: string;
  timings: Timings;
  faults: { [name in FaultName]?: Fault };
  vms: SimulatedVm[];
}

export const STATE_VARIABLE: string;
export function statePath(): string;
export function emptyState(): State;
export function readState(path: string): State;
export function updateState<T>(path: string, edit: (state: State) => T): T;
export function strikes(path: string, name: FaultName, form?: 'short' | 'full'): Fault | undefined;
export function callsPath(path: string): string;
export function leasesPath(path: string): string;
export function giveLease(path: string, vm: SimulatedVm, ip: string): void;
export function logCall(path: string, args: readonly string[]): void;
export function sleepSync(ms: number): void;
