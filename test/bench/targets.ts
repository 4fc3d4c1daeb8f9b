// What prproxy shall reach beside its peers, and whether one run did. Ratios are medians of pairs of that run.
import { medianOfPairs } from './stats.ts';
import { columns, figure } from './table.ts';
import type { ComparisonResult, Fact } from './workload.ts';

export interface Figures {
  readonly comparisons: readonly ComparisonResult[];
  readonly facts: readonly Fact[];
}

interface Target {
  readonly what: string;
  /** At most this must be reached, and that would be good. */
  readonly limit: number;
  readonly aim: number;
  readonly unit: string;
  readonly figure: (figures: Figures) => number | undefined;
  /** A difference of microseconds is noise in a round or two: of this workload. */
  readonly small?: string;
}

export interface Verdict extends Omit<Target, 'figure'> {
  readonly figure: number;
  readonly verdict: 'missed' | 'met' | 'aim met' | 'too few rounds';
}

const ENOUGH_ROUNDS = 3;

const TARGETS: readonly Target[] = [
  ratio('get-1k', 'nginx', 1.6, 1.25),
  ratio('get-1k', 'go-httputil', 0.4, 0.3),
  ratio('get-1k', 'caddy', 0.4, 0.3),
  ratio('get-1k', 'http-proxy-3', 0.25, 0.18),
  ratio('get-1k', 'fastify-http-proxy', 0.25, 0.18),
  ratio('get-100k', 'nginx', 1, 0.7),
  ratio('close-1k', 'go-httputil', 1, 0.8),
  ...['tcp-down-1', 'tcp-up-1', 'tcp-down-8', 'tcp-up-8'].map((name) => ratio(name, 'go-32k-loop', 1.2, 0.9)),
  more('match-patterns', '10 patterns', 'no pattern', 2, 1),
  more('match-routes', '10000 routes', '10 routes', 1, 0.2),
  fact('edit-compile-commit', 'edit, compile and commit with 1,000 hosts and 10,000 routes', 15, 5, 'ms'),
  fact('edit-acknowledged', 'the same acknowledged and saved', 150, 60, 'ms'),
  fact('edit-blocked', 'requests waiting meanwhile', 50, 30, 'ms'),
  fact('idle-rss', 'RSS of the idle agent', 130, 105, 'MB'),
];

/** Of what was measured. */
export function verdictsOn(figures: Figures): Verdict[] {
  return TARGETS.flatMap(({ figure: take, small, ...target }) => {
    const value = take(figures);
    if (value === undefined) return [];
    const rounds = figures.comparisons.find(({ name }) => name === small)?.rows[0]?.rounds.length ?? ENOUGH_ROUNDS;
    const judged = value <= target.aim ? 'aim met' : value <= target.limit ? 'met' : 'missed';
    return [{ ...target, figure: value, verdict: rounds < ENOUGH_ROUNDS ? 'too few rounds' : judged }];
  });
}

export function verdictsText(verdicts: readonly Verdict[]): string {
  return columns(verdictCells(verdicts));
}

export function verdictCells(verdicts: readonly Verdict[]): string[][] {
  const lines = verdicts.map(({ what, figure: value, limit, aim, unit, verdict }) => [
    what,
    `${figure(value)} ${unit}`,
    `≤ ${limit}`,
    `≤ ${aim}`,
    verdict,
  ]);
  return [['target', 'this run', 'at least', 'aim', ''], ...lines];
}

function ratio(workload: string, other: string, limit: number, aim: number): Target {
  const take = (figures: Figures) => paired(figures, workload, 'prproxy', other, (mine, its) => mine / its);
  return { what: `${workload}: CPU of prproxy to that of ${other}`, limit, aim, unit: '×', figure: take };
}

function more(workload: string, variant: string, base: string, limit: number, aim: number): Target {
  const take = (figures: Figures) => paired(figures, workload, variant, base, (mine, its) => (mine - its) * 1e6);
  return { what: `${workload}: CPU of ${variant} over ${base}`, limit, aim, unit: 'µs', figure: take, small: workload };
}

function fact(name: string, what: string, limit: number, aim: number, unit: string): Target {
  return { what, limit, aim, unit, figure: ({ facts }) => facts.find((each) => each.name === name)?.value };
}

/** Undefined unless both took part and count. */
function paired(
  { comparisons }: Figures,
  workload: string,
  name: string,
  other: string,
  of: (mine: number, its: number) => number,
): number | undefined {
  const rows = comparisons.find((each) => each.name === workload)?.rows ?? [];
  const [mine, its] = [name, other].map((wanted) =>
    rows.find((row) => row.name === wanted && row.invalid === undefined),
  );
  if (mine === undefined || its === undefined) return undefined;
  return medianOfPairs(
    mine.rounds.map(({ cpu }) => cpu),
    its.rounds.map(({ cpu }) => cpu),
    of,
  );
}
