// A request's head: parsed once, and the result says everything (framing, persistence, upgrade, expectation), so that
// nobody downstream reads Content-Length or Connection again. Strict: what could be read in two ways is refused.
import { isIPv6 } from 'node:net';
import { type Fields, field, withoutFields } from './fields.ts';
import { type FieldFault, type HeadBytes, HeadFields, joined, tokenEnd } from './head-fields.ts';
import { Field, flat, isDigit, listMembers } from './tokens.ts';

/** Limits in bytes, each tested at limit and limit + 1. */
export const MAX_HEAD_BYTES = 65_536;
export const MAX_TARGET_BYTES = 16_384;
export const MAX_METHOD_BYTES = 32;

/** Why a head is refused. `message` is fixed text: nothing of the request is reflected. */
export interface HeadError {
  readonly status: 400 | 414 | 417 | 431 | 501 | 505;
  readonly message: string;
}

export type Framing = 'none' | 'length' | 'chunked';

export class RequestHead {
  method = '';
  /** As sent, in origin-form: path and query, or `*`. */
  target = '';
  /** The target without its query. */
  path = '';
  /** 0 or 1: of HTTP/1.0, HTTP/1.1. */
  minor = 1;
  /** Of an absolute-form target, lower case; undefined: the connection's. */
  scheme: string | undefined = undefined;
  /** Host as sent, or the authority of an absolute-form target; '' when an HTTP/1.0 request has none. */
  authority = '';
  /** Authority without port, brackets and trailing dot, lower case. */
  hostname = '';
  /** End-to-end fields that the engine does not interpret. */
  fields: Fields = '';
  /** X-Forwarded-*, Forwarded, X-Real-IP, as received. */
  forwarding: Fields = '';
  /** Via lines as received. */
  via: Fields = '';
  maxForwards: string | undefined = undefined;
  /** Its authentication is the connection's, not the request's (NTLM, Negotiate). */
  connectionBound = false;
  /** X-Request-Id as received. */
  requestId: string | undefined = undefined;
  trailer: string | undefined = undefined;
  /** Lower-case names of fields that Connection keeps on this hop, trailers included. */
  named: ReadonlySet<string> | undefined = undefined;
  framing: Framing = 'none';
  /** Bytes of the body when framing is `length`. */
  length = 0;
  keepAlive = true;
  /** Value for an Upgrade field towards the origin; undefined: no upgrade was asked for. */
  upgrade: string | undefined = undefined;
  expectContinue = false;
  /** The client said `TE: trailers`. */
  trailersWanted = false;
}

const CONNECTION_BOUND = /^(?:ntlm|negotiate)\b/i;

const refuse = (status: HeadError['status'], message: string): HeadError => ({ status, message });

const BARE_LINE_END = /\0|\r(?!\n)|(?<!\r)\n/;
export const MALFORMED = refuse(400, 'a bare CR, a bare LF or a NUL in the head');

export function isHeadError(result: RequestHead | HeadError): result is HeadError {
  return 'status' in result;
}

/**
 * @param bytes of the head, from the request line (or an empty line before it) to the empty line
 * @returns the head, or why it is refused; the connection cannot be used further after a refusal
 */
export function parseRequestHead(bytes: HeadBytes): RequestHead | HeadError {
  const head = readHead(bytes);
  // Whatever else is wrong: where the bytes come one by one, this is seen first.
  return isHeadError(head) && head.status !== 400 && BARE_LINE_END.test(bytes.text) ? MALFORMED : head;
}

function readHead(bytes: HeadBytes): RequestHead | HeadError {
  const head = new RequestHead();
  const raw = new RawFields(head);
  const start = readRequestLine(bytes, head);
  if (typeof start !== 'number') return start;
  const fault = raw.read(bytes, start);
  if (fault !== undefined) return explainField(bytes, fault);
  head.fields = raw.passed;
  return readTarget(head, raw) ?? readFraming(head, raw) ?? readConnection(head, raw) ?? head;
}

const SPACE = 0x20;
const ZERO = 0x30;
const ONE = 0x31;
const VERSION_LENGTH = ' HTTP/1.1\r\n'.length;
const MAJOR_AT = ' HTTP/'.length;
const MINOR_AT = ' HTTP/1.'.length;

/** ` HTTP/D.D` and CRLF. */
function isVersion(head: HeadBytes, at: number): boolean {
  const { bytes, text } = head;
  const from = at - head.from;
  return (
    text.startsWith(' HTTP/', from) &&
    isDigit(bytes[at + MAJOR_AT]!) &&
    text.charCodeAt(from + MAJOR_AT + 1) === 0x2e &&
    isDigit(bytes[at + MINOR_AT]!) &&
    text.startsWith('\r\n', from + MINOR_AT + 1)
  );
}

/** `method SP target SP HTTP/D.D CRLF` (RFC 9112 3). @returns the offset behind it */
function readRequestLine(head: HeadBytes, into: RequestHead): number | HeadError {
  const { bytes } = head;
  // RFC 9112 2.2: one empty line before the request line is passed over.
  const from = head.text.startsWith('\r\n') ? head.from + 2 : head.from;
  const methodEnd = tokenEnd(bytes, from);
  let targetEnd = methodEnd + 1;
  while (bytes[targetEnd]! > SPACE && bytes[targetEnd]! < 0x7f) targetEnd++;
  const wellFormed = methodEnd > from && bytes[methodEnd] === SPACE && targetEnd > methodEnd + 1;
  if (!wellFormed || !isVersion(head, targetEnd)) return explainRequestLine(head.text);
  into.method = head.slice(from, methodEnd);
  into.target = head.slice(methodEnd + 1, targetEnd);
  // RFC 9112 2.3: a higher minor version is read as 1.1.
  into.minor = bytes[targetEnd + MINOR_AT] === ZERO ? 0 : 1;
  if (bytes[targetEnd + MAJOR_AT] !== ONE) return refuse(505, 'this server speaks HTTP/1.0 and HTTP/1.1');
  if (into.method.length > MAX_METHOD_BYTES) return refuse(501, 'unknown method');
  if (into.target.length > MAX_TARGET_BYTES) return refuse(414, 'the request target is too long');
  return targetEnd + VERSION_LENGTH;
}

/** @param line the first line of a head that is still coming, with its CRLF (and an empty line before it) */
export function requestLineFault(line: HeadBytes): HeadError | undefined {
  const result = readRequestLine(line, new RequestHead());
  return typeof result === 'number' ? undefined : result;
}

class RawFields extends HeadFields {
  readonly #head: RequestHead;
  hosts = 0;
  host = '';
  te = '';
  expect = '';

  constructor(head: RequestHead) {
    super();
    this.#head = head;
  }

  protected keep(known: Field, name: string, value: string): boolean {
    const head = this.#head;
    switch (known) {
      case Field.host:
        this.hosts++;
        this.host = value;
        return false;
      case Field.te:
        this.te = joined(this.te, value);
        return false;
      case Field.expect:
        this.expect = joined(this.expect, value);
        return false;
      case Field.trailer:
        head.trailer = joined(head.trailer ?? '', value);
        return false;
      case Field.via:
        head.via += field('Via', value);
        return false;
      case Field.maxForwards:
        head.maxForwards = value;
        return false;
      case Field.forwarding:
        head.forwarding += field(name, value);
        return false;
      case Field.authorization:
        if (CONNECTION_BOUND.test(value)) head.connectionBound = true;
        return true;
      case Field.requestId:
        head.requestId = value;
        return false;
      case Field.hop:
        return false;
      default:
        return true;
    }
  }
}

// --- Target and Host ---------------------------------------------------------------------------------------------

const ABSOLUTE_FORM = /^(https?):\/\/([^/?#]*)(.*)$/i;
const AUTHORITY_FORM = /^(?:\[[0-9a-f:.]+\]|[a-z0-9._-]+):([0-9]{1,5})$/i;
const MAX_PORT = 65_535;
const AUTHORITY = /^(?:\[([0-9a-f:.]+)\]|([a-z0-9_-][a-z0-9._-]*))(?::([0-9]{0,5}))?$/i;

function readTarget(head: RequestHead, raw: RawFields): HeadError | undefined {
  // RFC 9112 3.2: no Host in HTTP/1.1, or more than one in any version → 400.
  if (raw.hosts > 1) return refuse(400, 'more than one Host field');
  if (raw.hosts === 0 && head.minor === 1) return refuse(400, 'no Host field');
  head.authority = raw.host;
  if (raw.hosts === 1 && !readAuthority(head)) return refuse(400, 'invalid Host field');
  return head.target.charCodeAt(0) === 0x2f ? splitPath(head) : readOtherForm(head);
}

function readOtherForm(head: RequestHead): HeadError | undefined {
  // RFC 9110 9.3.6: no tunnels through a gateway; an empty or bad port is an error of its own.
  if (head.method === 'CONNECT') {
    const port = Number(AUTHORITY_FORM.exec(head.target)?.[1] ?? 0);
    return port > 0 && port <= MAX_PORT ? refuse(501, 'CONNECT is not offered') : refuse(400, 'invalid target');
  }
  if (head.target === '*') {
    head.path = '*';
    return head.method === 'OPTIONS' ? undefined : refuse(400, 'the target * goes with OPTIONS only');
  }
  const absolute = ABSOLUTE_FORM.exec(head.target);
  if (absolute === null) return refuse(400, 'invalid request target');
  // RFC 9112 3.2.2: the authority of an absolute-form target replaces Host.
  head.scheme = absolute[1]!.toLowerCase();
  head.authority = absolute[2]!;
  if (!readAuthority(head)) return refuse(400, 'invalid authority in the request target');
  const rest = absolute[3]!;
  // RFC 9112 3.2.4: OPTIONS without a path means the server as a whole.
  if (rest === '' && head.method === 'OPTIONS') {
    head.target = '*';
    head.path = '*';
    return undefined;
  }
  head.target = rest.startsWith('/') ? rest : `/${rest}`;
  return splitPath(head);
}

function splitPath(head: RequestHead): HeadError | undefined {
  if (head.method === 'CONNECT') return refuse(400, 'invalid target');
  // RFC 9112 3.2: a fragment is never sent.
  if (head.target.includes('#')) return refuse(400, 'a fragment in the request target');
  const query = head.target.indexOf('?');
  head.path = query < 0 ? head.target : head.target.slice(0, query);
  return undefined;
}

/** Authority → hostname, of valid ones. Bounded in number and length: clients choose them. */
const authorities = new Map<string, string>();
const MAX_AUTHORITIES = 1_000;
const MAX_KEPT_AUTHORITY = 255;

function readAuthority(head: RequestHead): boolean {
  const known = authorities.get(head.authority);
  if (known !== undefined) {
    head.hostname = known;
    return true;
  }
  if (!parseAuthority(head)) return false;
  if (head.authority.length > MAX_KEPT_AUTHORITY) return true;
  if (authorities.size >= MAX_AUTHORITIES) authorities.clear();
  authorities.set(flat(head.authority), flat(head.hostname));
  return true;
}

function parseAuthority(head: RequestHead): boolean {
  const match = AUTHORITY.exec(head.authority);
  if (match === null || head.authority.includes('..')) return false;
  if (match[3] !== undefined && match[3] !== '' && Number(match[3]) > MAX_PORT) return false;
  if (match[1] !== undefined) {
    head.hostname = match[1].toLowerCase();
    return isIPv6(match[1]);
  }
  const name = match[2]!.toLowerCase();
  head.hostname = name.endsWith('.') ? name.slice(0, -1) : name;
  return true;
}

// --- Framing -----------------------------------------------------------------------------------------------------

/** Fewer digits than 2^53 has, so every value is exact. */
const CONTENT_LENGTH = /^(?:0+|0*[1-9][0-9]{0,14})$/;

/** @returns the length, or undefined when the value is invalid (RFC 9112 6.3: 400 or 502, then close) */
export function contentLength(value: string): number | undefined {
  return CONTENT_LENGTH.test(value) ? Number(value) : undefined;
}

function readFraming(head: RequestHead, raw: RawFields): HeadError | undefined {
  // RFC 9112 6.3: both present is an attempt at smuggling until proven otherwise.
  if (raw.codings > 0 && raw.lengths > 0) return refuse(400, 'both Content-Length and Transfer-Encoding');
  if (raw.codings > 0) return readCoding(head, raw);
  if (raw.lengths === 0) return undefined;
  // RFC 9110 8.6: repeated or listed values may be collapsed when equal; we do not guess.
  const length = raw.lengths === 1 ? contentLength(raw.length) : undefined;
  if (length === undefined) return refuse(400, 'invalid Content-Length');
  head.framing = 'length';
  head.length = length;
  return undefined;
}

function readCoding(head: RequestHead, raw: RawFields): HeadError | undefined {
  // RFC 9112 6.1: Transfer-Encoding in HTTP/1.0 means faulty framing.
  if (head.minor === 0) return refuse(400, 'Transfer-Encoding in HTTP/1.0');
  if (raw.codings > 1) return refuse(400, 'more than one Transfer-Encoding field');
  if (raw.coding.toLowerCase() === 'chunked') {
    head.framing = 'chunked';
    return undefined;
  }
  const codings = listMembers(raw.coding);
  // RFC 9112 6.3: chunked must come last; 7.1: once; 6.1: codings that we do not know → 501.
  const last = codings.pop();
  if (last !== 'chunked' || codings.length === 0 || codings.includes('chunked')) {
    return refuse(400, 'invalid Transfer-Encoding');
  }
  return refuse(501, 'unknown transfer coding');
}

// --- Connection options ------------------------------------------------------------------------------------------

const OPTIONS_WITH_MEANING = new Set(['close', 'keep-alive', 'upgrade', 'te', '']);

function readConnection(head: RequestHead, raw: RawFields): HeadError | undefined {
  let upgradeAsked = false;
  head.keepAlive = head.minor === 1;
  if (raw.connection === 'keep-alive') {
    head.keepAlive = true;
  } else if (raw.connection !== '') {
    const options = listMembers(raw.connection);
    // RFC 9112 9.3: close wins; HTTP/1.0 persists only when asked to.
    if (options.includes('close')) head.keepAlive = false;
    else if (options.includes('keep-alive')) head.keepAlive = true;
    upgradeAsked = options.includes('upgrade');
    dropNamed(head, options);
  }
  // RFC 9110 7.8: Upgrade counts only with the Connection option, and not from HTTP/1.0.
  if (upgradeAsked && raw.upgrade !== '' && head.minor === 1) head.upgrade = upgradeProtocols(raw.upgrade);
  head.trailersWanted = raw.te !== '' && listMembers(raw.te).some((coding) => coding === 'trailers');
  return readExpect(head, raw);
}

function dropNamed(head: RequestHead, options: readonly string[]): void {
  const named = new Set(options.filter((option) => !OPTIONS_WITH_MEANING.has(option)));
  if (named.size === 0) return;
  head.named = named;
  // RFC 9110 7.6.1: every field named in Connection stays on this hop.
  head.fields = withoutFields(head.fields, named);
  head.forwarding = withoutFields(head.forwarding, named);
  if (named.has('via')) head.via = '';
  if (named.has('trailer')) head.trailer = undefined;
  if (named.has('max-forwards')) head.maxForwards = undefined;
  if (named.has('x-request-id')) head.requestId = undefined;
}

/** h2c is never passed on: its frames would hide further requests from us. */
function upgradeProtocols(value: string): string | undefined {
  const protocols = value
    .split(',')
    .map((protocol) => protocol.trim())
    .filter((protocol) => protocol !== '' && protocol.toLowerCase() !== 'h2c');
  return protocols.length === 0 ? undefined : protocols.join(', ');
}

function readExpect(head: RequestHead, raw: RawFields): HeadError | undefined {
  // RFC 9110 10.1.1: ignored from HTTP/1.0; anything but 100-continue may be refused with 417.
  if (raw.expect === '' || head.minor === 0) return undefined;
  const expectations = listMembers(raw.expect);
  if (expectations.length === 0) return undefined;
  if (expectations.some((member) => member !== '100-continue')) return refuse(417, 'unknown expectation');
  head.expectContinue = head.framing !== 'none' && !(head.framing === 'length' && head.length === 0);
  return undefined;
}

// --- Why a line was refused (off the hot path) -------------------------------------------------------------------

function explainRequestLine(text: string): HeadError {
  const from = text.startsWith('\r\n') ? 2 : 0;
  const line = text.slice(from, text.indexOf('\r\n', from));
  // A line without version is HTTP/0.9; another major version, HTTP/2's preface included, is not ours.
  if (/ HTTP\/[02-9]\.[0-9]$/.test(line) && !line.includes('\t'))
    return refuse(505, 'this server speaks HTTP/1.0 and HTTP/1.1');
  return refuse(400, 'invalid request line');
}

function explainField({ text, from }: HeadBytes, fault: FieldFault): HeadError {
  if (fault.kind === 'count') return refuse(431, 'too many header fields');
  if (fault.kind === 'end') return refuse(400, 'bare CR in the head');
  return explainFieldLine(text, fault.at - from);
}

function explainFieldLine(text: string, at: number): HeadError {
  const first = text.charCodeAt(at);
  if (first === 0x20 || first === 0x09) return refuse(400, 'a folded header line');
  const end = text.indexOf('\r\n', at);
  const line = end < 0 ? text.slice(at) : text.slice(at, end);
  if (/[\r\n]/.test(line)) return refuse(400, 'a bare CR or LF in the head');
  if (/^[^:\s]+[ \t]+:/.test(line)) return refuse(400, 'space before a colon');
  return refuse(400, 'invalid header line');
}
