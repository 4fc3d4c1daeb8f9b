#!/usr/bin/env node
// @ts-check
// A stand-in for Parallels Desktop's prlctl, for tests and the demo: the same commands, output, errors and exit codes,
// over machines that exist in a state file only (PRPROXY_FAKE_PRLCTL_STATE, default in the temporary folder). Any number
// of processes may share it. Point the agent at this file with PRPROXY_PRLCTL.
//
//   prlctl.mjs --version | list … | status VM | start | stop | suspend | resume | pause | reset | restart VM
//   prlctl.mjs exec VM COMMAND … | monitor-events --json
//
// What happens to the machines (VM is an id or a name; IP may be several with commas, or - for none):
//
//   prlctl.mjs sim add NAME [--ip IP] [--id UUID] [--state STATE] [--os OS] [--stale IP] [--silent]
//                                       prints the id; silent: prlctl tells none of its addresses
//   prlctl.mjs sim remove VM            prlctl.mjs sim address VM IP          prlctl.mjs sim state VM STATE
//   prlctl.mjs sim timing STEP MS       starting, stopping, suspending, resuming, pausing, continuing, resetting,
//                                       address (after a resume), stage (of the addresses of a boot)
//   prlctl.mjs sim lease VM IP          from the DHCP server; its file is the state file's name and .leases, to be named by
//                                       PRPROXY_DHCP_LEASES
//   prlctl.mjs sim show                 the machines as they are now
//   prlctl.mjs sim calls                who called this program, one JSON line each
//   prlctl.mjs sim fault none           all faults off
//   prlctl.mjs sim fault NAME [--times N] [--ms N] [--only short|full]
//     login (exit 253)   hang (also after SIGTERM)   slow (--ms)   misfire (the SDK's exit 255)   edition (no power)
//     in `list --json`: garbage (before the JSON)   broken (cut off)   empty   missing-home (in the full list)
//     in `monitor-events`: deaf (tells of nothing)   dies
import { Exit, NOT_CONNECTED, vmOf } from './exit.mjs';
import { jsonForm, list } from './list.mjs';
import { phaseOf } from './machine.mjs';
import { monitor } from './monitor.mjs';
import { exec, isPowerAction, power } from './power.mjs';
import { logCall, readState, statePath, strikes } from './store.mjs';

const path = statePath();
const [verb = '', ...args] = process.argv.slice(2);
const form = verb === 'list' ? formOf() : undefined;

process.stdout.on('error', () => process.exit(1));

try {
  process.stdout.write(await main());
} catch (error) {
  if (!(error instanceof Exit)) throw error;
  process.stdout.write(error.stdout);
  process.stderr.write(`${error.message}\n`);
  process.exitCode = error.code;
}

/** @returns {Promise<string>} what to print */
async function main() {
  if (verb === 'sim') return (await import('./sim.mjs')).sim(path, args);
  logCall(path, [verb, ...args]);
  if (verb === '--version') return `${readState(path).version}\n`;
  await meetFaults();
  if (isPowerAction(verb)) return await power(path, verb, args);
  if (verb === 'monitor-events') {
    await monitor(path);
    return '';
  }
  const state = readState(path);
  if (verb === 'list') return spoil(list(state, args));
  if (verb === 'status') return `VM ${args[0]} exist ${phaseOf(vmOf(state, args[0])).state}\n`;
  if (verb === 'exec') return exec(state, args);
  throw new Exit(verb.startsWith('-') ? `Unrecognized option: ${verb}` : `Unrecognized command: ${verb}`);
}

/** The faults that strike before anything is done. */
async function meetFaults() {
  const slow = strikes(path, 'slow', form);
  if (slow) await new Promise((resolve) => setTimeout(resolve, slow.ms ?? 1000));
  if (strikes(path, 'hang', form)) await hang();
  if (strikes(path, 'login', form))
    throw new Exit('Login failed: Unable to connect to Parallels Service.', NOT_CONNECTED);
  if (strikes(path, 'misfire', form))
    throw new Exit('PrlJob_GetRetCode: Invalid argument. An invalid argument was passed.');
  if (isPowerAction(verb) || verb === 'status' || verb === 'exec') {
    // The exit code of the real one is not known.
    if (strikes(path, 'edition', form)) {
      throw new Exit('The command is available only in Parallels Desktop for Mac Pro or Business Edition.');
    }
  }
}

/** @param {string} text JSON @returns {string} */
function spoil(text) {
  if (form === undefined) return text;
  if (strikes(path, 'empty', form)) return '';
  if (strikes(path, 'broken', form)) return text.slice(0, Math.floor(text.length * 0.6));
  return strikes(path, 'garbage', form) ? `Operation progress ... 5%${text}` : text;
}

/** For ever; but a test that was killed leaves nothing behind: ends with the process that started it. */
async function hang() {
  process.on('SIGTERM', () => {});
  const parent = process.ppid;
  await new Promise(() => {
    setInterval(() => process.ppid !== parent && process.exit(1), 200);
  });
}

function formOf() {
  try {
    return jsonForm(args);
  } catch {
    return undefined;
  }
}
