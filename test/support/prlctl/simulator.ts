// The simulated prlctl from a test's or the demo's side: makes machines, changes them, switches faults, counts calls.
// Changes are immediate; the program sees them at its next run.
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createVm, phaseOf, setAddresses, setState, type VmDraft } from './machine.mjs';
import {
  callsPath,
  emptyState,
  type Fault,
  type FaultName,
  giveLease,
  leasesPath,
  readState,
  type SimulatedVm,
  type State,
  type Timings,
  updateState,
} from './store.mjs';

export interface Call {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly pid: number;
  readonly args: readonly string[];
}

export interface RunResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export class PrlctlSimulator {
  /** The executable. */
  readonly path = fileURLToPath(new URL('./prlctl.mjs', import.meta.url));
  readonly statePath: string;
  /** What the agent needs in its environment to use it. */
  readonly env: {
    readonly PRPROXY_PRLCTL: string;
    readonly PRPROXY_FAKE_PRLCTL_STATE: string;
    readonly PRPROXY_DHCP_LEASES: string;
  };

  /** @param folder of the state file; made when it does not exist. An existing state is kept. */
  constructor(folder: string) {
    mkdirSync(folder, { recursive: true });
    this.statePath = join(folder, 'prlctl-state.json');
    if (!existsSync(this.statePath)) writeFileSync(this.statePath, JSON.stringify(emptyState()));
    this.env = {
      PRPROXY_PRLCTL: this.path,
      PRPROXY_FAKE_PRLCTL_STATE: this.statePath,
      PRPROXY_DHCP_LEASES: leasesPath(this.statePath),
    };
  }

  /** @returns the new VM's id */
  addVm(draft: VmDraft): string {
    const vm = createVm(draft);
    this.update((state) => state.vms.push(vm));
    return vm.id;
  }

  remove(id: string): void {
    this.update((state) => {
      state.vms = state.vms.filter((vm) => vm.id !== id);
    });
  }

  /** @param addresses none: the VM reports no address */
  setAddress(id: string, ...addresses: string[]): void {
    this.#change(id, (vm) => setAddresses(vm, addresses));
  }

  /** The DHCP server gives the VM an address, which is not yet in the VM. */
  giveLease(id: string, ip: string): void {
    giveLease(this.statePath, vmOf(readState(this.statePath), id), ip);
  }

  /** At once, without the states between; `run('suspend', id)` takes the real way. */
  setState(id: string, state: string): void {
    this.#change(id, (vm) => setState(vm, state));
  }

  rename(id: string, name: string): void {
    this.#change(id, (vm) => {
      vm.name = name;
    });
  }

  /** Milliseconds of steps, for all VMs that have none of their own. */
  setTimings(timings: Timings): void {
    this.update((state) => Object.assign(state.timings, timings));
  }

  setFault(name: FaultName, fault: Fault = {}): void {
    this.update((state) => {
      state.faults[name] = fault;
    });
  }

  clearFaults(): void {
    this.update((state) => {
      state.faults = {};
    });
  }

  /** Any other edit of the state file. */
  update<T>(edit: (state: State) => T): T {
    return updateState(this.statePath, edit);
  }

  /** What the VM is at this moment. */
  now(id: string): { state: string; addresses: string[] } {
    const { state, addresses } = phaseOf(vmOf(readState(this.statePath), id));
    return { state, addresses };
  }

  /** Runs the program as a user would; never rejects. Code -1: killed. */
  run(...args: string[]): Promise<RunResult> {
    const env = { ...process.env, ...this.env };
    return new Promise((resolve) => {
      execFile(this.path, args, { env, maxBuffer: 64 * 1024 * 1024 }, (error, stdout, stderr) => {
        const code = error === null ? 0 : typeof error.code === 'number' ? error.code : -1;
        resolve({ code, stdout, stderr });
      });
    });
  }

  /** Every run of the program but the `sim` verbs, oldest first. */
  calls(): readonly Call[] {
    const path = callsPath(this.statePath);
    if (!existsSync(path)) return [];
    const lines = readFileSync(path, 'utf8').split('\n').slice(0, -1);
    return lines.map((line) => JSON.parse(line) as Call);
  }

  #change(id: string, edit: (vm: SimulatedVm) => void): void {
    this.update((state) => edit(vmOf(state, id)));
  }
}

function vmOf(state: State, id: string): SimulatedVm {
  const vm = state.vms.find((one) => one.id === id);
  if (vm === undefined) throw new Error(`the simulator has no VM ${id}`);
  return vm;
}
