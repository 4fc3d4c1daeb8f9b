// How text gets onto a screen: tables that fit, colours where they are wanted, and no control character of a value ever
// reaching a terminal. Values come from VMs and other people's servers: everything is passed through `clean`.
import { Chalk, type ChalkInstance, type ColorSupportLevel } from 'chalk';
import Table from 'cli-table3';
import { fitRows, GAP, type Rows } from './layout.ts';

/** Controls, line separators, and the marks that reverse the direction of text. */
const UNSAFE = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;
/** The text on one line, harmless: control characters become `\x1b`, `\u2028`. */
export function clean(text: string): string {
  return text.replace(UNSAFE, (c) => {
    const hex = c.charCodeAt(0).toString(16);
    return hex.length > 2 ? `\\u${hex.padStart(4, '0')}` : `\\x${hex.padStart(2, '0')}`;
  });
}

/** NO_COLOR wins; FORCE_COLOR next; otherwise colours are for terminals. */
export function colorLevel(isTerminal: boolean, env: NodeJS.ProcessEnv): ColorSupportLevel {
  if (env.NO_COLOR) return 0;
  const force = env.FORCE_COLOR;
  if (force !== undefined) return force === '0' || force === 'false' ? 0 : 1;
  return isTerminal && env.TERM !== 'dumb' ? 1 : 0;
}

interface Stream {
  readonly isTTY?: boolean;
  readonly columns?: number;
}

/** One output stream: what it can show, and how. */
export class Screen {
  readonly isTerminal: boolean;
  readonly #columns: number | undefined;
  readonly chalk: ChalkInstance;

  constructor(stream: Stream, env: NodeJS.ProcessEnv) {
    this.isTerminal = stream.isTTY === true;
    this.#columns = this.isTerminal ? stream.columns || 80 : undefined;
    this.chalk = new Chalk({ level: colorLevel(this.isTerminal, env) });
  }

  /** Aligned columns. On a terminal they fit its width: long cells are wrapped; in a pipe nothing is cut. */
  table(head: readonly string[], rows: Rows): string {
    const [titles = [], ...cells] = this.#fit([head, ...rows.map((row) => row.map(clean))]);
    return grid([this.#bold(titles), ...cells.map((row) => row.map((cell) => this.#tint(cell)))]);
  }

  /** `label  value` lines; pairs without a value are left out. */
  pairs(pairs: readonly (readonly [label: string, value: string | undefined])[]): string {
    const rows = pairs.flatMap(([label, value]) => (value === undefined ? [] : [[label, clean(value)]]));
    return grid(this.#fit(rows).map(([label = '', value = '']) => [...this.#bold([label]), this.#tint(value)]));
  }

  #fit(rows: Rows): Rows {
    return this.#columns === undefined ? rows : fitRows(rows, this.#columns);
  }

  #bold(titles: readonly string[]): string[] {
    return titles.map((title) => this.chalk.bold(title));
  }

  /** States have a colour, wherever they are shown. */
  #tint(cell: string): string {
    const color = STATE_COLORS[cell];
    return color === undefined ? cell : this.chalk[color](cell);
  }
}

function grid(rows: Rows): string {
  const table = new Table({
    chars: NO_BORDER,
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': GAP },
  });
  table.push(...rows.map((row) => row.map((content) => ({ content }))));
  return table.toString().replace(/[ \t]+$/gm, '');
}

const STATE_COLORS: Readonly<Record<string, 'green' | 'yellow' | 'red' | 'dim'>> = Object.assign(Object.create(null), {
  listening: 'green',
  ready: 'green',
  running: 'green',
  enabled: 'green',
  coming: 'yellow',
  failed: 'red',
  failing: 'red',
  corrupt: 'red',
  down: 'red',
  off: 'dim',
  stopped: 'dim',
  disabled: 'dim',
});

const BORDERS =
  'top top-mid top-left top-right bottom bottom-mid bottom-left bottom-right left left-mid mid mid-mid right right-mid middle';
const NO_BORDER = Object.fromEntries(BORDERS.split(' ').map((name) => [name, '']));
