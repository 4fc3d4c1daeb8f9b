import { describe, expect, it } from 'vitest';
import { chartSvg } from '../../bench/chart.ts';
import type { Row } from '../../bench/measure.ts';
import { withResults } from '../../bench/report.ts';
import { comparisonText } from '../../bench/table.ts';
import { verdictsOn } from '../../bench/targets.ts';
import type { ComparisonResult } from '../../bench/workload.ts';

function row(name: string, cpu: readonly number[], invalid?: string): Row {
  const rounds = cpu.map((each) => ({ units: 1, seconds: 1, cpu: each, rss: 2e6, helpersCpu: 0 }));
  const rest = { helpersCpu: 0, ratio: undefined, rate: 1, p50Ms: undefined, p99Ms: undefined, rss: 2e6 };
  return { name, rounds, cpu: cpu[0] ?? Number.NaN, ...rest, invalid };
}

function comparison(name: string, rows: readonly Row[]): ComparisonResult {
  return { name, title: 'a title', unit: 'request', base: 'nginx', rows };
}

describe('the targets', () => {
  it('are judged by pairs of the same run', () => {
    const rows = [row('prproxy', [15e-6, 30e-6, 15e-6]), row('nginx', [10e-6, 20e-6, 10e-6])];
    const [verdict, ...others] = verdictsOn({ comparisons: [comparison('get-1k', rows)], facts: [] });
    expect(others).toEqual([]);
    expect(verdict).toMatchObject({ figure: 1.5, limit: 1.6, aim: 1.25, verdict: 'met' });
  });

  it('say nothing of a contender that does not count', () => {
    const rows = [row('prproxy', [1e-6]), row('nginx', [1e-6], '3 read errors')];
    expect(verdictsOn({ comparisons: [comparison('get-1k', rows)], facts: [] })).toEqual([]);
    expect(comparisonText(comparison('get-1k', rows))).toContain('! nginx does not count: 3 read errors');
  });

  it('do not judge differences of microseconds by few rounds', () => {
    const rows = (rounds: number) => [
      row('no pattern', Array(rounds).fill(10e-6)),
      row('10 patterns', Array(rounds).fill(15e-6)),
    ];
    const verdictOf = (rounds: number) =>
      verdictsOn({ comparisons: [comparison('match-patterns', rows(rounds))], facts: [] })[0]?.verdict;
    expect([verdictOf(1), verdictOf(3)]).toEqual(['too few rounds', 'missed']);
  });
});

describe('the chart', () => {
  it('draws bars in proportion, and escapes what it is given', () => {
    const bars = [
      { label: 'a<b', value: 10, text: '10', strong: true },
      { label: 'c', value: 5, text: '5', strong: false },
    ];
    const svg = chartSvg('T & U', 'sub', [{ title: 'panel', unit: 'µs', bars }]);
    const [long, short] = [...svg.matchAll(/width="([\d.]+)" height="15"/g)].map(([, width]) => Number(width));
    expect(long! / short!).toBeCloseTo(2, 1);
    expect(svg).toContain('a&lt;b');
    expect(svg).toContain('T &amp; U');
  });
});

describe('the document', () => {
  const [begin, end] = ['<!-- results: written by `npm run bench -- --write` -->', '<!-- end of results -->'];

  it('gets the results between its two lines, and keeps the rest', () => {
    const once = withResults(`before\n${begin}\n${end}\nafter\n`, 'first');
    expect(withResults(once, 'second')).toBe(`before\n${begin}\n\nsecond\n${end}\nafter\n`);
  });

  it('is refused without them', () => {
    expect(() => withResults('nothing', 'x')).toThrow('has no lines');
  });
});
