// A run: parser cases and wire cases in turn until it is told to stop. Case N of a seed is always the same text.
import { Random } from '../support/random.ts';
import { checkRequests, checkResponses, type Tally, timed } from './compare.ts';
import { requests, responses } from './generate.ts';
import { kindOf, shrink } from './shrink.ts';
import { FuzzWire } from './wire.ts';

export interface Finding {
  readonly property: Property;
  /** Number of the case within its seed. */
  readonly number: number;
  readonly problem: string;
  /** As small as it still fails. */
  readonly text: string;
}

export interface Report {
  readonly seed: number;
  readonly cases: Record<Property, number>;
  readonly findings: Finding[];
  /** What llhttp takes and we refuse, by our reason. */
  readonly stricter: Tally;
  milliseconds: number;
}

export type Property = 'parser requests' | 'parser responses' | 'wire requests' | 'wire responses';
type Check = (text: string, random: Random) => Promise<string | undefined>;

interface Job {
  readonly property: Property;
  readonly generate: (random: Random) => string;
  readonly check: Check;
}

/** Wire cases at once, each on its own data path and origin. */
const WIRES = 6;
/** One of each wire case goes with so many parser cases. */
const PARSER_CASES = 16;
const MAX_FINDINGS = 20;
const METHODS = ['GET', 'GET', 'HEAD', 'POST'];

export function newReport(seed: number): Report {
  const cases = { 'parser requests': 0, 'parser responses': 0, 'wire requests': 0, 'wire responses': 0 };
  return { seed, cases, findings: [], stricter: new Map(), milliseconds: 0 };
}

/** @param goOn asked between cases, with the number of wire cases done so far */
export async function fuzz(report: Report, goOn: (wireCases: number) => boolean): Promise<Report> {
  const began = performance.now();
  const parser = parserJobs(report.stricter);
  let next = 0;
  const work = async () => {
    const wire = await new FuzzWire().start();
    const jobs = wireJobs(wire);
    for (let n = next++; goOn(n) && report.findings.length < MAX_FINDINGS; n = next++) {
      await runCase(report, jobs[n % 2]!, n);
      for (let i = 0; i < PARSER_CASES; i++) await runCase(report, parser[i % 2]!, n * PARSER_CASES + i);
    }
    await wire.close();
  };
  await Promise.all(Array.from({ length: WIRES }, work));
  report.milliseconds += performance.now() - began;
  return report;
}

function parserJobs(stricter: Tally): readonly Job[] {
  return [
    {
      property: 'parser requests',
      generate: requests,
      check: async (text, random) => timed(() => checkRequests(text, random, stricter)),
    },
    {
      property: 'parser responses',
      generate: responses,
      check: async (text, random) => {
        const method = random.pick(METHODS);
        return timed(() => checkResponses(text, method, random));
      },
    },
  ];
}

function wireJobs(wire: FuzzWire): readonly Job[] {
  return [
    { property: 'wire requests', generate: requests, check: (text, random) => wire.checkRequests(text, random) },
    { property: 'wire responses', generate: responses, check: (text, random) => wire.checkResponses(text, random) },
  ];
}

async function runCase(report: Report, { property, generate, check }: Job, number: number): Promise<void> {
  // Knuth's multiplicative hash: neighbours have nothing in common.
  const seed = (report.seed ^ Math.imul(number + 1, 2_654_435_761)) >>> 0;
  const text = generate(new Random(seed));
  const run = async (candidate: string) => {
    try {
      return await check(candidate, new Random(seed + 1));
    } catch (error) {
      return `throws ${error instanceof Error ? error.stack : String(error)}`;
    }
  };
  report.cases[property]++;
  const problem = await run(text);
  if (problem === undefined || isKnown(report, property, problem)) return;
  report.findings.push({ property, number, problem, text: await shrink(text, run) });
}

/** One of a kind is enough. */
function isKnown({ findings }: Report, property: Property, problem: string): boolean {
  return findings.some((finding) => finding.property === property && kindOf(finding.problem) === kindOf(problem));
}

export function describe({ findings, seed }: Report): string {
  return findings
    .map(({ property, number, problem, text }) =>
      [`${property}, seed ${seed}, case ${number}: ${problem}`, `  ${JSON.stringify(text)}`].join('\n'),
    )
    .join('\n');
}

export function total({ cases }: Report): number {
  return Object.values(cases).reduce((sum, count) => sum + count, 0);
}
