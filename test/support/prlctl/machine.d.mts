// Types of machine.mjs.
import type { Phase, SimulatedVm, State, Timings } from './store.d.mts';

/** What a test says of a VM; all but the name may be left out. */
export interface VmDraft extends Partial<Omit<SimulatedVm, 'timeline'>> {
  name: string;
  /** At first; default `running`. */
  state?: string;
}

export const TIMINGS: Required<Timings>;
export function createVm(draft: VmDraft): SimulatedVm;
export function phaseOf(vm: SimulatedVm, now?: number): Phase;
export function isOff(state: string): boolean;
export function setState(vm: SimulatedVm, state: string): void;
export function setAddresses(vm: SimulatedVm, addresses: string[]): void;
export function act(
  state: State,
  vm: SimulatedVm,
  action: 'start' | 'stop' | 'kill' | 'suspend' | 'resume' | 'continue' | 'pause' | 'reset',
): void;
