import { describe, expect, it } from 'vitest';
import { sampleFromWrk } from '../../bench/load/wrk.ts';
import { optionsFrom } from '../../bench/options.ts';
import { median, medianOfPairs, percentile, rotated } from '../../bench/stats.ts';
import { figure } from '../../bench/table.ts';

describe('the statistics of the benchmark', () => {
  it('take the middle of an odd count, and between the two of an even one', () => {
    expect(median([9, 1, 5])).toBe(5);
    expect(median([9, 1, 5, 7])).toBe(6);
  });

  it('compare what was measured in the same round', () => {
    expect(medianOfPairs([2, 40, 6], [1, 10, 3], (mine, its) => mine / its)).toBe(2);
    expect(medianOfPairs([2, 4], [undefined, 1], (mine, its) => mine / its)).toBe(4);
    expect(medianOfPairs([2], [], (mine, its) => mine / its)).toBeUndefined();
  });

  it('know the value that a share does not exceed', () => {
    const hundred = Array.from({ length: 100 }, (_, index) => index + 1);
    expect([percentile(hundred, 0.5), percentile(hundred, 0.99), percentile([7], 0.99)]).toEqual([50, 99, 7]);
  });

  it('let another begin each round', () => {
    expect([0, 1, 2, 3].map((by) => rotated(['a', 'b', 'c'], by).join(''))).toEqual(['abc', 'bca', 'cab', 'abc']);
  });

  it('are shown with three digits', () => {
    expect([0, 0.0123, 1.2345, 45.67, 456.7, 45_678, undefined].map(figure)).toEqual([
      '0',
      '0.012',
      '1.23',
      '45.7',
      '457',
      '45678',
      '-',
    ]);
  });
});

describe('what wrk tells', () => {
  const line = (errors: object) =>
    `Running 1s test\n  12 requests in 1.00s\n${JSON.stringify({
      requests: 12,
      bytes: 9000,
      microseconds: 1_500_000,
      p50: 2500,
      p99: 9000,
      connect: 0,
      read: 0,
      write: 0,
      timeout: 0,
      status: 0,
      ...errors,
    })}\n`;

  it('becomes a sample', () => {
    expect(sampleFromWrk(line({}))).toEqual({ units: 12, seconds: 1.5, p50Ms: 2.5, p99Ms: 9, failure: undefined });
  });

  it('does not count with errors or answers that are no success', () => {
    expect(sampleFromWrk(line({ status: 3, read: 1 })).failure).toBe('1 read errors, 3 answers were no success');
    expect(sampleFromWrk(line({ requests: 0 })).failure).toBe('no request was answered');
  });

  it('is an error when its script did not run', () => {
    expect(() => sampleFromWrk('wrk.lua: cannot open')).toThrow('wrk told nothing');
  });
});

describe('the command line of the benchmark', () => {
  it('takes lists and numbers within limits', () => {
    const options = optionsFrom(['--quick', '--only', 'get-1k,edit', '--rounds', '3']);
    expect(options).toMatchObject({ quick: true, only: ['get-1k', 'edit'], rounds: 3, seconds: undefined });
    for (const wrong of ['0', '51', '1.5', 'x']) expect(() => optionsFrom(['--rounds', wrong])).toThrow('--rounds');
  });
});
