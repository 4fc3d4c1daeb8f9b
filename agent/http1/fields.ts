// Field lines as one text, as they go on the wire: `Name: value` and CRLF each, names as sent, in the order of the wire
// (RFC 9110 5.3). Most lines pass through untouched, so a message's fields are a few slices of what was read.
import { FIELD_VALUE, TOKEN, trimOws } from './tokens.ts';

/** Zero or more lines `Name: value\r\n`: one space, no white space around the value. */
export type Fields = string;

/** Limits, each tested at limit and limit + 1. */
export const MAX_FIELD_COUNT = 200;

const COLON = 0x3a;

/** @param value without white space around it, and without line ends */
export function field(name: string, value: string): Fields {
  return `${name}: ${value}\r\n`;
}

/** The lines as pairs of name and value. */
export function fieldList(fields: Fields): [name: string, value: string][] {
  const list: [string, string][] = [];
  for (let at = 0; at < fields.length; ) {
    const colon = fields.indexOf(':', at);
    const end = fields.indexOf('\r\n', colon);
    list.push([fields.slice(at, colon), fields.slice(colon + 2, end)]);
    at = end + 2;
  }
  return list;
}

/** First value of the field `lower` (a lower-case name). */
export function fieldValue(fields: Fields, lower: string): string | undefined {
  for (let at = 0; at < fields.length; ) {
    const colon = at + lower.length;
    const end = fields.indexOf('\r\n', at);
    if (fields.charCodeAt(colon) === COLON && fields.slice(at, colon).toLowerCase() === lower) {
      return fields.slice(colon + 2, end);
    }
    at = end + 2;
  }
  return undefined;
}

/** Without the fields whose lower-case name is in `names`. */
export function withoutFields(fields: Fields, names: { has(lower: string): boolean }): Fields {
  let kept = '';
  for (let at = 0; at < fields.length; ) {
    const next = fields.indexOf('\r\n', at) + 2;
    if (!names.has(fields.slice(at, fields.indexOf(':', at)).toLowerCase())) kept += fields.slice(at, next);
    at = next;
  }
  return kept;
}

/** No backtracking beyond one character class: linear in the length of the line. */
const FIELD_LINE = new RegExp(`(${TOKEN}):(${FIELD_VALUE})\\r\\n`, 'y');

/**
 * Reads lines as they came, of a trailer section.
 * @param text up to and with an empty line
 * @returns undefined where a line is not valid
 */
export function readTrailerLines(text: string): Fields | undefined {
  let fields = '';
  FIELD_LINE.lastIndex = 0;
  for (let at = 0; at < text.length - 2; at = FIELD_LINE.lastIndex) {
    const line = FIELD_LINE.exec(text);
    if (line === null) return undefined;
    fields += field(line[1]!, trimOws(line[2]!));
  }
  return fields;
}
