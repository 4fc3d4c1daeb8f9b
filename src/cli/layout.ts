// Widths of columns and wrapping of cells, so that a table fits a terminal. Plain text only: colours come afterwards.

/** Space between two columns. */
export const GAP = 2;
/** No column is made narrower than this to fit. */
const MIN_COLUMN = 8;
/** From here on most scripts take two columns per character. */
const FIRST_WIDE = 0x1100;

export type Rows = readonly (readonly string[])[];

/** The rows with long cells broken into lines, so that together they are at most `columns` wide where that is possible. */
export function fitRows(rows: Rows, columns: number): string[][] {
  const widths: number[] = [];
  for (const row of rows) {
    for (const [i, cell] of row.entries()) widths[i] = Math.max(widths[i] ?? 0, displayWidth(cell));
  }
  // The widest gives way first: short columns (ports, states) stay whole.
  let excess = widths.reduce((sum, width) => sum + width + GAP, -GAP) - columns;
  while (excess-- > 0) {
    const widest = Math.max(...widths);
    if (widest <= MIN_COLUMN) break;
    widths[widths.indexOf(widest)] = widest - 1;
  }
  return rows.map((row) => row.map((cell, i) => wrap(cell, widths[i] ?? 0)));
}

/** Breaks at spaces; a word that is longer than a line is cut. */
export function wrap(text: string, width: number): string {
  if (displayWidth(text) <= width) return text;
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && displayWidth(line) + 1 + displayWidth(word) <= width) {
      line += ` ${word}`;
      continue;
    }
    if (line !== '') lines.push(line);
    const pieces = cut(word, width);
    line = pieces.pop() ?? '';
    lines.push(...pieces);
  }
  return [...lines, line].join('\n');
}

function cut(word: string, width: number): string[] {
  const pieces = [''];
  let used = 0;
  for (const char of word) {
    const wide = displayWidth(char);
    if (used + wide > width && used > 0) {
      pieces.push('');
      used = 0;
    }
    pieces[pieces.length - 1] += char;
    used += wide;
  }
  return pieces;
}

function displayWidth(text: string): number {
  let width = 0;
  for (const char of text) width += (char.codePointAt(0) ?? 0) >= FIRST_WIDE ? 2 : 1;
  return width;
}
