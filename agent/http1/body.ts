// The chunked coding (RFC 9112 7.1) as a state machine over bytes: data out, framing gone. It never guesses: one
// wrong byte and the body is broken, and a broken body never looks complete to the other side.
import { type Fields, readTrailerLines, withoutFields } from './fields.ts';
import { Field, fieldOf, TOKEN } from './tokens.ts';

/** Limits, each tested at limit and limit + 1. */
export const MAX_CHUNK_SIZE_DIGITS = 16;
export const MAX_CHUNK_EXTENSION_BYTES = 4_096;
export const MAX_TRAILER_BYTES = 16_384;

/** Takes the data of a body as it is found. */
export interface BodySink {
  bodyData(data: Buffer): void;
}

const State = {
  size: 0,
  extension: 1,
  sizeLf: 2,
  data: 3,
  dataCr: 4,
  dataLf: 5,
  trailer: 6,
  done: 7,
  broken: 8,
} as const;

/** No white space outside quotes: stricter than BWS, because parsers disagree there. */
const EXTENSIONS = new RegExp(
  `^(?:;${TOKEN}(?:=(?:${TOKEN}|"(?:[\\t \\x21\\x23-\\x5b\\x5d-\\x7e\\x80-\\xff]|\\\\[\\t \\x21-\\x7e\\x80-\\xff])*"))?)*$`,
);

const CR = 0x0d;
const LF = 0x0a;

export class ChunkedDecoder {
  #state: number = State.size;
  #remaining = 0;
  #digits = 0;
  #extension = '';
  #extensionBytes = 0;
  #trailerText = '';
  /** Trailer fields, without those that must not be there; set once the body is done. */
  trailers: Fields = '';

  get done(): boolean {
    return this.#state === State.done;
  }

  get broken(): boolean {
    return this.#state === State.broken;
  }

  /**
   * Reads `chunk` from `from`, and hands data to `sink`. Stops behind the body's last byte, or where it is broken.
   * @returns the offset of the first byte that was not read
   */
  push(chunk: Buffer, from: number, sink: BodySink): number {
    let at = from;
    while (at < chunk.length && this.#state < State.done) {
      if (this.#state === State.data) at = this.#takeData(chunk, at, sink);
      else this.#takeByte(chunk[at++]!);
    }
    return at;
  }

  #takeData(chunk: Buffer, at: number, sink: BodySink): number {
    const end = Math.min(chunk.length, at + this.#remaining);
    this.#remaining -= end - at;
    if (this.#remaining === 0) this.#state = State.dataCr;
    sink.bodyData(at === 0 && end === chunk.length ? chunk : chunk.subarray(at, end));
    return end;
  }

  #takeByte(byte: number): void {
    switch (this.#state) {
      case State.size:
        return this.#takeSize(byte);
      case State.extension:
        return this.#takeExtension(byte);
      case State.sizeLf:
        return this.#endSizeLine(byte);
      case State.dataCr:
        this.#state = byte === CR ? State.dataLf : State.broken;
        return;
      case State.dataLf:
        this.#state = byte === LF ? State.size : State.broken;
        this.#digits = 0;
        return;
      default:
        return this.#takeTrailer(byte);
    }
  }

  #takeSize(byte: number): void {
    const digit = hexDigit(byte);
    if (digit >= 0) {
      if (this.#digits === 0) this.#remaining = 0;
      this.#remaining = this.#remaining * 16 + digit;
      if (++this.#digits > MAX_CHUNK_SIZE_DIGITS || this.#remaining > Number.MAX_SAFE_INTEGER)
        this.#state = State.broken;
    } else if (this.#digits > 0 && byte === CR) {
      this.#state = State.sizeLf;
    } else if (this.#digits > 0 && byte === 0x3b) {
      this.#extension = ';';
      this.#state = State.extension;
    } else {
      this.#state = State.broken;
    }
  }

  #takeExtension(byte: number): void {
    if (byte === CR) {
      this.#state = EXTENSIONS.test(this.#extension) ? State.sizeLf : State.broken;
    } else if (byte === LF || ++this.#extensionBytes > MAX_CHUNK_EXTENSION_BYTES) {
      this.#state = State.broken;
    } else {
      this.#extension += String.fromCharCode(byte);
    }
  }

  #endSizeLine(byte: number): void {
    if (byte !== LF) this.#state = State.broken;
    else this.#state = this.#remaining > 0 ? State.data : State.trailer;
  }

  #takeTrailer(byte: number): void {
    this.#trailerText += String.fromCharCode(byte);
    if (this.#trailerText.length > MAX_TRAILER_BYTES) this.#state = State.broken;
    else if (byte === LF) this.#endTrailerLine();
  }

  #endTrailerLine(): void {
    const text = this.#trailerText;
    if (text === '\r\n' || text.endsWith('\r\n\r\n')) {
      const trailers = parseTrailers(text);
      if (trailers !== undefined) this.trailers = trailers;
      this.#state = trailers === undefined ? State.broken : State.done;
    } else if (text.charCodeAt(text.length - 2) !== CR) {
      this.#state = State.broken;
    }
  }
}

function hexDigit(byte: number): number {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const lower = byte | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1;
}

/** RFC 9110 6.5.1: framing, routing, authentication, content and control fields have no place in trailers. */
const FORBIDDEN_TRAILERS = new Set([
  'content-length',
  'transfer-encoding',
  'host',
  'connection',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'upgrade',
  'authorization',
  'proxy-authorization',
  'proxy-authenticate',
  'www-authenticate',
  'cookie',
  'set-cookie',
  'content-type',
  'content-encoding',
  'content-range',
  'content-location',
  'range',
  'expect',
  'max-forwards',
  'cache-control',
  'age',
  'date',
  'expires',
  'location',
  'retry-after',
  'vary',
  'warning',
  'pragma',
  'via',
  'if-match',
  'if-none-match',
  'if-modified-since',
  'if-unmodified-since',
  'if-range',
]);

function isForbiddenTrailer(lower: string): boolean {
  const field = fieldOf(lower);
  return field === Field.forwarding || field === Field.requestId || FORBIDDEN_TRAILERS.has(lower);
}

function parseTrailers(text: string): Fields | undefined {
  const fields = readTrailerLines(text);
  return fields && withoutFields(fields, { has: isForbiddenTrailer });
}

/** RFC 9110 7.6.1: the trailers of a body that is done, without those that Connection named. */
export function trailersPast(decoder: ChunkedDecoder, named: ReadonlySet<string> | undefined): Fields {
  return named === undefined ? decoder.trailers : withoutFields(decoder.trailers, named);
}
