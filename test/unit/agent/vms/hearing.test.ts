import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { VmKey } from '../../../../agent/targets.ts';
import type { VmRecord } from '../../../../agent/vms/directory.ts';
import { Hearing } from '../../../../agent/vms/hearing.ts';
import type { VmChange } from '../../../../agent/vms/table.ts';
import { vm as record } from '../control/fakes.ts';

const KEY: VmKey = 'parallels:3f1c2b7a-0d4e-4c55-9a51-0b8f3f6f7a01';

function at(state: string, more: Partial<VmRecord> = {}): VmRecord {
  return record(KEY.slice('parallels:'.length), 'Ubuntu', { state, ...more });
}

const SUSPENDED: VmChange = { before: at('running'), after: at('suspended') };

let deaf: VmChange[];
let hearing: Hearing;

beforeEach(() => {
  vi.useFakeTimers();
  deaf = [];
  hearing = new Hearing(5_000, (change) => deaf.push(change));
});
afterEach(() => {
  vi.useRealTimers();
});

/** A reading that begins now, and shows this. */
function read(...changes: VmChange[]): void {
  vi.advanceTimersByTime(10);
  hearing.compare(changes, performance.now());
}

describe('a change that a reading shows', () => {
  beforeEach(() => {
    hearing.start();
    read();
  });

  it('and no event tells makes the monitor deaf after the time, not before, and once', () => {
    read(SUSPENDED);
    vi.advanceTimersByTime(4_999);
    expect(deaf).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(deaf).toEqual([SUSPENDED]);
    vi.advanceTimersByTime(60_000);
    expect(deaf).toHaveLength(1);
  });

  it.each<[string, VmChange]>([
    ['a VM that appears', { before: undefined, after: at('stopped') }],
    ['a VM that is gone', { before: at('stopped'), after: undefined }],
  ])('counts when it is %s', (_what, change) => {
    read(change);
    vi.advanceTimersByTime(5_000);
    expect(deaf).toEqual([change]);
  });

  it.each<[string, VmChange]>([
    ['an address', { before: at('running'), after: at('running', { address: '10.211.55.6' }) }],
    ['a name', { before: at('running'), after: at('running', { name: 'Debian' }) }],
  ])('does not count when it is of %s', (_what, change) => {
    read(change);
    vi.advanceTimersByTime(5_000);
    expect(deaf).toEqual([]);
  });

  it('may be told before the reading, since the one before it', () => {
    vi.advanceTimersByTime(10);
    hearing.heard(KEY);
    read(SUSPENDED);
    vi.advanceTimersByTime(5_000);
    expect(deaf).toEqual([]);
    read({ before: at('suspended'), after: at('resuming') });
    vi.advanceTimersByTime(5_000);
    expect(deaf).toHaveLength(1);
  });

  it('may be told after the reading, within the time', () => {
    read(SUSPENDED);
    vi.advanceTimersByTime(4_999);
    hearing.heard(KEY);
    vi.advanceTimersByTime(5_000);
    expect(deaf).toEqual([]);
  });

  it('is not told by an event of another VM', () => {
    hearing.heard('parallels:another');
    read(SUSPENDED);
    vi.advanceTimersByTime(5_000);
    expect(deaf).toHaveLength(1);
  });

  it('is of no interest after the stop', () => {
    read(SUSPENDED);
    hearing.stop();
    read(SUSPENDED);
    vi.advanceTimersByTime(60_000);
    expect(deaf).toEqual([]);
  });
});

it('what changed before events were heard proves nothing', () => {
  read();
  vi.advanceTimersByTime(10);
  hearing.start();
  read(SUSPENDED);
  vi.advanceTimersByTime(5_000);
  expect(deaf).toEqual([]);
});
