// @ts-check
// `prlctl monitor-events --json`: one object per line, until stdin ends. As with the real program stdout is buffered in
// blocks when it is no terminal, and there is no event for an address. Not confirmed: the form of the time stamp.
import { existsSync } from 'node:fs';
import { phaseOf } from './machine.mjs';
import { toolsOf } from './records.mjs';
import { readState } from './store.mjs';

const BUFFER_BYTES = 4096;
const LOOK_MS = 20;

/** @param {string} path of the state file @returns {Promise<void>} when stdin ends or the state file is gone */
export function monitor(path) {
  const out = new BlockBuffer();
  let before = snapshot(path);
  const look = () => {
    const now = snapshot(path);
    for (const event of changes(before, now)) out.write(`${JSON.stringify(event)}\n`);
    before = now;
  };
  return new Promise((resolve) => {
    const timer = setInterval(() => (existsSync(path) ? look() : end()), LOOK_MS);
    const end = () => {
      clearInterval(timer);
      process.stdin.destroy();
      if (existsSync(path)) look();
      out.flush();
      resolve();
    };
    process.stdin.on('end', end).on('error', end).resume();
  });
}

/** @param {string} path @returns {Map<string, { state: string, tools: string }>} */
function snapshot(path) {
  const state = readState(path);
  return new Map(state.vms.map((vm) => [vm.id, { state: phaseOf(vm).state, tools: toolsOf(state, vm).state }]));
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
