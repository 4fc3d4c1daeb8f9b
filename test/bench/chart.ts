// A chart of bars as SVG text: a panel per workload, a bar per contender. Pure, and legible on dark pages too.
export interface Bar {
  readonly label: string;
  readonly value: number;
  /** As shown. */
  readonly text: string;
  readonly strong: boolean;
}

export interface Panel {
  readonly title: string;
  readonly unit: string;
  readonly bars: readonly Bar[];
}

const COLUMNS = 2;
const PANEL = 450;
const MARGIN = 24;
const LABEL = 128;
const VALUE = 56;
const BAR = 15;
const STEP = 21;
const HEAD = 40;
const TITLE = 62;

export function chartSvg(title: string, subtitle: string, panels: readonly Panel[]): string {
  const rows: { readonly panels: readonly Panel[]; readonly height: number }[] = [];
  for (let at = 0; at < panels.length; at += COLUMNS) {
    const inRow = panels.slice(at, at + COLUMNS);
    rows.push({ panels: inRow, height: HEAD + STEP * Math.max(...inRow.map(({ bars }) => bars.length)) + MARGIN });
  }
  const width = COLUMNS * PANEL + MARGIN;
  const height = TITLE + rows.reduce((sum, row) => sum + row.height, 0);
  let y = TITLE;
  const drawn = rows.flatMap((row) => {
    const top = y;
    y += row.height;
    return row.panels.map((panel, column) => panelSvg(panel, MARGIN + column * PANEL, top));
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img">
<title>${escaped(title)}</title>
<style>
  text { font: 12px -apple-system, "Segoe UI", Helvetica, Arial, sans-serif; fill: #333; }
  .title { font-size: 17px; font-weight: 600; }
  .head { font-size: 13px; font-weight: 600; }
  .soft { fill: #777; }
  .strong { font-weight: 600; }
</style>
<rect width="${width}" height="${height}" rx="8" fill="#fff"/>
${text(MARGIN, 30, title, 'title')}
${text(MARGIN, 48, subtitle, 'soft')}
${drawn.join('\n')}
</svg>
`;
}

function panelSvg({ title, unit, bars }: Panel, x: number, y: number): string {
  const most = Math.max(...bars.map(({ value }) => value));
  const room = PANEL - MARGIN - LABEL - VALUE;
  const lines = bars.map(({ label, value, text: shown, strong }, index) => {
    const top = y + HEAD + index * STEP;
    const length = most > 0 ? Math.max(1, (value / most) * room) : 1;
    const kind = strong ? 'strong' : '';
    return [
      text(x, top + BAR - 3, label, kind),
      `<rect x="${x + LABEL}" y="${top}" width="${length.toFixed(1)}" height="${BAR}" rx="2" fill="${strong ? '#2563eb' : '#b8bec9'}"/>`,
      text(x + LABEL + length + 6, top + BAR - 3, shown, kind),
    ].join('\n');
  });
  return [text(x, y + 14, title, 'head'), text(x, y + 30, unit, 'soft'), ...lines].join('\n');
}

function text(x: number, y: number, content: string, kind: string): string {
  return `<text x="${x.toFixed(1)}" y="${y}"${kind === '' ? '' : ` class="${kind}"`}>${escaped(content)}</text>`;
}

function escaped(content: string): string {
  return content.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}
