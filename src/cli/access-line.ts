// One entry of the access log (JSON) as a line for people, and the choice of entries.
import { ProxyError } from '../errors.ts';
import { clean, type Screen } from './render.ts';
import { bytes } from './status-view.ts';

interface Entry {
  time?: string;
  client?: string;
  host?: string;
  route?: string;
  target?: string;
  method?: string;
  path?: string;
  status?: number;
  bytes_in?: number;
  bytes_out?: number;
  duration_ms?: number;
  failure?: string;
  dropped?: number;
}

/**
 * @param wanted `host`: exact name; `status`: three characters, digits or x
 * @throws ProxyError invalid
 */
export function accessFilter(wanted: {
  host: string | undefined;
  status: string | undefined;
}): (line: string) => boolean {
  const { host, status } = wanted;
  if (status !== undefined && !/^[1-5x][0-9x]{2}$/i.test(status)) {
    throw new ProxyError('invalid', `--status: ${JSON.stringify(status)} is no status; give one such as 404 or 5xx`);
  }
  if (host === undefined && status === undefined) return () => true;
  const pattern = status === undefined ? undefined : new RegExp(`^${status.replace(/x/gi, '[0-9]')}$`);
  return (line) => {
    const entry = parse(line);
    if (entry === undefined) return false;
    if (host !== undefined && entry.host?.toLowerCase() !== host.toLowerCase()) return false;
    return pattern === undefined || (entry.status !== undefined && pattern.test(String(entry.status)));
  };
}

/** What is no entry is shown as it is. */
export function accessLine(line: string, { chalk }: Screen): string {
  const entry = parse(line);
  if (entry === undefined) return clean(line);
  const time = chalk.dim(new Date(entry.time ?? '').toLocaleTimeString());
  if (entry.dropped !== undefined) return `${time} ${chalk.yellow(`${entry.dropped} entries were dropped`)}`;
  const what = entry.method === undefined ? bare(entry) : `${entry.method} ${entry.path ?? ''}`;
  const status = entry.status ?? 0;
  const color = status >= 500 ? 'red' : status >= 400 ? 'yellow' : 'green';
  const moved = `${bytes(entry.bytes_in ?? 0)} in, ${bytes(entry.bytes_out ?? 0)} out`;
  const duration = `${(entry.duration_ms ?? 0).toFixed(1)} ms`;
  const parts = [time, chalk[color](status === 0 ? '  -' : String(status)), clean(entry.host ?? '-'), clean(what), '→'];
  parts.push(clean(entry.target ?? '-'), chalk.dim(`${duration}, ${moved}, from ${clean(entry.client ?? '')}`));
  if (entry.failure !== undefined) parts.push(chalk.red(clean(entry.failure)));
  return parts.join(' ');
}

/** What has no method: a TCP connection has a host, a request that could not be read has none. */
function bare(entry: Entry): string {
  return entry.host === undefined ? 'unreadable request' : 'tcp';
}

function parse(line: string): Entry | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null ? (value as Entry) : undefined;
  } catch {
    return undefined;
  }
}
