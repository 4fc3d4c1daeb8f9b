// One entry of the agent's log (JSON) as a line for people: time, level, message, the rest as name=value.
import { clean, type Screen } from './render.ts';

const LEVEL_COLORS: Readonly<Record<string, 'dim' | 'green' | 'yellow' | 'red'>> = {
  debug: 'dim',
  info: 'green',
  warn: 'yellow',
  error: 'red',
  fatal: 'red',
};

interface Entry {
  level?: string;
  time?: string;
  msg?: string;
  pid?: number;
  err?: { message?: string; stack?: string };
}

/** What is no entry is shown as it is. */
export function logLine(line: string, { chalk }: Screen): string {
  const entry = parse(line);
  if (entry === undefined) return clean(line);
  const { level = '', time = '', msg = '', pid: _, err, ...others } = entry;
  const color = LEVEL_COLORS[level] ?? 'dim';
  const rest = Object.entries(others).map(([name, value]) => {
    return chalk.dim(clean(`${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`));
  });
  const text = [localTime(time), chalk[color](clean(level).padEnd(5)), clean(msg), ...rest].join(' ');
  return [text, ...stackLines(err)].join('\n');
}

function parse(line: string): (Entry & Record<string, unknown>) | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null ? (value as Entry & Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

function stackLines(err: Entry['err']): string[] {
  const text = err?.stack ?? err?.message ?? '';
  return text === '' ? [] : text.split('\n').map((line) => `    ${clean(line.trim())}`);
}

/** `2026-07-01 14:03:59.120` where the reader is. */
function localTime(time: string): string {
  const ms = Date.parse(time);
  if (Number.isNaN(ms)) return clean(time);
  const shifted = new Date(ms - new Date(ms).getTimezoneOffset() * 60_000);
  return shifted.toISOString().replace('T', ' ').replace('Z', '');
}
