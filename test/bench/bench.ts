// `npm run bench`: prproxy beside its peers, on loopback. Each contender gets an equivalent configuration, proves by
// requests that it answers rightly, and is loaded in turn with the others. Ends only what it started.
import { writeFile } from 'node:fs/promises';
import { CONTENDERS } from './contenders.ts';
import { type Options, optionsFrom, USAGE } from './options.ts';
import { writeDocument } from './report.ts';
import { runAll } from './run.ts';
import { WORKLOADS } from './workloads.ts';

let options: Options;
try {
  if (process.platform !== 'linux') throw new Error('the benchmark reads /proc, which only Linux has');
  options = optionsFrom(process.argv.slice(2));
  refuseUnknown('workload', options.only, WORKLOADS);
  refuseUnknown('contender', options.contenders, CONTENDERS);
} catch (error) {
  console.error(`${(error as Error).message}\n${USAGE}`);
  process.exit(2);
}
const report = await runAll(options);
if (options.json !== undefined) await writeFile(options.json, `${JSON.stringify(report, null, 2)}\n`);
if (options.write) writeDocument(report);

function refuseUnknown(what: string, names: readonly string[] | undefined, known: readonly { name: string }[]): void {
  const all = known.map(({ name }) => name);
  const wrong = names?.filter((name) => !all.includes(name)) ?? [];
  if (wrong.length > 0) throw new Error(`no ${what} ${wrong.join(', ')}; there are ${all.join(', ')}`);
}
