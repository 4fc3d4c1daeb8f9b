import { describe, expect, it } from 'vitest';
import { classify } from '../../../../agent/vms/states.ts';

describe('state words of prlctl', () => {
  it.each(['starting', 'resuming', 'restoring', 'resetting', 'continuing', 'reconnecting'])('%s is coming', (word) => {
    expect(classify(word)).toBe('coming');
  });

  it('only running serves with what it reports', () => {
    expect(classify('running')).toBe('serving');
  });

  it.each(['snapshoting', 'del_snapshot', 'syncing'])('%s serves with the last address', (word) => {
    expect(classify(word)).toBe('last');
  });

  it.each([
    'stopped',
    'stopping',
    'suspended',
    'suspending',
    'paused',
    'pausing',
    'invalid',
    'mounted',
    'migrating',
    'compacting',
    'unknown',
    'a word of tomorrow',
    '',
  ])('%s is down', (word) => {
    expect(classify(word)).toBe('down');
  });
});
