// The field names that the engine itself handles, as small integers. Every other field is opaque and passes through.

export const Field = {
  other: 0,
  host: 1,
  contentLength: 2,
  transferEncoding: 3,
  connection: 4,
  /** Hop-by-hop (RFC 9110 7.6.1), or meant for us alone: dropped. */
  hop: 5,
  te: 6,
  upgrade: 7,
  expect: 8,
  trailer: 9,
  via: 10,
  maxForwards: 11,
  /** X-Forwarded-*, Forwarded, X-Real-IP and their look-alikes. */
  forwarding: 12,
  date: 13,
  requestId: 14,
  authorization: 15,
} as const;
export type Field = (typeof Field)[keyof typeof Field];

const KNOWN = new Map<string, Field>([
  ['host', Field.host],
  ['content-length', Field.contentLength],
  ['transfer-encoding', Field.transferEncoding],
  ['connection', Field.connection],
  ['keep-alive', Field.hop],
  ['proxy-connection', Field.hop],
  ['http2-settings', Field.hop],
  ['te', Field.te],
  ['upgrade', Field.upgrade],
  ['expect', Field.expect],
  ['trailer', Field.trailer],
  ['via', Field.via],
  ['max-forwards', Field.maxForwards],
  ['forwarded', Field.forwarding],
  ['date', Field.date],
  ['x-request-id', Field.requestId],
  ['authorization', Field.authorization],
]);

/** Look-ups are by the name as sent, so that the usual spellings need no lower-casing. Bounded: clients choose names. */
const spellings = new Map<string, Field>();
const MAX_SPELLINGS = 2000;
const MAX_KEPT_NAME = 64;

/** Origins read `_` as `-` (CGI), so a look-alike of a forwarding field is one. */
const FORWARDING = /^x[-_](?:forwarded[-_].*|real[-_]ip)$/;

/** @param name a token, in any case */
export function fieldOf(name: string): Field {
  const known = spellings.get(name);
  if (known !== undefined) return known;
  const lower = name.toLowerCase();
  const field = KNOWN.get(lower) ?? (FORWARDING.test(lower) ? Field.forwarding : Field.other);
  if (spellings.size < MAX_SPELLINGS && name.length <= MAX_KEPT_NAME) spellings.set(flat(name), field);
  return field;
}

/** Names as bytes in lower case, by their length. */
const BY_LENGTH: (readonly { readonly name: Buffer; readonly field: Field }[] | undefined)[] = [];
for (const [name, field] of KNOWN)
  BY_LENGTH[name.length] = [...(BY_LENGTH[name.length] ?? []), { name: Buffer.from(name), field }];

const LOWER = 0x20;

/** The field whose name, a token, is at `from` to `to`. */
export function fieldAt(bytes: Buffer, from: number, to: number): Field {
  if ((bytes[from]! | LOWER) === 0x78) return fieldOf(bytes.toString('latin1', from, to));
  const names = BY_LENGTH[to - from];
  if (names === undefined) return Field.other;
  for (const { name, field } of names) if (isName(bytes, from, name)) return field;
  return Field.other;
}

/** Of all bytes of tokens, only letters become others by the bit that tells their cases apart. */
function isName(bytes: Buffer, from: number, name: Buffer): boolean {
  for (let i = 0; i < name.length; i++) if ((bytes[from + i]! | LOWER) !== name[i]) return false;
  return true;
}

/** RFC 9110 5.6.2, for one or more characters; for use inside a regular expression. */
export const TOKEN = "[!#$%&'*+\\-.^_`|~0-9A-Za-z]+";

/** RFC 9110 5.5: VCHAR, obs-text, space and tab; bare CR, LF, NUL and other controls are refused. */
export const FIELD_VALUE = '[\\t\\x20-\\x7e\\x80-\\xff]*';

/** Members of a comma-separated list, lower-case, empty ones left out (RFC 9110 5.6.1). */
export function listMembers(value: string): string[] {
  const members: string[] = [];
  for (const part of value.split(',')) {
    const member = trimOws(part);
    if (member !== '') members.push(member.toLowerCase());
  }
  return members;
}

function isOws(code: number): boolean {
  return code === 0x20 || code === 0x09;
}

/** Without surrounding spaces and tabs, in linear time. */
export function trimOws(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && isOws(text.charCodeAt(start))) start++;
  while (end > start && isOws(text.charCodeAt(end - 1))) end--;
  return start === 0 && end === text.length ? text : text.slice(start, end);
}

const TOKEN_BYTES = bytesOf(new RegExp(`^${TOKEN}$`));
const FIELD_BYTES = bytesOf(new RegExp(`^${FIELD_VALUE}$`));

export function isTokenByte(byte: number): boolean {
  return TOKEN_BYTES[byte] === 1;
}

/** May stand in a field's value. */
export function isFieldByte(byte: number): boolean {
  return FIELD_BYTES[byte] === 1;
}

/** For each byte, 1 when the class has it. */
function bytesOf(expression: RegExp): Uint8Array {
  return Uint8Array.from({ length: 256 }, (_, byte) => (expression.test(String.fromCharCode(byte)) ? 1 : 0));
}

export function isDigit(byte: number): boolean {
  return byte >= 0x30 && byte <= 0x39;
}

/**
 * The same text in memory of its own: a slice keeps all that it was cut from, and a sum is a tree that each use walks.
 * @param text latin1
 */
export function flat(text: string): string {
  return Buffer.from(text, 'latin1').toString('latin1');
}
