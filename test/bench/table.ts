// Results in words and columns, for a terminal.
import type { Row } from './measure.ts';
import type { ComparisonResult, Fact, Unit } from './workload.ts';

/** How CPU per unit is shown: a factor to seconds, and its name. */
const CPU_UNITS: Readonly<Record<Unit, { readonly factor: number; readonly name: string }>> = {
  request: { factor: 1e6, name: 'CPU µs/request' },
  message: { factor: 1e6, name: 'CPU µs/message' },
  connection: { factor: 1e6, name: 'CPU µs/conn' },
  GB: { factor: 1, name: 'CPU s/GB' },
};

export function cpuUnit(unit: Unit): string {
  return CPU_UNITS[unit].name;
}

/** In the unit's own measure. */
export function cpuFigure(row: Row, unit: Unit): string {
  return figure(row.cpu * CPU_UNITS[unit].factor);
}

export function headerOf({ unit, base }: ComparisonResult): string[] {
  const rate = unit === 'GB' ? 'GB/s' : `${unit}s/s`;
  return ['', cpuUnit(unit), `× ${base}`, rate, 'p50 ms', 'p99 ms', 'peak RSS MB'];
}

export function cellsOf(row: Row, { unit }: ComparisonResult): string[] {
  if (row.rounds.length === 0) return [row.name, '-', '-', '-', '-', '-', '-'];
  return [
    row.name,
    cpuFigure(row, unit),
    figure(row.ratio),
    figure(row.rate),
    figure(row.p50Ms),
    figure(row.p99Ms),
    (row.rss / 1e6).toFixed(0),
  ];
}

/** What does not count and why, and what was left out of the CPU time. */
export function notesOf({ rows }: ComparisonResult): string[] {
  return rows.flatMap((row) => {
    const invalid = row.invalid === undefined ? [] : [`${row.name} does not count: ${row.invalid}`];
    const helpers =
      row.helpersCpu > row.cpu * 0.01
        ? [`${row.name}: short-lived children used ${(row.helpersCpu * 1e6).toFixed(1)} µs more, not counted`]
        : [];
    return [...invalid, ...helpers];
  });
}

export function comparisonText(result: ComparisonResult): string {
  const table = columns([headerOf(result), ...result.rows.map((row) => cellsOf(row, result))]);
  return [`${result.name}: ${result.title}`, table, ...notesOf(result).map((note) => `  ! ${note}`), ''].join('\n');
}

export function factsText(facts: readonly Fact[]): string {
  return columns(facts.map(({ title, value, unit }) => [title, `${figure(value)} ${unit}`]));
}

/** The first column on the left, the others on the right. */
export function columns(lines: readonly (readonly string[])[]): string {
  const widths = (lines[0] ?? []).map((_, at) => Math.max(...lines.map((line) => line[at]?.length ?? 0)));
  const pad = (cell: string, at: number) => (at === 0 ? cell.padEnd(widths[at]!) : cell.padStart(widths[at]!));
  return lines.map((line) => `  ${line.map(pad).join('  ')}`.trimEnd()).join('\n');
}

/** Three digits that say something. */
export function figure(value: number | undefined): string {
  if (value === undefined || !Number.isFinite(value)) return '-';
  if (value === 0) return '0';
  const digits = Math.floor(Math.log10(Math.abs(value)));
  return value.toFixed(Math.min(3, Math.max(0, 2 - digits)));
}
