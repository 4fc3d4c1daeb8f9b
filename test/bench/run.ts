// One run: every wanted workload with every wanted contender that is installed, told as it goes.
import type { Contender } from './contender.ts';
import { CONTENDERS } from './contenders.ts';
import { thisMachine, versionsOf } from './machine.ts';
import { Contest, type Effort } from './measure.ts';
import type { Options } from './options.ts';
import type { Report } from './report.ts';
import { Stage } from './stage.ts';
import { comparisonText, factsText } from './table.ts';
import { verdictsOn, verdictsText } from './targets.ts';
import { within } from './within.ts';
import type { Comparison, ComparisonResult, Fact, Inquiry } from './workload.ts';
import { WORKLOADS } from './workloads.ts';

const FULL: Effort = { rounds: 5, seconds: 2, warmSeconds: 2, warmOnce: false };
const FINE: Effort = { rounds: 15, seconds: 1, warmSeconds: 2, warmOnce: false };
const QUICK: Effort = { rounds: 1, seconds: 1, warmSeconds: 2, warmOnce: true };

const INQUIRY_LIMIT_MS = 300_000;

export async function runAll(options: Options): Promise<Report> {
  const stage = await Stage.open(installed(options));
  // What is not of the stage ends on `exit`.
  const giveUp = () => void stage.close().finally(() => process.exit(130));
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, giveUp);
  const warmed = new Set<string>();
  const comparisons: ComparisonResult[] = [];
  const facts: Fact[] = [];
  try {
    for (const workload of WORKLOADS.filter(({ name }) => options.only?.includes(name) ?? true)) {
      try {
        const result = workload.kind === 'comparison' ? await contest(stage, workload, options, warmed) : undefined;
        if (result !== undefined) comparisons.push(result);
        if (workload.kind === 'inquiry') facts.push(...(await inquire(stage, workload, options)));
      } catch (error) {
        console.log(`${workload.name} failed: ${(error as Error).message}\n`);
        process.exitCode = 1;
      }
    }
  } finally {
    await stage.close();
  }
  const verdicts = verdictsOn({ comparisons, facts });
  if (verdicts.length > 0) console.log(verdictsText(verdicts));
  const versions = await versionsOf(stage.contenders.values());
  const date = new Date().toISOString();
  return { date, machine: thisMachine(), versions, quick: options.quick, comparisons, facts, verdicts };
}

function installed({ contenders }: Options): Contender[] {
  return CONTENDERS.filter((contender) => {
    if (contenders?.includes(contender.name) === false) return false;
    const missing = contender.missing();
    if (missing !== undefined) console.log(`skipped: ${contender.name} (${missing} is not installed)`);
    return missing === undefined;
  });
}

/** Undefined: none of its contenders is here. */
async function contest(
  stage: Stage,
  workload: Comparison,
  options: Options,
  warmed: Set<string>,
): Promise<ComparisonResult | undefined> {
  const { name, title, unit, base } = workload;
  const wanted = options.quick && options.contenders === undefined ? workload.quickly : workload.contenders;
  const names = wanted.filter((each) => stage.contenders.has(each));
  if (names.length === 0) return undefined;
  const tell = progressOf(name);
  tell('starting');
  const cast = await workload.cast(stage, names);
  try {
    const rows = await new Contest(effortFor(workload, options), warmed, tell).run(cast.subjects, base);
    const result = { name, title, unit, base, rows };
    tell('');
    console.log(comparisonText(result));
    if (rows.some((row) => row.name === 'prproxy' && row.invalid !== undefined)) process.exitCode = 1;
    return result;
  } finally {
    await cast.dispose?.();
  }
}

async function inquire(stage: Stage, inquiry: Inquiry, options: Options): Promise<readonly Fact[]> {
  if (!stage.contenders.has('prproxy')) return [];
  const tell = progressOf(inquiry.name);
  const facts = await within(INQUIRY_LIMIT_MS, inquiry.name, inquiry.ask({ stage, quick: options.quick, tell }));
  tell('');
  console.log(`${inquiry.name}: ${inquiry.title}\n${factsText(facts)}\n`);
  return facts;
}

function effortFor({ fine }: Comparison, { quick, rounds, seconds }: Options): Effort {
  const usual = quick ? QUICK : fine === true ? FINE : FULL;
  return { ...usual, rounds: rounds ?? usual.rounds, seconds: seconds ?? usual.seconds };
}

/** A line on a terminal that is written over; elsewhere a line each. An empty text clears it. */
function progressOf(name: string): (text: string) => void {
  const { stderr } = process;
  return (text) => {
    const line = `${Math.round(performance.now() / 1000)} s  ${name}: ${text}`;
    if (stderr.isTTY) stderr.write(text === '' ? '\r\x1b[K' : `\r\x1b[K${line}`);
    else if (text !== '') stderr.write(`${line}\n`);
  };
}
