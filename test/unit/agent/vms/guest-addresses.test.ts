import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { GuestAddresses } from '../../../../agent/vms/guest-addresses.ts';

let guests: GuestAddresses;
let questions: { readonly id: string; readonly answer: (text: string) => void }[];

beforeEach(() => {
  vi.useFakeTimers();
  guests = new GuestAddresses();
  questions = [];
});
afterEach(() => {
  vi.useRealTimers();
});

function told(id: string): string | undefined {
  return guests.of(id, () => new Promise((answer) => questions.push({ id, answer })));
}

/** Answers the last question. */
async function answer(text: string): Promise<void> {
  questions.at(-1)?.answer(text);
  await vi.advanceTimersByTimeAsync(0);
}

describe('the address that a guest tells', () => {
  it('is there at a later look, and is asked for again after a while only', async () => {
    expect(told('a')).toBeUndefined();
    expect(told('a')).toBeUndefined();
    expect(questions).toHaveLength(1);
    await answer('10.211.55.20\n');
    expect(told('a')).toBe('10.211.55.20');
    vi.advanceTimersByTime(9_999);
    told('a');
    expect(questions).toHaveLength(1);
    vi.advanceTimersByTime(1);
    expect(told('a')).toBe('10.211.55.20');
    await answer('10.211.55.21');
    expect(told('a')).toBe('10.211.55.21');
  });

  it('is asked for less and less often while there is none', async () => {
    for (const gap of [1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000]) {
      const { length } = questions;
      told('a');
      await answer('no such interface');
      vi.advanceTimersByTime(gap - 1);
      told('a');
      expect(questions).toHaveLength(length + 1);
      vi.advanceTimersByTime(1);
    }
  });

  it('stays when a later question fails', async () => {
    told('a');
    await answer('10.211.55.20');
    vi.advanceTimersByTime(10_000);
    told('a');
    await answer('');
    expect(told('a')).toBe('10.211.55.20');
  });

  it('is forgotten with the run of the VM, also when its answer comes after that', async () => {
    told('a');
    guests.keep(new Set(['b']));
    await answer('10.211.55.20');
    expect(told('a')).toBeUndefined();
    await answer('10.211.55.21');
    guests.keep(new Set(['a']));
    expect(told('a')).toBe('10.211.55.21');
  });
});

it('two guests are asked at a time, the others wait', async () => {
  for (const id of ['a', 'b', 'c']) told(id);
  expect(questions.map(({ id }) => id)).toEqual(['a', 'b']);
  await answer('');
  expect(questions.map(({ id }) => id)).toEqual(['a', 'b', 'c']);
});
