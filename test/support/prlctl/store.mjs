// @ts-check
// The state file of the simulated prlctl. Many short processes share it: a reader sees a whole file (writers rename),
// writers take turns by a lock file, and a lock whose holder has died is broken.
import {
  appendFileSync,
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  statSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { dirname, join } from 'node:path';

/** @typedef {import('./store.d.mts').State} State */

export const STATE_VARIABLE = 'PRPROXY_FAKE_PRLCTL_STATE';

const LOCK_WAIT_MS = 10_000;
const LEASE_S = 1_800;

/** @returns {string} the path that the environment names, else one in the temporary folder, per user */
export function statePath() {
  const given = process.env[STATE_VARIABLE];
  return given ? given : join(tmpdir(), `prproxy-fake-prlctl-${userInfo().uid}`, 'state.json');
}

/** @returns {State} */
export function emptyState() {
  return { version: 'prlctl version 26.4.1 (57516)', tools: '26.4.1-57516', timings: {}, faults: {}, vms: [] };
}

/** @param {string} path @returns {State} an empty state when there is no file */
export function readState(path) {
  try {
    return { ...emptyState(), ...JSON.parse(readFileSync(path, 'utf8')) };
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return emptyState();
    throw error;
  }
}

/**
 * Reads, lets `edit` change the state in place, and writes it back, with no other writer in between.
 * @template T
 * @param {string} path
 * @param {(state: State) => T} edit
 * @returns {T} what `edit` gave
 */
export function updateState(path, edit) {
  mkdirSync(dirname(path), { recursive: true });
  const lock = `${path}.lock`;
  takeLock(lock);
  try {
    const state = readState(path);
    const result = edit(state);
    const fresh = `${path}.${process.pid}.tmp`;
    writeFileSync(fresh, `${JSON.stringify(state, null, 2)}\n`);
    renameSync(fresh, path);
    return result;
  } finally {
    unlinkSync(lock);
  }
}

/**
 * Whether a fault strikes now; counts it.
 * @param {string} path of the state file
 * @param {import('./store.d.mts').FaultName} name
 * @param {'short' | 'full'} [form] of the list that is asked for
 */
export function strikes(path, name, form) {
  const fault = readState(path).faults[name];
  if (fault === undefined || (fault.only !== undefined && fault.only !== form)) return undefined;
  if (fault.times === undefined) return fault;
  return updateState(path, (state) => {
    const left = state.faults[name]?.times ?? 0;
    if (left <= 0) return undefined;
    state.faults[name] = { ...fault, times: left - 1 };
    return fault;
  });
}

/** @param {string} path of the state file @returns {string} one line per invocation */
export function callsPath(path) {
  return `${path}.calls`;
}

/** @param {string} path of the state file @returns {string} the leases of the DHCP server */
export function leasesPath(path) {
  return `${path}.leases`;
}

/**
 * The DHCP server gives the VM's first adapter an address. Older rows stay.
 * @param {string} path of the state file
 * @param {import('./store.d.mts').SimulatedVm} vm
 * @param {string} ip
 */
export function giveLease(path, vm, ip) {
  const file = leasesPath(path);
  const mac = (vm.macs[0] ?? '').toLowerCase();
  if (!existsSync(file)) writeFileSync(file, '\n[vnic0]\n');
  appendFileSync(file, `${ip}="${Math.floor(Date.now() / 1000) + LEASE_S},${LEASE_S},${mac},01${mac}"\n`);
}

/** @param {string} path of the state file @param {readonly string[]} args */
export function logCall(path, args) {
  mkdirSync(dirname(path), { recursive: true });
  appendFileSync(callsPath(path), `${JSON.stringify({ at: Date.now(), pid: process.pid, args })}\n`);
}

/** @param {number} ms blocks this thread */
export function sleepSync(ms) {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

/** @param {string} lock */
function takeLock(lock) {
  const deadline = Date.now() + LOCK_WAIT_MS;
  while (!tryLock(lock)) {
    if (Date.now() > deadline) throw new Error(`the lock ${lock} is held for too long`);
    if (!breakStaleLock(lock)) sleepSync(2);
  }
}

/** @param {string} lock */
function tryLock(lock) {
  try {
    const file = openSync(lock, 'wx');
    writeFileSync(file, String(process.pid));
    closeSync(file);
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    throw error;
  }
}

/** @param {string} lock @returns {boolean} true when there was one */
function breakStaleLock(lock) {
  try {
    const before = statSync(lock);
    const pid = Number(readFileSync(lock, 'utf8'));
    if (pid === 0 && Date.now() - before.mtimeMs < 1_000) return false;
    if (pid !== 0 && isAlive(pid)) return false;
    if (statSync(lock).ino !== before.ino) return false;
    unlinkSync(lock);
    return true;
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return true;
    throw error;
  }
}

/** @param {number} pid */
function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return codeOf(error) === 'EPERM';
  }
}

/** @param {unknown} error @returns {unknown} */
function codeOf(error) {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}
