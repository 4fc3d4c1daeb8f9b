// Reads what `prlctl monitor-events --json` prints: one event per line, through a terminal. A line that is none is text
// for people. Pure.
import { objectFrom, readVmId, textFrom } from './prlctl-output.ts';
import type { VmEvent, VmEventKind } from './provider.ts';

/** Names that are not listed here may be the echo of a list. */
const KINDS: ReadonlyMap<string, VmEventKind> = new Map([
  ['vm_state_changed', 'state'],
  ['vm_tools_state_changed', 'tools'],
  ['vm_added', 'listed'],
  ['vm_unregistered', 'listed'],
  ['vm_deleted', 'listed'],
]);

/** @returns undefined: the line is no event of a VM */
export function parseEvent(line: string): VmEvent | undefined {
  const value = objectFrom(parse(line.slice(Math.max(0, line.indexOf('{')))));
  const id = readVmId(textFrom(value['VM ID']));
  const name = textFrom(value['Event name']);
  if (id === undefined || name === '') return undefined;
  return { vm: `parallels:${id}`, kind: KINDS.get(name) ?? 'other' };
}

/** Versions before this one do not know `monitor-events`. There were none between 20 and 26. */
const FIRST_WITH_EVENTS = 26;

/** @param text of `prlctl --version` */
export function hasEvents(text: string): boolean {
  const major = /prlctl version (\d+)\./.exec(text)?.[1];
  return major !== undefined && Number(major) >= FIRST_WITH_EVENTS;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
