import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hasEvents, parseEvent } from '../../../../agent/vms/prlctl-events.ts';

const ID = '3f1c2b7a-0d4e-4c55-9a51-0b8f3f6f7a01';

function line(name: string, id = ID): string {
  return `{"Timestamp":"2024-01-01 12:00:00","VM ID":"${id}","Event name":"${name}"}`;
}

describe('an event of prlctl', () => {
  it.each([
    ['vm_state_changed', 'state'],
    ['vm_tools_state_changed', 'tools'],
    ['vm_added', 'listed'],
    ['vm_unregistered', 'listed'],
    ['vm_deleted', 'listed'],
    ['vm_config_changed', 'other'],
    ['vm_snapshots_tree_changed', 'other'],
    ['a name of tomorrow', 'other'],
  ])('%s is one of the kind %s', (name, kind) => {
    expect(parseEvent(line(name))).toEqual({ vm: `parallels:${ID}`, kind });
  });

  it('may have braces and upper case in its id, a line end of a terminal, and noise before it', () => {
    expect(parseEvent(`spawn prlctl ${line('vm_added', `{${ID.toUpperCase()}}`)}\r`)?.vm).toBe(`parallels:${ID}`);
  });

  it('is not any other line', () => {
    for (const text of [
      '',
      'Login failed',
      '{',
      '[]',
      'null',
      '{"VM ID":"x","Event name":"vm_added"}',
      `{"VM ID":"${ID}"}`,
    ]) {
      expect(parseEvent(text)).toBeUndefined();
    }
    fc.assert(fc.property(fc.oneof(fc.string(), fc.json()), (text) => parseEvent(text) === undefined));
  });
});

describe('a version of prlctl', () => {
  it.each([
    ['prlctl version 26.4.1 (57516)\n', true],
    ['prlctl version 27.0.0 (58628)', true],
    ['prlctl version 20.2.2 (55879)', false],
    ['prlctl version 100.0.0 (1)', true],
    ['something else', false],
    ['', false],
  ])('%j has events: %s', (text, expected) => {
    expect(hasEvents(text)).toBe(expected);
  });
});
