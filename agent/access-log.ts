// The access log: one JSON line per request and per TCP connection. Off the hot path: lines are gathered in memory and
// written together; when the disk is slower than the traffic, lines are dropped and counted, never waited for.
import { open } from 'node:fs/promises';
import type { AccessEntry, AccessSink } from './proxy/access.ts';
import { rotate } from './rotating-file.ts';

/** A file of this size is rotated, in bytes. */
export const MAX_ACCESS_LOG_BYTES = 20 * 1024 * 1024;
/** Characters that wait for the disk; more are dropped. */
export const MAX_WAITING = 4 * 1024 * 1024;
const FLUSH_MS = 100;

export interface AccessLogOptions {
  readonly path: string;
  readonly maxBytes?: number;
  /** Told once each time lines could not be written. */
  readonly onProblem: (problem: { readonly error: unknown; readonly dropped: number }) => void;
}

export class AccessLog implements AccessSink {
  readonly #options: AccessLogOptions;
  readonly #maxBytes: number;
  #waiting = '';
  #dropped = 0;
  #size: number | undefined = undefined;
  #timer: NodeJS.Timeout | undefined = undefined;
  #writing: Promise<void> | undefined = undefined;

  constructor(options: AccessLogOptions) {
    this.#options = options;
    this.#maxBytes = options.maxBytes ?? MAX_ACCESS_LOG_BYTES;
  }

  record(entry: AccessEntry): void {
    if (this.#waiting.length >= MAX_WAITING) {
      this.#dropped++;
      return;
    }
    this.#waiting += lineOf(entry);
    if (this.#timer === undefined && this.#writing === undefined) this.#flushLater();
  }

  /** Resolves when everything that was recorded is written, or given up. */
  async close(): Promise<void> {
    await this.#writing;
    clearTimeout(this.#timer);
    await this.#flush();
  }

  #flushLater(): void {
    this.#timer = setTimeout(() => {
      this.#writing = this.#flush();
    }, FLUSH_MS);
  }

  /** Never rejects. */
  async #flush(): Promise<void> {
    this.#timer = undefined;
    const text = this.#take();
    try {
      if (text !== '') await this.#append(text);
    } catch (error) {
      this.#size = undefined;
      this.#options.onProblem({ error, dropped: text.split('\n').length - 1 });
    }
    this.#writing = undefined;
    if (this.#waiting !== '') this.#flushLater();
  }

  #take(): string {
    let text = this.#waiting;
    this.#waiting = '';
    if (this.#dropped > 0) text += `${JSON.stringify({ time: new Date().toISOString(), dropped: this.#dropped })}\n`;
    this.#dropped = 0;
    return text;
  }

  async #append(text: string): Promise<void> {
    const file = await open(this.#options.path, 'a', 0o600);
    try {
      this.#size ??= (await file.stat()).size;
      const { bytesWritten } = await file.write(text);
      this.#size += bytesWritten;
    } finally {
      await file.close();
    }
    if (this.#size < this.#maxBytes) return;
    rotate(this.#options.path);
    this.#size = 0;
  }
}

/** Undefined members are left out; the names are those of `prproxy logs --json`. */
function lineOf(entry: AccessEntry): string {
  const line = {
    time: new Date().toISOString(),
    client: entry.client,
    host: entry.host,
    route: entry.route,
    target: entry.target,
    method: entry.method,
    path: entry.path,
    status: entry.status,
    bytes_in: entry.bytesIn,
    bytes_out: entry.bytesOut,
    duration_ms: round(entry.durationMs),
    upstream_ms: entry.upstreamMs === undefined ? undefined : round(entry.upstreamMs),
    retried: entry.retried || undefined,
    failure: entry.failure,
    request_id: entry.requestId,
  };
  return `${JSON.stringify(line)}\n`;
}

/** To microseconds. */
function round(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}
