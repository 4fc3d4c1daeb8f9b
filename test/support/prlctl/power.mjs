// @ts-check
// Power actions and `exec` of the simulated prlctl: what is allowed in which state, the texts, and the exit codes, the
// odd ones included (`stop` of a stopped machine says Failed and exits 0). Waiting actions return when they are done.
import { Exit, vmOf } from './exit.mjs';
import { act, phaseOf, TIMINGS } from './machine.mjs';
import { readState, updateState } from './store.mjs';

/** @typedef {import('./store.d.mts').SimulatedVm} Vm */
/** @typedef {{ verb: string, doing: string, done: string, from: Record<string, Parameters<typeof act>[2]>, waitsFor?: string }} Action */

/** @type {Record<string, Action>} */
const ACTIONS = {
  start: { verb: 'start', doing: 'Starting', done: 'started', from: { stopped: 'start' } },
  stop: { verb: 'stop', doing: 'Stopping', done: 'stopped', from: { running: 'stop' }, waitsFor: 'stopped' },
  suspend: {
    verb: 'suspend',
    doing: 'Suspending',
    done: 'suspended',
    from: { running: 'suspend', paused: 'suspend' },
    waitsFor: 'suspended',
  },
  resume: { verb: 'resume', doing: 'Resuming', done: 'resumed', from: { suspended: 'resume', paused: 'continue' } },
  pause: { verb: 'pause', doing: 'Pausing', done: 'paused', from: { running: 'pause' }, waitsFor: 'paused' },
  reset: { verb: 'reset', doing: 'Resetting', done: 'reset', from: { running: 'reset' } },
  restart: { verb: 'restart', doing: 'Restarting', done: 'restarted', from: { running: 'reset' } },
};

/** @param {string} verb */
export function isPowerAction(verb) {
  return Object.hasOwn(ACTIONS, verb);
}

/**
 * @param {string} path of the state file
 * @param {string} verb
 * @param {readonly string[]} args after the verb: the VM, then flags
 * @returns {Promise<string>} what it prints
 */
export async function power(path, verb, args) {
  const action = /** @type {Action} */ (ACTIONS[verb]);
  const [ref, ...flags] = args;
  const doing = `${action.doing} the VM...\n`;
  const done = updateState(path, (state) => {
    const vm = vmOf(state, ref);
    if (verb === 'stop') return stop(state, vm, flags, doing);
    const step = action.from[phaseOf(vm).state];
    if (step === undefined) throw refusal(action, vm, doing);
    if (verb === 'restart' && vm.stubborn) throw new Exit('Failed to restart the VM: Operation canceled', 255, doing);
    act(state, vm, step);
    return action.done;
  });
  if (action.waitsFor !== undefined) await reached(path, ref, action.waitsFor);
  return `${doing}The VM has been successfully ${done}.\n`;
}

/**
 * @param {import('./store.d.mts').State} state
 * @param {Vm} vm
 * @param {readonly string[]} flags
 * @param {string} doing
 * @returns {string} how it was stopped
 */
function stop(state, vm, flags, doing) {
  const now = phaseOf(vm).state;
  const isKill = flags.includes('--kill');
  if (now === 'stopped') throw new Exit(`Failed to stop the VM: ${notStarted(vm)}`, 0, doing);
  if (now === 'suspended' && !flags.includes('--drop-state')) {
    throw new Exit(`Failed to stop the VM: ${busy(vm)}`, 0, doing);
  }
  if (isKill || now === 'suspended') {
    act(state, vm, 'kill');
    return isKill ? 'forcibly stopped' : 'stopped';
  }
  if (vm.stubborn) throw new Exit('Failed to stop the VM: Operation canceled', 255, doing);
  if (now !== 'running') throw new Exit(`Failed to stop the VM: ${busy(vm)}`, 255, doing);
  act(state, vm, 'stop');
  return 'stopped';
}

/** @param {Action} action @param {Vm} vm @param {string} doing */
function refusal(action, vm, doing) {
  const isOff = phaseOf(vm).state === 'stopped';
  const why = isOff && action.verb !== 'resume' ? notStarted(vm) : busy(vm);
  return new Exit(`Failed to ${action.verb} the VM: ${why}`, 255, doing);
}

/** @param {Vm} vm */
function notStarted(vm) {
  return `Unable to perform the operation because "${vm.name}" is not started.`;
}

/** @param {Vm} vm */
function busy(vm) {
  const { state } = phaseOf(vm);
  return `Unable to complete the operation. This operation cannot be completed because "${vm.name}" is in the "${state}" state.`;
}

/**
 * Until the VM is in that state, or somebody else has taken it elsewhere.
 * @param {string} path
 * @param {string | undefined} ref
 * @param {string} wanted
 */
async function reached(path, ref, wanted) {
  const moving = ['stopping', 'suspending', 'pausing'];
  for (;;) {
    const now = phaseOf(vmOf(readState(path), ref)).state;
    if (now === wanted || !moving.includes(now)) return;
    await new Promise((resolve) => setTimeout(resolve, Math.min(20, TIMINGS.pausing)));
  }
}

/**
 * A guest that knows `echo`, `date` and `ipconfig getifaddr`.
 * @param {import('./store.d.mts').State} state
 * @param {readonly string[]} args the VM, then flags and the command
 * @returns {string}
 */
export function exec(state, args) {
  const vm = vmOf(state, args[0]);
  const [command, ...rest] = args.slice(1).filter((arg) => arg !== '--current-user');
  const phase = phaseOf(vm);
  if (phase.state !== 'running') throw new Exit(notStarted(vm));
  const ipv4 = phase.addresses.find((ip) => !ip.includes(':') && !ip.startsWith('169.254.'));
  if (vm.tools === 'not_installed' || ipv4 === undefined) {
    throw new Exit(
      'Unable to open new session in this virtual machine. Make sure your virtual machine has finished booting, ' +
        'runs the latest version of Parallels Tools, and is not isolated from the host OS.',
    );
  }
  if (command === 'echo') return `${rest.join(' ')}\n`;
  if (command === 'date') return `${new Date().toUTCString()}\n`;
  if (command === 'ipconfig' && rest[0] === 'getifaddr') return `${ipv4}\n`;
  throw new Exit(`${command}: command not found`, 127);
}
