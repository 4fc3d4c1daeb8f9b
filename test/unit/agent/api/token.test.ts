import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { loadToken, tokenCheck } from '../../../../agent/api/token.ts';

let home: string;
let path: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'prproxy-token-'));
  path = join(home, 'rest-token');
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

test('is made once, long, in a private file', () => {
  const token = loadToken(path);
  expect(token).toMatch(/^[A-Za-z0-9_-]{43}$/);
  expect(loadToken(path)).toBe(token);
  expect(readFileSync(path, 'utf8')).toBe(`${token}\n`);
  expect(statSync(path).mode & 0o777).toBe(0o600);
});

test('a file that others can read is made private', () => {
  loadToken(path);
  chmodSync(path, 0o644);
  loadToken(path);
  expect(statSync(path).mode & 0o777).toBe(0o600);
});

test.each(['', 'short', 'has a space in it, so it is none'])('a file with "%s" is refused with the remedy', (text) => {
  writeFileSync(path, text);
  expect(() => loadToken(path)).toThrow(/holds no token: remove the file/);
});

test('only the whole token passes', () => {
  const isToken = tokenCheck('0123456789abcdef');
  expect(isToken('0123456789abcdef')).toBe(true);
  for (const wrong of ['', '0123456789abcde', '0123456789abcdef0', '0123456789abcdeF'])
    expect(isToken(wrong)).toBe(false);
});
