// The command line's own little languages: host:port, 'Name: value', name=seconds, comma lists. Only their syntax is
// checked here; what the values mean is checked by the agent, so that every way in gives the same message.
import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { invalid, type ProxyError } from '../errors.ts';

export interface Listen {
  host?: string;
  port?: string;
}

/** `web.local:80`, `web.local`, `:80`, `[::1]:80`, `::1`; nothing leaves both to the proxy's defaults. */
export function parseListen(text: string | undefined): Listen {
  if (text === undefined) return {};
  if (text.trim() === '') throw problem('host', 'is empty; give host:port, host or :port');
  refuseAmbiguous(text);
  if (isIP(text) === 6) return { host: text };
  const colon = text.startsWith('[') ? text.indexOf(':', text.indexOf(']')) : text.lastIndexOf(':');
  if (colon === -1) return { host: text };
  const host = text.slice(0, colon);
  const port = text.slice(colon + 1);
  if (port === '') throw problem('port', `is missing after the colon of "${text}"`);
  return host === '' ? { port } : { host, port };
}

/** `::1:9000` is an IPv6 address by itself, and most probably meant as one with a port. */
function refuseAmbiguous(text: string): void {
  const [, rest = '', port = ''] = /^([0-9a-f:.]+):([0-9]+)$/i.exec(text) ?? [];
  // The last colon of `::9000` belongs to the address as well.
  const address = isIP(rest) === 6 ? rest : port.length >= 4 && isIP(`${rest}:`) === 6 ? `${rest}:` : undefined;
  if (address === undefined) return;
  const whole = isIP(text) === 6 ? `, or [${text}] for the address ${text}` : '';
  throw problem('host', `"${text}" can be read in two ways; write [${address}]:${port}${whole}`);
}

/** `Name: value` each. A name that is there twice would silently win over the first. */
export function parseHeaders(field: string, lines: readonly string[] | undefined): Record<string, string> | undefined {
  return lines && parsePairs(field, lines, ':', "'Name: value'");
}

/** `name=number` each. */
export function parseNumbers(field: string, items: readonly string[] | undefined): Record<string, number> | undefined {
  if (items === undefined) return undefined;
  const pairs = Object.entries(parsePairs(field, items, '=', 'name=number'));
  return Object.fromEntries(pairs.map(([name, text]) => [name, parseNumber(`${field}.${name}`, text)]));
}

export function parseNumber(field: string, text: string): number {
  const value = text.trim() === '' ? Number.NaN : Number(text);
  if (!Number.isFinite(value)) throw problem(field, `must be a number, not "${text}"`);
  return value;
}

/** How many lines of a log: a whole number from 0. */
export function parseCount(field: string, text: string): number {
  if (!/^[0-9]{1,9}$/.test(text)) throw problem(field, `must be a whole number from 0, not "${text}"`);
  return Number(text);
}

/** A change that would change nothing is a mistake. */
export function refuseNothing(flags: Readonly<Record<string, unknown>>): void {
  const given = Object.entries(flags).filter(([name, value]) => name !== 'json' && value !== undefined);
  if (given.length === 0) throw problem('', 'nothing to change: give at least one flag');
}

/** `a,b` → two; an empty text → none. */
export function parseList(text: string | undefined): string[] | undefined {
  return text
    ?.split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');
}

/** The text of a file that a flag names. */
export function readTextFile(field: string, path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw problem(field, `cannot be read: ${(error as Error).message}`);
  }
}

function parsePairs(field: string, items: readonly string[], separator: string, form: string): Record<string, string> {
  const pairs = new Map<string, string>();
  for (const item of items) {
    const at = item.indexOf(separator);
    if (at < 1) throw problem(field, `must be ${form}, not "${item}"`);
    const name = item.slice(0, at).trim();
    if (pairs.has(name)) throw problem(field, `${name} is given twice`);
    pairs.set(name, item.slice(at + 1).trim());
  }
  return Object.fromEntries(pairs);
}

function problem(path: string, message: string): ProxyError {
  return invalid([{ path, message }]);
}
