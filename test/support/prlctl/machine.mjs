// @ts-check
// The life of a simulated VM. There is no daemon: an action writes a timeline of phases, and what the VM is now follows
// from the clock whenever somebody reads it.
import { randomBytes, randomUUID } from 'node:crypto';

/** @typedef {import('./store.d.mts').State} State */
/** @typedef {import('./store.d.mts').SimulatedVm} Vm */
/** @typedef {import('./store.d.mts').Phase} Phase */
/** @typedef {import('./store.d.mts').Timings} Timings */
/** @typedef {import('./machine.d.mts').VmDraft} VmDraft */

/** Milliseconds; real machines take 10 to 100 times as long. */
export const TIMINGS = {
  starting: 200,
  stopping: 150,
  suspending: 150,
  resuming: 150,
  pausing: 50,
  continuing: 50,
  resetting: 150,
  address: 100,
  stage: 50,
};

/** What a Windows guest reports on its way up: nothing, link-local, unique local, self-assigned; then its lease. */
const STAGES = [
  [],
  ['fe80::a22a:acc8:4abd:345c'],
  ['fdb2:2c26:f4e4:0:34a5:e9e2:a530:d5ff', 'fe80::a22a:acc8:4abd:345c'],
  ['169.254.121.17', 'fdb2:2c26:f4e4:0:34a5:e9e2:a530:d5ff', 'fe80::a22a:acc8:4abd:345c'],
];

/** @param {VmDraft} draft @returns {Vm} */
export function createVm(draft) {
  const state = draft.state ?? 'running';
  const addresses = draft.addresses ?? [];
  const stale = draft.stale ?? [];
  return {
    id: (draft.id ?? randomUUID()).toLowerCase().replace(/[{}]/g, ''),
    name: draft.name,
    os: draft.os ?? 'ubuntu',
    bundle: draft.bundle ?? 'pvm',
    template: draft.template ?? false,
    tools: draft.tools ?? 'installed',
    macs: draft.macs ?? [`001C42${randomBytes(3).toString('hex').toUpperCase()}`],
    addresses,
    stages: draft.stages ?? STAGES,
    stale,
    silent: draft.silent ?? false,
    stubborn: draft.stubborn ?? false,
    timings: draft.timings ?? {},
    timeline: [{ at: Date.now(), state, addresses: state === 'running' ? addresses : isOff(state) ? stale : [] }],
  };
}

/** @param {Vm} vm @param {number} [now] @returns {Phase} */
export function phaseOf(vm, now = Date.now()) {
  return vm.timeline.findLast((phase) => phase.at <= now) ?? /** @type {Phase} */ (vm.timeline[0]);
}

/** @param {string} state */
export function isOff(state) {
  return state === 'stopped' || state === 'suspended';
}

/** At once, whatever it was before. @param {Vm} vm @param {string} state */
export function setState(vm, state) {
  vm.timeline = [{ at: Date.now(), state, addresses: reported(vm, state) }];
}

/** From now on; a machine on its way up will have them in the end. @param {Vm} vm @param {string[]} addresses */
export function setAddresses(vm, addresses) {
  const current = phaseOf(vm);
  const last = vm.timeline.at(-1);
  vm.addresses = addresses;
  if (last?.state !== 'running') return;
  if (current === last) vm.timeline = [{ at: Date.now(), state: 'running', addresses }];
  else last.addresses = addresses;
}

/**
 * Writes the timeline of a power action that is allowed now.
 * @param {State} state
 * @param {Vm} vm
 * @param {'start' | 'stop' | 'kill' | 'suspend' | 'resume' | 'continue' | 'pause' | 'reset'} action
 */
export function act(state, vm, action) {
  const times = { ...TIMINGS, ...state.timings, ...vm.timings };
  const before = phaseOf(vm).addresses;
  const plan = new Timeline();
  if (action === 'start') plan.add('starting', [], times.starting);
  if (action === 'reset') plan.add('resetting', [], times.resetting);
  if (action === 'start' || action === 'reset') for (const stage of vm.stages) plan.add('running', stage, times.stage);
  if (action === 'resume') plan.add('resuming', [], times.resuming).add('running', [], times.address);
  if (action === 'continue') plan.add('continuing', [], times.continuing);
  if (action === 'stop') plan.add('stopping', before, times.stopping);
  if (action === 'suspend') plan.add('suspending', before, times.suspending);
  if (action === 'pause') plan.add('pausing', before, times.pausing);
  const end = END[action];
  vm.timeline = plan.add(end, reported(vm, end), 0).phases;
}

/** @type {Record<Parameters<typeof act>[2], string>} */
const END = {
  start: 'running',
  reset: 'running',
  resume: 'running',
  continue: 'running',
  stop: 'stopped',
  kill: 'stopped',
  suspend: 'suspended',
  pause: 'paused',
};

/** @param {Vm} vm @param {string} state @returns {string[]} */
function reported(vm, state) {
  return isOff(state) ? vm.stale : state === 'running' || state === 'paused' ? vm.addresses : [];
}

class Timeline {
  constructor() {
    /** @type {Phase[]} */
    this.phases = [];
    this.at = Date.now();
  }

  /** @param {string} state @param {string[]} addresses @param {number} ms until the next */
  add(state, addresses, ms) {
    this.phases.push({ at: this.at, state, addresses });
    this.at += ms;
    return this;
  }
}
