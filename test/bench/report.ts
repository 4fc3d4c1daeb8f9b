// A run as it is kept: JSON, the results in docs/benchmarks.md, and the chart.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../support/agent-home.ts';
import { chartSvg, type Panel } from './chart.ts';
import type { Machine } from './machine.ts';
import { cellsOf, cpuFigure, cpuUnit, figure, headerOf, notesOf } from './table.ts';
import { type Verdict, verdictCells } from './targets.ts';
import type { ComparisonResult, Fact } from './workload.ts';

export interface Report {
  readonly date: string;
  readonly machine: Machine;
  readonly versions: Readonly<Record<string, string>>;
  readonly quick: boolean;
  readonly comparisons: readonly ComparisonResult[];
  readonly facts: readonly Fact[];
  readonly verdicts: readonly Verdict[];
}

const DOCUMENT = join(ROOT, 'docs', 'benchmarks.md');
const CHART = join(ROOT, 'docs', 'benchmarks.svg');
const BEGIN = '<!-- results: written by `npm run bench -- --write` -->';
const END = '<!-- end of results -->';
const CHARTED = ['get-1k', 'get-100k', 'put-100k', 'close-1k', 'tls-1k', 'websocket', 'tcp-down-1', 'tcp-up-1'];

export function writeDocument(report: Report): void {
  writeFileSync(DOCUMENT, withResults(readFileSync(DOCUMENT, 'utf8'), resultsMarkdown(report)));
  writeFileSync(CHART, chartOf(report));
}

/** @throws Error when the document has no place for them */
export function withResults(document: string, results: string): string {
  const [from, to] = [document.indexOf(BEGIN), document.indexOf(END)];
  if (from < 0 || to < from) throw new Error(`the document has no lines ${BEGIN} and ${END}`);
  return `${document.slice(0, from)}${BEGIN}\n\n${results}\n${document.slice(to)}`;
}

export function resultsMarkdown({ date, machine, versions, quick, comparisons, facts, verdicts }: Report): string {
  const { cpu, cores, memoryGB, system } = machine;
  const used = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  const rounds = Math.max(0, ...comparisons.flatMap(({ rows }) => rows.map((row) => row.rounds.length)));
  const parts = [
    `${date.slice(0, 10)}${quick ? ', a `--quick` run' : ''}, ${rounds} ${rounds === 1 ? 'round' : 'rounds'}. ${cpu}, ${cores} cores, ${memoryGB} GB, ${system}. ${used.join(', ')}.`,
    '### Targets',
    markdownTable(verdictCells(verdicts)),
    ...comparisons.flatMap((result) => [
      `### ${result.name}: ${result.title}`,
      markdownTable([headerOf(result), ...result.rows.map((row) => cellsOf(row, result))]),
      ...notesOf(result).map((note) => `- ${note}`),
    ]),
    ...(facts.length === 0 ? [] : ['### prproxy alone', factsTable(facts)]),
  ];
  return `${parts.join('\n\n')}\n`;
}

function factsTable(facts: readonly Fact[]): string {
  return markdownTable([
    ['', ''],
    ...facts.map(({ title, value, unit }) => [title.trim(), `${figure(value)} ${unit}`]),
  ]);
}

function markdownTable([header = [], ...lines]: readonly (readonly string[])[]): string {
  const row = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [row(header), row(header.map((_, at) => (at === 0 ? '---' : '--:'))), ...lines.map(row)].join('\n');
}

export function chartOf({ date, machine, comparisons }: Report): string {
  const panels = CHARTED.flatMap((name) => comparisons.filter((result) => result.name === name)).map(panelOf);
  const subtitle = `less is better; ${machine.cpu}, ${machine.cores} cores, ${date.slice(0, 10)}`;
  return chartSvg('CPU time of prproxy and its peers', subtitle, panels);
}

function panelOf({ title, unit, rows }: ComparisonResult): Panel {
  const bars = rows
    .filter(({ invalid, rounds }) => invalid === undefined && rounds.length > 0)
    .map((row) => ({
      label: row.name,
      value: row.cpu,
      text: cpuFigure(row, unit),
      strong: row.name === 'prproxy',
    }));
  return { title, unit: cpuUnit(unit), bars };
}
