// A response's head, as strict as the request's: a malformed answer is a 502 and none of its bytes reach the client.
import { type Fields, withoutFields } from './fields.ts';
import { type HeadBytes, HeadFields, joined, valueEnd } from './head-fields.ts';
import { contentLength } from './request-head.ts';
import { Field, isDigit, listMembers } from './tokens.ts';

/** How the end of the body is found; `close`: it ends with the connection. */
export type ResponseFraming = 'none' | 'length' | 'chunked' | 'close';

export class ResponseHead {
  status = 0;
  reason = '';
  /** 0 or 1. */
  minor = 1;
  /** End-to-end fields. Content-Length is kept apart. */
  fields: Fields = '';
  framing: ResponseFraming = 'none';
  /** The Content-Length as sent, also on an answer to HEAD and on 304; undefined: none. */
  length: number | undefined = undefined;
  keepAlive = true;
  /** Its fields promise a body, whether it may have one or not. */
  speaksOfBody = false;
  /** Value of Upgrade, of a 101 or a 426. */
  upgrade: string | undefined = undefined;
  trailer: string | undefined = undefined;
  hasDate = false;
  /** Lower-case names of fields that Connection keeps on this hop, trailers included. */
  named: ReadonlySet<string> | undefined = undefined;
}

/**
 * @param bytes of the head, with its final empty line
 * @param method of the request: an answer to HEAD has no body (RFC 9112 6.3)
 * @returns the head, or a text that says what is wrong with it
 */
export function parseResponseHead(bytes: HeadBytes, method: string): ResponseHead | string {
  const head = new ResponseHead();
  const start = readStatusLine(bytes, head);
  if (start === 0) return 'invalid status line';
  const raw = new RawFields(head);
  const fault = raw.read(bytes, start);
  if (fault !== undefined) return FAULTS[fault.kind];
  head.fields = raw.passed;
  return readFraming(head, raw, method) ?? head;
}

const PREFIX = 'HTTP/1.';
const STATUS_AT = 'HTTP/1.1 '.length;
const REASON_AT = 'HTTP/1.1 200'.length;

/** `HTTP/1.D SP DDD [SP reason] CRLF` (RFC 9112 4). @returns the offset behind it; 0 where there is none */
function readStatusLine(head: HeadBytes, into: ResponseHead): number {
  const { bytes, text, from } = head;
  const status = Number(text.slice(STATUS_AT, REASON_AT));
  const wellFormed =
    text.startsWith(PREFIX) &&
    isDigit(bytes[from + PREFIX.length]!) &&
    text.charCodeAt(STATUS_AT - 1) === 0x20 &&
    isDigit(bytes[from + STATUS_AT + 1]!) &&
    isDigit(bytes[from + STATUS_AT + 2]!) &&
    status >= 100;
  if (!wellFormed) return 0;
  into.minor = text.charCodeAt(PREFIX.length) === 0x30 ? 0 : 1;
  into.status = status;
  const hasReason = text.charCodeAt(REASON_AT) === 0x20;
  const end = hasReason ? valueEnd(bytes, from + REASON_AT + 1) : from + REASON_AT;
  if (hasReason) into.reason = head.slice(from + REASON_AT + 1, end);
  return text.startsWith('\r\n', end - from) ? end + 2 : 0;
}

// RFC 9112 5.2: obs-fold in a response; 5.1: space before a colon. Refused rather than repaired.
const FAULTS = { line: 'invalid header line', count: 'too many header fields', end: 'bare CR in the head' } as const;

class RawFields extends HeadFields {
  readonly #head: ResponseHead;

  constructor(head: ResponseHead) {
    super();
    this.#head = head;
  }

  protected keep(known: Field, _name: string, value: string): boolean {
    switch (known) {
      case Field.trailer:
        this.#head.trailer = joined(this.#head.trailer ?? '', value);
        return false;
      case Field.hop:
      case Field.te:
        return false;
      case Field.date:
        this.#head.hasDate = true;
        return true;
      default:
        return true;
    }
  }
}

function readFraming(head: ResponseHead, raw: HeadFields, method: string): string | undefined {
  head.keepAlive = head.minor === 1;
  if (raw.connection === 'keep-alive') head.keepAlive = true;
  else if (raw.connection !== '') readConnection(head, raw);
  if (head.status === 101 || head.status === 426) head.upgrade = raw.upgrade === '' ? undefined : raw.upgrade;
  if (raw.lengths > 0 && raw.codings > 0) return 'both Content-Length and Transfer-Encoding';
  if (raw.lengths > 0) {
    head.length = raw.lengths === 1 ? contentLength(raw.length) : undefined;
    if (head.length === undefined) return 'invalid Content-Length';
  }
  // RFC 9112 6.1: only chunked, once, and not in HTTP/1.0; anything else has no certain end.
  if (raw.codings > 1 || (raw.codings === 1 && raw.coding.toLowerCase() !== 'chunked'))
    return 'unknown transfer coding';
  if (raw.codings === 1 && head.minor === 0) return 'Transfer-Encoding in HTTP/1.0';
  head.framing = framing(head, raw, method);
  head.speaksOfBody = raw.codings > 0 || (head.length ?? 0) > 0;
  if (head.framing === 'close' || promisesBodyWithout(head, raw)) head.keepAlive = false;
  return undefined;
}

/** RFC 9110 8.6, 9112 6.1: must not be sent; whoever sends it may send the body as well, where the next answer belongs. */
function promisesBodyWithout(head: ResponseHead, raw: HeadFields): boolean {
  if (head.status === 204) return head.speaksOfBody;
  return head.status === 304 && raw.codings > 0;
}

function framing(head: ResponseHead, raw: HeadFields, method: string): ResponseFraming {
  // RFC 9112 6.3: no body, whatever the fields say.
  if (head.status < 200 || head.status === 204 || head.status === 304 || method === 'HEAD') return 'none';
  if (raw.codings === 1) return 'chunked';
  return head.length === undefined ? 'close' : 'length';
}

function readConnection(head: ResponseHead, raw: HeadFields): void {
  const options = listMembers(raw.connection);
  if (options.includes('close')) head.keepAlive = false;
  else if (options.includes('keep-alive')) head.keepAlive = true;
  const named = new Set(options.filter((o) => o !== 'close' && o !== 'keep-alive' && o !== 'upgrade'));
  if (named.size === 0) return;
  head.named = named;
  head.fields = withoutFields(head.fields, named);
  if (named.has('date')) head.hasDate = false;
  if (named.has('trailer')) head.trailer = undefined;
}
