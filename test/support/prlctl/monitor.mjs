// @ts-check
// `prlctl monitor-events --json`: one object per line, until stdin ends. As with the real program stdout is buffered in
// blocks when it is no terminal, there is no event for an address, and each `list` makes it tell that the VMs are configured
// anew. Not confirmed: the form of the time stamp.
import { existsSync, readFileSync, statSync } from 'node:fs';
import { Exit } from './exit.mjs';
import { phaseOf } from './machine.mjs';
import { toolsOf } from './records.mjs';
import { callsPath, readState, strikes } from './store.mjs';

const BUFFER_BYTES = 4096;
const LOOK_MS = 20;
/** After the beginning of a list; most have ended by then. */
const ECHO_MS = 300;

/**
 * @param {string} path of the state file
 * @returns {Promise<void>} when stdin ends or the state file is gone; rejects when the fault `dies` strikes
 */
export function monitor(path) {
  const out = new BlockBuffer();
  let before = snapshot(path);
  const isListed = listWatch(callsPath(path));
  let echoAt = Infinity;
  const look = () => {
    const now = snapshot(path);
    const told = changes(before, now);
    if (isListed()) echoAt = Math.min(echoAt, Date.now() + ECHO_MS);
    if (Date.now() >= echoAt) {
      for (const id of now.keys()) told.push(event(id, 'vm_config_changed'));
      echoAt = Infinity;
    }
    if (readState(path).faults.deaf) told.length = 0;
    for (const one of told) out.write(`${JSON.stringify(one)}\n`);
    before = now;
  };
  return new Promise((resolve, reject) => {
    const close = () => {
      clearInterval(timer);
      process.stdin.destroy();
      if (echoAt !== Infinity) echoAt = 0;
      if (existsSync(path)) look();
      out.flush();
    };
    const end = () => resolve(close());
    const tick = () => {
      if (!existsSync(path)) return end();
      look();
      if (!strikes(path, 'dies')) return;
      close();
      reject(new Exit('Connection to Parallels Service was lost.', 1));
    };
    const timer = setInterval(tick, LOOK_MS);
    process.stdin.on('end', end).on('error', end).resume();
  });
}

/** @param {string} file of the calls @returns {() => boolean} whether somebody has listed the VMs since it was asked last */
function listWatch(file) {
  const sizeNow = () => statSync(file, { throwIfNoEntry: false })?.size ?? 0;
  let size = sizeNow();
  return () => {
    const before = size;
    size = sizeNow();
    return size > before && readFileSync(file).subarray(before).includes('"args":["list"');
  };
}

/** @param {string} path @returns {Map<string, { name: string, state: string, tools: string }>} */
function snapshot(path) {
  const state = readState(path);
  return new Map(
    state.vms.map((vm) => [vm.id, { name: vm.name, state: phaseOf(vm).state, tools: toolsOf(state, vm).state }]),
  );
}

/** @param {ReturnType<typeof snapshot>} before @param {ReturnType<typeof snapshot>} now @returns {object[]} */
function changes(before, now) {
  const events = [];
  for (const id of before.keys()) if (!now.has(id)) events.push(event(id, 'vm_unregistered'));
  for (const [id, vm] of now) {
    const old = before.get(id);
    if (old === undefined) events.push(event(id, 'vm_added'));
    if (old !== undefined && old.state !== vm.state)
      events.push(event(id, 'vm_state_changed', { 'Vm state name': vm.state }));
    if (old !== undefined && old.tools !== vm.tools) events.push(event(id, 'vm_tools_state_changed'));
    if (old !== undefined && old.name !== vm.name) events.push(event(id, 'vm_config_changed'));
  }
  return events;
}

/** @param {string} id @param {string} name @param {object} [info] */
function event(id, name, info) {
  const timestamp = new Date().toISOString().slice(0, 19).replace('T', ' ');
  return { Timestamp: timestamp, 'VM ID': id, 'Event name': name, ...(info ? { 'Additional info': info } : {}) };
}

class BlockBuffer {
  constructor() {
    this.text = '';
  }

  /** @param {string} line ASCII */
  write(line) {
    this.text += line;
    if (process.stdout.isTTY) this.flush();
    while (this.text.length >= BUFFER_BYTES) {
      process.stdout.write(this.text.slice(0, BUFFER_BYTES));
      this.text = this.text.slice(BUFFER_BYTES);
    }
  }

  flush() {
    process.stdout.write(this.text);
    this.text = '';
  }
}
