// `npm run fuzz [-- --minutes N] [--seed S]`: the differential fuzzing of test/wire/fuzz.test.ts, for as long as told. Every
// minute has a seed of its own that follows from the first.
import { parseArgs } from 'node:util';
import { seedFromEnv } from '../support/random.ts';
import { describe, fuzz, newReport, type Report, total } from './run.ts';

const PROGRESS_MS = 10_000;
const ROUND_MS = 60_000;

const { values } = parseArgs({
  options: { minutes: { type: 'string', default: '1' }, seed: { type: 'string' } },
});
const minutes = Number(values.minutes);
const firstSeed = values.seed === undefined ? seedFromEnv() : Number(values.seed);
if (!(minutes > 0) || !Number.isInteger(firstSeed)) {
  console.error('usage: npm run fuzz [-- --minutes N] [--seed S]');
  process.exit(2);
}

let unhandled = 0;
process.on('unhandledRejection', (error) => {
  unhandled++;
  console.error('unhandled rejection:', error);
});

const began = performance.now();
const ends = began + minutes * 60_000;
const reports: Report[] = [];
let shown = began;

for (let seed = firstSeed; performance.now() < ends; seed = (seed + 1) >>> 0) {
  const report = newReport(seed);
  reports.push(report);
  const roundEnds = Math.min(ends, performance.now() + ROUND_MS);
  await fuzz(report, () => {
    progress(report);
    return performance.now() < roundEnds;
  });
  if (report.findings.length > 0) console.log(describe(report));
}

function progress({ seed }: Report): void {
  const now = performance.now();
  if (now - shown < PROGRESS_MS) return;
  shown = now;
  const seconds = (now - began) / 1000;
  const cases = reports.reduce((sum, report) => sum + total(report), 0);
  const findings = reports.reduce((sum, report) => sum + report.findings.length, 0);
  const memory = Math.round(process.memoryUsage.rss() / 2 ** 20);
  console.log(
    `${seconds.toFixed(0)} s: ${cases} cases, ${(cases / seconds).toFixed(0)}/s, seed ${seed}, ${findings} findings, RSS ${memory} MiB`,
  );
}

function summary(): number {
  const sums = new Map<string, number>();
  const stricter = new Map<string, number>();
  for (const report of reports) {
    for (const [property, count] of Object.entries(report.cases)) sums.set(property, (sums.get(property) ?? 0) + count);
    for (const [reason, count] of report.stricter) stricter.set(reason, (stricter.get(reason) ?? 0) + count);
  }
  console.log(
    `\nseeds ${firstSeed} to ${reports.at(-1)?.seed}, ${((performance.now() - began) / 60_000).toFixed(1)} minutes`,
  );
  for (const [property, count] of sums) console.log(`${String(count).padStart(10)} ${property}`);
  console.log('refused by prproxy, taken by llhttp:');
  for (const [reason, count] of [...stricter].sort((a, b) => b[1] - a[1])) {
    console.log(`${String(count).padStart(10)} ${reason}`);
  }
  const findings = reports.flatMap((report) => report.findings);
  for (const report of reports) if (report.findings.length > 0) console.log(describe(report));
  console.log(`${findings.length} findings, ${unhandled} unhandled rejections`);
  return findings.length + unhandled;
}

process.exitCode = summary() === 0 ? 0 : 1;
