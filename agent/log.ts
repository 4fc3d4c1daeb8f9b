// The agent's log: JSON lines in a private file, rotated by size. The only file that knows pino. A full or broken disk
// loses lines, never the agent: nothing here throws.
import { closeSync, fstatSync, mkdirSync, openSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { type DestinationStream, type Logger, pino } from 'pino';
import { rotate } from './rotating-file.ts';

export type { Logger } from 'pino';

/** A file of this size is rotated, in bytes. */
export const MAX_LOG_BYTES = 5 * 1024 * 1024;
/** A net below the rule that no secret is ever logged. */
const SECRETS = ['key', '*.key', 'token', '*.token', 'authorization', '*.authorization'];

export interface LogOptions {
  readonly path: string;
  /** Lines go to stderr as well. */
  readonly foreground: boolean;
  readonly level?: string | undefined;
  readonly maxBytes?: number;
}

/** Every line is on its way to the kernel when the call returns, so there is nothing to flush before a crash. */
export function createLog({ path, foreground, level = 'info', maxBytes = MAX_LOG_BYTES }: LogOptions): Logger {
  const file = new RotatingFile(path, maxBytes);
  const destination: DestinationStream = {
    write(line) {
      file.write(line);
      if (foreground) process.stderr.write(line);
    },
  };
  const known = level in pino.levels.values || level === 'silent' ? level : 'info';
  return pino(
    {
      level: known,
      base: { pid: process.pid },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      redact: SECRETS,
    },
    destination,
  );
}

class RotatingFile {
  readonly #path: string;
  readonly #maxBytes: number;
  #fd: number | undefined;
  #size = 0;

  constructor(path: string, maxBytes: number) {
    this.#path = path;
    this.#maxBytes = maxBytes;
  }

  write(line: string): void {
    try {
      const bytes = Buffer.from(line);
      const fd = this.#fd ?? this.#open();
      this.#size += writeSync(fd, bytes);
      if (this.#size >= this.#maxBytes) this.#rotate();
    } catch {
      // The disk is full or the folder is gone: try the next line on a newly opened file.
      this.#close();
    }
  }

  #open(): number {
    mkdirSync(dirname(this.#path), { recursive: true, mode: 0o700 });
    const fd = openSync(this.#path, 'a', 0o600);
    this.#fd = fd;
    this.#size = fstatSync(fd).size;
    return fd;
  }

  #rotate(): void {
    this.#close();
    rotate(this.#path);
  }

  #close(): void {
    if (this.#fd === undefined) return;
    const fd = this.#fd;
    this.#fd = undefined;
    try {
      closeSync(fd);
    } catch {
      // Nothing can be done about it.
    }
  }
}
