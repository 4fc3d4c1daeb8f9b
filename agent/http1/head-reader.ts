// Finds the end of a head in a stream of bytes, within a limit, and notices early what can never become a head. Used
// for requests and for responses. In the usual case (the head is in one read) nothing is copied.

import { HeadBytes } from './head-fields.ts';

const HEAD_END = Buffer.from('\r\n\r\n');
const CR = 0x0d;
const LF = 0x0a;
const FIRST_SIZE = 2048;
/** Bytes of the empty line that may stand before a request (RFC 9112 2.2). */
const EMPTY_LINE = 2;

export const HeadProgress = { more: 0, found: 1, tooLarge: 2, malformed: 3 } as const;
export type HeadProgress = (typeof HeadProgress)[keyof typeof HeadProgress];

export class HeadReader {
  readonly #limit: number;
  /** Bytes of a head that came in several reads; grows by doubling. */
  #held: Buffer | undefined = undefined;
  #length = 0;
  #lineGiven = false;
  /** After `found`: the head, with its empty line. */
  head: HeadBytes | undefined = undefined;
  /** After `found`: offset in the chunk of the first byte behind the head. */
  next = 0;

  /** @param limit most bytes of a head, its empty line included */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** True between heads: nothing of the next head has come, but for an empty line that may stand before it. */
  get empty(): boolean {
    return this.#length === 0 || (this.#length <= EMPTY_LINE && this.#held![0] === CR);
  }

  /** The first line of a head that is not complete, with its CRLF; undefined: not complete either. Each is given once. */
  get firstLine(): HeadBytes | undefined {
    if (this.#lineGiven) return undefined;
    const held = this.#held!;
    const end = held.subarray(0, this.#length).indexOf(LF, EMPTY_LINE) + 1;
    if (end === 0) return undefined;
    this.#lineGiven = true;
    return new HeadBytes(held, 0, end);
  }

  /** True when what is held already goes beyond its first line. */
  get pastFirstLine(): boolean {
    return this.#held?.subarray(0, this.#length).includes(LF, EMPTY_LINE) === true;
  }

  /** After `found` and after a refusal: whether the head is that of a HEAD request, as far as it came. */
  get isHead(): boolean {
    return /^(?:\r\n)?HEAD /.test(
      this.#held?.toString('latin1', 0, Math.min(this.#length, 7)) ?? this.head?.text ?? '',
    );
  }

  push(chunk: Buffer, from: number): HeadProgress {
    return this.#held === undefined ? this.#first(chunk, from) : this.#further(chunk, from);
  }

  #first(chunk: Buffer, from: number): HeadProgress {
    const end = chunk.indexOf(HEAD_END, from);
    if (end < 0) return this.#hold(chunk, from);
    if (end + 4 - from > this.#limit) return this.#hold(chunk, from);
    this.head = new HeadBytes(chunk, from, end + 4);
    this.next = end + 4;
    return HeadProgress.found;
  }

  #further(chunk: Buffer, from: number): HeadProgress {
    const before = this.#length;
    const progress = this.#hold(chunk, from);
    const held = this.#held!;
    const end = held.subarray(0, this.#length).indexOf(HEAD_END, Math.max(0, before - 3));
    // Bytes behind the end are not the head's: nothing of them is looked at.
    if (end < 0) return progress;
    if (end + 4 > this.#limit) return progress;
    this.head = new HeadBytes(held, 0, end + 4);
    this.next = from + end + 4 - before;
    this.#held = undefined;
    this.#length = 0;
    this.#lineGiven = false;
    return HeadProgress.found;
  }

  /** Appends at most what the limit leaves room for: more cannot belong to an acceptable head. */
  #hold(chunk: Buffer, from: number): HeadProgress {
    const room = this.#limit + 1 - this.#length;
    const take = Math.min(chunk.length - from, room);
    const before = this.#length;
    const needed = before + take;
    if (this.#held === undefined || needed > this.#held.length) this.#grow(needed);
    chunk.copy(this.#held!, before, from, from + take);
    this.#length = needed;
    if (hasBareLineEnd(this.#held!, Math.max(0, before - 1), needed)) return HeadProgress.malformed;
    return needed > this.#limit ? HeadProgress.tooLarge : HeadProgress.more;
  }

  #grow(needed: number): void {
    const size = Math.max(FIRST_SIZE, (this.#held?.length ?? 0) * 2, needed);
    const grown = Buffer.allocUnsafe(size);
    this.#held?.copy(grown, 0, 0, this.#length);
    this.#held = grown;
  }
}

/** A LF without CR before it, a CR without LF behind it, or a NUL: no continuation can make it a head. */
function hasBareLineEnd(bytes: Buffer, from: number, to: number): boolean {
  for (let i = from; i < to; i++) {
    const byte = bytes[i]!;
    if (byte === LF ? i === 0 || bytes[i - 1] !== CR : byte === 0) return true;
    if (byte === CR && i + 1 < to && bytes[i + 1] !== LF) return true;
  }
  return false;
}
