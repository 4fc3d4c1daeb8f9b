// The field section of a head, read byte by byte: what frames and routes the message is gathered, everything else passes
// through as it came. Requests and responses alike.
import { type Fields, field as fieldLine, MAX_FIELD_COUNT } from './fields.ts';
import { Field, fieldAt, isFieldByte, isTokenByte } from './tokens.ts';

const CR = 0x0d;
const LF = 0x0a;
const COLON = 0x3a;
const SPACE = 0x20;
const TAB = 0x09;

/** A whole head: the bytes `from` to `to` (its empty line included), and the same as latin1 text. */
export class HeadBytes {
  readonly bytes: Buffer;
  readonly from: number;
  readonly to: number;
  readonly text: string;

  constructor(bytes: Buffer, from: number, to: number) {
    this.bytes = bytes;
    this.from = from;
    this.to = to;
    this.text = bytes.toString('latin1', from, to);
  }

  /** Text of the bytes `from` to `to`. */
  slice(from: number, to: number): string {
    return this.text.slice(from - this.from, to - this.from);
  }
}

/** Where reading stopped before the end of the head, and why. */
export interface FieldFault {
  readonly kind: 'line' | 'count' | 'end';
  /** Offset of the line. */
  readonly at: number;
}

export abstract class HeadFields {
  /** End-to-end fields that nobody here needs. */
  passed: Fields = '';
  /** Number of Content-Length lines, and the last one's value. */
  lengths = 0;
  length = '';
  /** The same of Transfer-Encoding. */
  codings = 0;
  coding = '';
  /** All Connection lines as one list, and all Upgrade lines. */
  connection = '';
  upgrade = '';

  /** A field with a meaning of its own. @returns true when it passes through as well */
  protected abstract keep(field: Field, name: string, value: string): boolean;

  /**
   * Reads the lines from `start` to the empty line.
   * @returns undefined when the head ends where it should
   */
  read(head: HeadBytes, start: number): FieldFault | undefined {
    const { bytes } = head;
    let at = start;
    let copied = start;
    let count = 0;
    // The head ends with an empty line (the caller found it), so a CR at the beginning of a line is the end.
    while (bytes[at] !== CR) {
      const colon = tokenEnd(bytes, at);
      if (colon === at || bytes[colon] !== COLON) return { kind: 'line', at };
      const end = valueEnd(bytes, colon + 1);
      if (bytes[end] !== CR || bytes[end + 1] !== LF) return { kind: 'line', at };
      if (++count > MAX_FIELD_COUNT) return { kind: 'count', at };
      const known = fieldAt(bytes, at, colon);
      const usual = isUsual(bytes, colon, end);
      if (known !== Field.other || !usual) {
        const name = head.slice(at, colon);
        const value = usual ? head.slice(colon + 2, end) : trimmed(head, colon + 1, end);
        const passes = this.#take(known, name, value);
        if (!passes || !usual) {
          this.passed += head.slice(copied, at);
          if (passes) this.passed += fieldLine(name, value);
          copied = end + 2;
        }
      }
      at = end + 2;
    }
    this.passed += head.slice(copied, at);
    return at === head.to - 2 ? undefined : { kind: 'end', at };
  }

  #take(field: Field, name: string, value: string): boolean {
    switch (field) {
      case Field.other:
        return true;
      case Field.contentLength:
        this.lengths++;
        this.length = value;
        return false;
      case Field.transferEncoding:
        this.codings++;
        this.coding = value;
        return false;
      case Field.connection:
        this.connection = joined(this.connection, value);
        return false;
      case Field.upgrade:
        this.upgrade = joined(this.upgrade, value);
        return false;
      default:
        return this.keep(field, name, value);
    }
  }
}

/** RFC 9110 5.3: lines of a list are one list. */
export function joined(list: string, value: string): string {
  return list === '' ? value : `${list}, ${value}`;
}

/** Offset of the first byte from `at` on that no token has. */
export function tokenEnd(bytes: Buffer, at: number): number {
  let end = at;
  while (isTokenByte(bytes[end]!)) end++;
  return end;
}

/** Offset of the first byte from `at` on that no field value, nor reason phrase, has. */
export function valueEnd(bytes: Buffer, at: number): number {
  let end = at;
  while (isFieldByte(bytes[end]!)) end++;
  return end;
}

/** Written as we write it: one space behind the colon, and no more white space around the value. */
function isUsual(bytes: Buffer, colon: number, end: number): boolean {
  if (bytes[colon + 1] !== SPACE) return false;
  return end === colon + 2 || (!isOws(bytes[colon + 2]!) && !isOws(bytes[end - 1]!));
}

function isOws(byte: number): boolean {
  return byte === SPACE || byte === TAB;
}

/** RFC 9112 5.1: white space around a value is no part of it. */
function trimmed(head: HeadBytes, from: number, to: number): string {
  let start = from;
  let end = to;
  while (start < end && isOws(head.bytes[start]!)) start++;
  while (end > start && isOws(head.bytes[end - 1]!)) end--;
  return head.slice(start, end);
}
