// docs/http.md says for each requirement of RFC 9110 and 9112 which test shows it. A table that names tests that are gone
// is worse than none: every name in it is looked for here.
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { brokenUploads, requestCases } from './request-cases.ts';
import { responseCases } from './response-cases.ts';

const ROOT = join(import.meta.dirname, '../..');
const FIRST_HEADING = '## Requirements and their tests';
const LAST_HEADING = '### Where good proxies disagree';
const MIN_ROWS = 115;

const document = readFileSync(join(ROOT, 'docs/http.md'), 'utf8');
const section = document.slice(document.indexOf(FIRST_HEADING), document.indexOf(LAST_HEADING));

/** Cells of each row of the tables, without their heads. */
const rows = section
  .split('\n')
  .filter((line) => line.startsWith('| ') && !line.startsWith('| wanted |') && !line.startsWith('| --- |'))
  .map((line) => line.split('|').map((cell) => cell.trim()));

const sources = globSync('test/{wire,unit}/**/*.test.ts', { cwd: ROOT }).map((file) =>
  readFileSync(join(ROOT, file), 'utf8'),
);

const caseNames = new Set([...requestCases, ...brokenUploads, ...responseCases].map(({ name }) => name));

/** A test of that very name is defined, and is not left out. */
function exists(name: string): boolean {
  return caseNames.has(name) || sources.some((source) => defines(source, `'${name}'`));
}

function defines(source: string, quoted: string): boolean {
  for (let at = source.indexOf(quoted); at >= 0; at = source.indexOf(quoted, at + 1)) {
    // `test('…'` or the second call of `test.each(…)('…'`; not `test.skip('…'`.
    if (/(?:\b(?:test|it)|\))\(\s*$/.test(source.slice(Math.max(0, at - 40), at))) return true;
  }
  return false;
}

describe('the table of requirements', () => {
  test('is checked by a search that finds what is there, and nothing else', () => {
    expect(exists('passes a plain GET')).toBe(true);
    expect(exists('forwards a GET and its answer')).toBe(true);
    expect(exists('forwards a GET and its')).toBe(false);
    expect(defines("test.skip('never runs', () => {})", "'never runs'")).toBe(false);
  });

  test('has every requirement, each with what is wanted, what is done and a test', () => {
    expect(rows.length).toBeGreaterThanOrEqual(MIN_ROWS);
    for (const row of rows) {
      expect(row).toHaveLength(5);
      expect(row.slice(1, 4)).not.toContain('');
      expect(row[3]).toMatch(/^`[^`]+`(?:, `[^`]+`)*$/);
    }
  });

  test.each(rows.map((row) => [row[1], row[3]!] as const))('names tests that exist: %s', (_, cell) => {
    const names = [...cell.matchAll(/`([^`]+)`/g)].map((match) => match[1]!);
    expect(names.filter((name) => !exists(name))).toEqual([]);
  });
});
