// @ts-check
// The control verbs `prlctl.mjs sim …`: what a person or a script does to the simulated machines. See prlctl.mjs for
// the list.
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { Exit, vmOf } from './exit.mjs';
import { createVm, phaseOf, setAddresses, setState } from './machine.mjs';
import { callsPath, giveLease, readState, updateState } from './store.mjs';

const FAULTS = [
  'login',
  'hang',
  'slow',
  'garbage',
  'broken',
  'misfire',
  'missing-home',
  'edition',
  'empty',
  'deaf',
  'dies',
];
const OPTIONS = /** @type {const} */ ({
  id: { type: 'string' },
  ip: { type: 'string' },
  state: { type: 'string' },
  os: { type: 'string' },
  stale: { type: 'string' },
  silent: { type: 'boolean' },
  ms: { type: 'string' },
  times: { type: 'string' },
  only: { type: 'string' },
});

/** @param {string} path of the state file @param {string[]} args after `sim` @returns {string} what to print */
export function sim(path, args) {
  const { positionals, values } = parseArgs({ args, options: OPTIONS, allowPositionals: true });
  const [verb, first, second] = positionals;
  switch (verb) {
    case 'add':
      return updateState(path, (state) => {
        const vm = createVm({ ...draftOf(values), name: required(first, 'a name') });
        if (state.vms.some((one) => one.id === vm.id)) throw new Exit(`sim: there is a VM ${vm.id} already`, 2);
        state.vms.push(vm);
        return `${vm.id}\n`;
      });
    case 'remove':
      return updateState(path, (state) => {
        const vm = vmOf(state, first);
        state.vms = state.vms.filter((one) => one !== vm);
        return '';
      });
    case 'address':
      return updateState(path, (state) => {
        setAddresses(vmOf(state, first), addressesOf(required(second, 'an address, several with commas, or -')));
        return '';
      });
    case 'lease':
      giveLease(path, vmOf(readState(path), first), required(second, 'an address'));
      return '';
    case 'state':
      return updateState(path, (state) => {
        setState(vmOf(state, first), required(second, 'a state'));
        return '';
      });
    case 'timing':
      return updateState(path, (state) => {
        Object.assign(state.timings, { [required(first, 'a step')]: Number(required(second, 'milliseconds')) });
        return '';
      });
    case 'fault':
      return updateState(path, (state) => {
        setFault(state, required(first, 'a fault or none'), values);
        return '';
      });
    case 'show':
      return `${JSON.stringify(
        readState(path).vms.map((vm) => ({ id: vm.id, name: vm.name, ...phaseOf(vm) })),
        null,
        2,
      )}\n`;
    case 'calls':
      return callsOf(path);
    default:
      throw new Exit('sim: add | remove | address | lease | state | timing | fault | show | calls', 2);
  }
}

/** @param {import('./store.d.mts').State} state @param {string} name @param {{ ms?: string, times?: string, only?: string }} values */
function setFault(state, name, values) {
  if (name === 'none') {
    state.faults = {};
    return;
  }
  if (!FAULTS.includes(name)) throw new Exit(`sim: no such fault; there are: none ${FAULTS.join(' ')}`, 2);
  Object.assign(state.faults, {
    [name]: {
      ...(values.ms === undefined ? {} : { ms: Number(values.ms) }),
      ...(values.times === undefined ? {} : { times: Number(values.times) }),
      ...(values.only === undefined ? {} : { only: values.only }),
    },
  });
}

/** @param {{ id?: string, ip?: string, state?: string, os?: string, stale?: string, silent?: boolean }} values */
function draftOf(values) {
  const { id, ip, state, os, stale, silent = false } = values;
  return {
    silent,
    ...(id === undefined ? {} : { id }),
    ...(ip === undefined ? {} : { addresses: addressesOf(ip) }),
    ...(state === undefined ? {} : { state }),
    ...(os === undefined ? {} : { os }),
    ...(stale === undefined ? {} : { stale: addressesOf(stale) }),
  };
}

/** @param {string} text */
function addressesOf(text) {
  return text === '-' ? [] : text.split(/[\s,]+/).filter((ip) => ip !== '');
}

/** @param {string | undefined} value @param {string} what @returns {string} */
function required(value, what) {
  if (value === undefined) throw new Exit(`sim: needs ${what}`, 2);
  return value;
}

/** @param {string} path */
function callsOf(path) {
  try {
    return readFileSync(callsPath(path), 'utf8');
  } catch {
    return '';
  }
}
