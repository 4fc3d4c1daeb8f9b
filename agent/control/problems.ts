// zod's issues → problems for people: every one with its path, unknown fields with what was probably meant.
import type { z } from 'zod';
import type { Problem } from '../../src/errors.ts';

type Issue = z.core.$ZodIssue;
type RawIssue = z.core.$ZodRawIssue;

/** More are not told one by one: an input of many thousand would make an answer many times its size. */
const MAX_PROBLEMS = 100;

/** `http_routes[0].target_port` */
function pathText(path: readonly PropertyKey[]): string {
  return path.reduce<string>((text, key) => {
    if (typeof key === 'number') return `${text}[${key}]`;
    const name = fieldName(String(key));
    return text === '' ? name : `${text}.${name}`;
  }, '');
}

/** What is no name, but some text in the wrong place, is not repeated: it may be a key. */
function fieldName(key: string): string {
  return /^[^\p{Cc}]{0,64}$/u.test(key) ? key : '…';
}

/**
 * @param at where the checked value is in the whole
 * @param fieldsAt the fields that are known at a path, for suggestions
 */
export function problemsFromIssues(
  issues: readonly Issue[],
  at: readonly PropertyKey[] = [],
  fieldsAt: (path: readonly PropertyKey[]) => readonly string[] = () => [],
): Problem[] {
  const problems = issues.slice(0, MAX_PROBLEMS).flatMap((issue): Problem[] => {
    if (issue.code !== 'unrecognized_keys') return [{ path: pathText([...at, ...issue.path]), message: issue.message }];
    const known = fieldsAt(issue.path);
    return issue.keys.slice(0, MAX_PROBLEMS).map((key) => ({
      path: pathText([...at, ...issue.path, key]),
      message: `is no field here${suggestion(key, known)}`,
    }));
  });
  if (problems.length <= MAX_PROBLEMS) return problems;
  return [...problems.slice(0, MAX_PROBLEMS), { path: '', message: 'and more' }];
}

/** The message of an issue whose schema has none of its own; for zod's `error` option. */
export function issueMessage(issue: RawIssue): string | undefined {
  if (issue.code === 'invalid_type' && issue.input === undefined) return 'is missing';
  if (issue.code === 'invalid_type') return `must be ${A[issue.expected] ?? issue.expected}`;
  if (issue.code === 'invalid_value') return `must be ${issue.values.map(String).join(' or ')}`;
  if (issue.code === 'too_small' && issue.origin === 'string') return 'must not be empty';
  if (issue.code === 'too_small') return `must be at least ${issue.minimum}`;
  if (issue.code === 'too_big' && issue.origin === 'string') return `must be at most ${issue.maximum} characters`;
  if (issue.code === 'too_big' && issue.origin === 'array') return `must have at most ${issue.maximum} entries`;
  if (issue.code === 'too_big') return `must be at most ${issue.maximum}`;
  return undefined;
}

const A: Readonly<Record<string, string>> = {
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'an object',
  record: 'an object',
};

function suggestion(key: string, known: readonly string[]): string {
  const near = known.find((field) => distance(field, key.toLowerCase()) <= 2);
  if (near !== undefined) return `; did you mean ${near}?`;
  return known.length === 0 ? '' : `; known are ${known.join(', ')}`;
}

/** Levenshtein; texts longer than a field's name are far. */
function distance(a: string, b: string): number {
  if (Math.abs(a.length - b.length) > 2) return 3;
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 0; i < a.length; i++) {
    const next = [i + 1];
    for (let j = 0; j < b.length; j++) {
      const substitute = row[j]! + (a[i] === b[j] ? 0 : 1);
      next.push(Math.min(substitute, row[j + 1]! + 1, next[j]! + 1));
    }
    row = next;
  }
  return row[b.length]!;
}
