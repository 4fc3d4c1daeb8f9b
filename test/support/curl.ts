// curl as a process: one request, and its answer taken apart.
import type { AgentHome } from './agent-home.ts';
import { type RunOptions, run } from './programs.ts';

export interface CurlAnswer {
  /** Of curl; 0 when the transfer was complete. */
  readonly code: number;
  readonly stderr: string;
  /** Every head that came, interim answers and redirects included. */
  readonly heads: readonly string[];
  /** Of the last head. */
  readonly status: number;
  readonly version: string;
  readonly headers: Headers;
  readonly body: string;
}

export function curl(...args: string[]): Promise<CurlAnswer> {
  return curlWith({}, ...args);
}

/** The same, with something on stdin. */
export async function curlWith(options: RunOptions, ...args: string[]): Promise<CurlAnswer> {
  const { code, stdout, stderr } = await run('curl', ['-q', '-sS', '-i', '--max-time', '30', ...args], options);
  const heads: string[] = [];
  let body = stdout;
  while (body.startsWith('HTTP/') && (heads.length === 0 || !isFinal(heads.at(-1)!))) {
    const end = body.indexOf('\r\n\r\n') + 4;
    heads.push(body.slice(0, end));
    body = body.slice(end);
  }
  const [first = '', ...lines] = (heads.at(-1) ?? '').trimEnd().split('\r\n');
  const [version = '', status = '0'] = first.split(' ');
  const headers = new Headers();
  for (const line of lines) headers.append(line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1).trim());
  return { code, stderr, heads, status: Number(status), version, headers, body };
}

function isFinal(head: string): boolean {
  return !/^HTTP\/\S+ 1\d\d/.test(head);
}

/** Arguments that let curl find a name at this machine's `port`. */
export function at(port: number, ...names: string[]): string[] {
  return names.flatMap((name) => ['--resolve', `${name}:${port}:127.0.0.1`]);
}

export interface RestReply {
  readonly status: number;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into JSON of many shapes
  readonly body: any;
}

/** A REST request by curl, with the agent's token. `path` begins with /v1. */
export async function curlRest(home: AgentHome, method: string, path: string, body?: unknown): Promise<RestReply> {
  const headers = ['-H', `Authorization: Bearer ${await home.token()}`];
  const data = body === undefined ? [] : ['-H', 'Content-Type: application/json', '--data', JSON.stringify(body)];
  const url = `http://127.0.0.1:${home.restPort}${path}`;
  const answer = await curl('-X', method, ...headers, ...data, url);
  if (answer.code !== 0) throw new Error(`curl: ${answer.stderr}`);
  return { status: answer.status, body: answer.body === '' ? undefined : JSON.parse(answer.body) };
}
