// The private folder.
import { chmodSync, chownSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openPrivate, prepareHome } from '../../../src/home.ts';
import { pathsFromEnv } from '../../../src/paths.ts';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'prproxy-home-'));
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

const prepare = (home: string) => prepareHome(pathsFromEnv({ PRPROXY_HOME: home }));
const mode = (path: string) => statSync(path).mode & 0o777;

it('is made for the user alone, with its parents and the folder for logs', () => {
  const home = join(folder, 'a', 'b');
  prepare(home);
  expect([mode(home), mode(join(home, 'logs'))]).toEqual([0o700, 0o700]);
});

it('that others may read is made private', () => {
  chmodSync(folder, 0o755);
  prepare(folder);
  expect(mode(folder)).toBe(0o700);
});

it('that is a file, or below one, is refused with the remedy', () => {
  const file = join(folder, 'file');
  writeFileSync(file, '');
  const refused = expect.objectContaining({ code: 'invalid', message: expect.stringContaining('PRPROXY_HOME') });
  expect(() => prepare(file)).toThrow(refused);
  expect(() => prepare(join(file, 'below'))).toThrow(refused);
});

it('of which a file cannot be written is refused with the remedy', () => {
  const refused = expect.objectContaining({ code: 'invalid', message: expect.stringContaining('PRPROXY_HOME') });
  expect(() => openPrivate(folder, 'a')).toThrow(refused);
});

it.runIf(process.getuid?.() !== 0)('in which nothing can be written is refused with the remedy', () => {
  mkdirSync(join(folder, 'logs'), { mode: 0o500 });
  const refused = expect.objectContaining({ code: 'invalid', message: expect.stringContaining('PRPROXY_HOME') });
  expect(() => prepare(folder)).toThrow(refused);
});

it.runIf(process.platform === 'linux')('that cannot be made is refused, and the folder at fault is named', () => {
  const refused = (text: string) =>
    expect.objectContaining({ code: 'invalid', message: expect.stringContaining(text) });
  expect(() => prepare('/proc/prproxy/home')).toThrow(refused('/proc takes no folders'));
  expect(() => prepare('/sys/prproxy/home')).toThrow(refused("'/sys/prproxy'"));
});

it.runIf(process.getuid?.() === 0)('that belongs to another user is refused, and nothing is written into it', () => {
  const home = join(folder, 'other');
  mkdirSync(home, { mode: 0o755 });
  chownSync(home, 12345, 12345);
  expect(() => prepare(home)).toThrow(expect.objectContaining({ message: expect.stringContaining('another user') }));
  expect([readdirSync(home), mode(home)]).toEqual([[], 0o755]);
});
