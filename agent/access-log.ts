// The access log: one JSON line per request and per TCP connection. Off the hot path: lines are gathered in memory and
// written together; when the disk is slower than the traffic, lines are dropped and counted, never waited for.
import { open } from 'node:fs/promises';
import { AccessLines } from './access-line.ts';
import { LineBuffer } from './line-buffer.ts';
import type { AccessEntry, AccessSink } from './proxy/access.ts';
import { rotate } from './rotating-file.ts';

/** A file of this size is rotated, in bytes. */
export const MAX_ACCESS_LOG_BYTES = 20 * 1024 * 1024;
/** Bytes that wait for the disk; more are dropped. */
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
  readonly #lines = new AccessLines();
  readonly #waiting = new LineBuffer(MAX_WAITING);
  #size: number | undefined = undefined;
  #timer: NodeJS.Timeout | undefined = undefined;
  #writing: Promise<void> | undefined = undefined;

  constructor(options: AccessLogOptions) {
    this.#options = options;
    this.#maxBytes = options.maxBytes ?? MAX_ACCESS_LOG_BYTES;
  }

  record(entry: AccessEntry): void {
    this.#waiting.push(this.#lines.line(entry, Date.now()));
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
    const { dropped } = this.#waiting;
    const blocks = this.#waiting.take();
    try {
      if (blocks.length > 0) await this.#append(dropped === 0 ? blocks : [...blocks, droppedLine(dropped)]);
    } catch (error) {
      this.#size = undefined;
      this.#options.onProblem({ error, dropped: dropped + lineCount(blocks) });
    }
    this.#waiting.recycle(blocks);
    this.#writing = undefined;
    if (!this.#waiting.empty) this.#flushLater();
  }

  async #append(blocks: readonly Buffer[]): Promise<void> {
    const file = await open(this.#options.path, 'a', 0o600);
    try {
      this.#size ??= (await file.stat()).size;
      this.#size += (await file.writev(blocks)).bytesWritten;
    } finally {
      await file.close();
    }
    if (this.#size < this.#maxBytes) return;
    rotate(this.#options.path);
    this.#size = 0;
  }
}

function droppedLine(dropped: number): Buffer {
  return Buffer.from(`${JSON.stringify({ time: new Date().toISOString(), dropped })}\n`);
}

function lineCount(blocks: readonly Buffer[]): number {
  return blocks.reduce((count, block) => count + block.toString('latin1').split('\n').length - 1, 0);
}
