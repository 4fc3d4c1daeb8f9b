// One JSON value per line: how messages of the Unix socket are cut out of a byte stream, shared by agent and CLI.
// Work and memory are linear in what arrives, however it is cut into chunks, and bounded by the limit.
import { isUtf8 } from 'node:buffer';

const MIB = 1024 * 1024;
/** Longest message that the agent takes, in bytes without the newline. */
export const MAX_REQUEST_BYTES = 8 * MIB;
/** Longest message that the CLI takes, in bytes without the newline. */
export const MAX_RESPONSE_BYTES = 16 * MIB;

const NEWLINE = 0x0a;
/** What stands for a line that is not UTF-8: no JSON parser takes it, so it ends as a parse error, never as altered data. */
export const NOT_UTF8 = '\ufffd';
const EMPTY = Buffer.alloc(0);
const FIRST_CAPACITY = 4096;

/** One message as it is sent. JSON text holds no raw newline. */
export function encodeLine(value: unknown): string {
  return `${JSON.stringify(value)}\n`;
}

/**
 * Calls `onLine` for each complete line that is not empty. A line of more than `maxBytes` calls `onTooLong` once, as
 * soon as that is known; from then on everything is ignored: the stream cannot be trusted any more.
 */
export class LineReader {
  readonly #onLine: (line: string) => void;
  readonly #onTooLong: () => void;
  readonly #maxBytes: number;
  /** The line that has begun; its first #length bytes count. */
  #pending = EMPTY;
  #length = 0;
  #dead = false;

  constructor(onLine: (line: string) => void, onTooLong: () => void, maxBytes: number) {
    this.#onLine = onLine;
    this.#onTooLong = onTooLong;
    this.#maxBytes = maxBytes;
  }

  feed(chunk: Buffer): void {
    let start = 0;
    while (!this.#dead && start < chunk.length) {
      const newline = chunk.indexOf(NEWLINE, start);
      const end = newline === -1 ? chunk.length : newline;
      if (this.#length + end - start > this.#maxBytes) this.#die();
      else if (newline === -1) this.#keep(chunk.subarray(start));
      else this.#finish(chunk.subarray(start, end));
      start = end + 1;
    }
  }

  #finish(tail: Buffer): void {
    let line = tail;
    if (this.#length > 0) {
      this.#keep(tail);
      line = this.#pending.subarray(0, this.#length);
      this.#pending = EMPTY;
      this.#length = 0;
    }
    if (line.length > 0) this.#onLine(isUtf8(line) ? line.toString('utf8') : NOT_UTF8);
  }

  /** Doubling keeps the copying linear and one buffer keeps it small: a list of one-byte chunks would cost 100 times their size. */
  #keep(bytes: Buffer): void {
    const needed = this.#length + bytes.length;
    if (needed > this.#pending.length) {
      const grown = Buffer.allocUnsafeSlow(Math.max(needed, 2 * this.#pending.length, FIRST_CAPACITY));
      this.#pending.copy(grown, 0, 0, this.#length);
      this.#pending = grown;
    }
    bytes.copy(this.#pending, this.#length);
    this.#length = needed;
  }

  #die(): void {
    this.#dead = true;
    this.#pending = EMPTY;
    this.#length = 0;
    this.#onTooLong();
  }
}
