// Field lists: flat arrays [name, value, name, value, …], names as sent, in the order of the wire (RFC 9110 5.3).
import { FIELD_VALUE, TOKEN, trimOws } from './tokens.ts';

export type Fields = string[];

/** Limits, each tested at limit and limit + 1. */
export const MAX_FIELD_COUNT = 200;

/** No backtracking beyond one character class: linear in the length of the line. */
const FIELD_LINE = new RegExp(`(${TOKEN}):(${FIELD_VALUE})\\r\\n`, 'y');

/**
 * Reads the field line that begins at `at`.
 * @returns name, value and the offset behind the line; undefined where no valid line begins
 */
export function fieldLineAt(head: string, at: number): { name: string; value: string; next: number } | undefined {
  FIELD_LINE.lastIndex = at;
  const match = FIELD_LINE.exec(head);
  if (match === null) return undefined;
  return { name: match[1]!, value: trimOws(match[2]!), next: FIELD_LINE.lastIndex };
}

/** First value of the field `lower` (a lower-case name). */
export function fieldValue(fields: Fields, lower: string): string | undefined {
  for (let i = 0; i < fields.length; i += 2) {
    const name = fields[i]!;
    if (name.length === lower.length && name.toLowerCase() === lower) return fields[i + 1];
  }
  return undefined;
}

/** A copy without the fields whose lower-case name is in `names`. */
export function withoutFields(fields: Fields, names: { has(lower: string): boolean }): Fields {
  const kept: Fields = [];
  for (let i = 0; i < fields.length; i += 2) {
    const name = fields[i]!;
    if (!names.has(name.toLowerCase())) kept.push(name, fields[i + 1]!);
  }
  return kept;
}

/** The field lines as they go on the wire, without the empty line. */
export function serializeFields(fields: Fields): string {
  let text = '';
  for (let i = 0; i < fields.length; i += 2) text += `${fields[i]}: ${fields[i + 1]}\r\n`;
  return text;
}
