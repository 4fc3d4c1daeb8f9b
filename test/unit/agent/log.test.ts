// The agent's log on real files.
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createLog } from '../../../agent/log.ts';
import { KEPT_FILES } from '../../../agent/rotating-file.ts';
import { LogFile } from '../../../src/cli/log-file.ts';

let folder: string;
let path: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'prproxy-log-'));
  path = join(folder, 'logs', 'agent.log');
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

const entries = (file = path) =>
  readFileSync(file, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));

it('writes entries at once as JSON lines with level, time and pid, in a private file', () => {
  const log = createLog({ path, foreground: false });
  log.info({ host: 'web' }, 'listens');
  log.error({ err: new Error('boom') }, 'failed');
  expect(entries()).toEqual([
    { level: 'info', time: expect.stringMatching(/^\d{4}-.*Z$/), pid: process.pid, host: 'web', msg: 'listens' },
    expect.objectContaining({
      level: 'error',
      err: expect.objectContaining({ message: 'boom', stack: expect.any(String) }),
    }),
  ]);
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(statSync(join(folder, 'logs')).mode & 0o777).toBe(0o700);
});

it('goes on in the file that is there', () => {
  createLog({ path, foreground: false }).info('one');
  createLog({ path, foreground: false }).info('two');
  expect(entries().map(({ msg }) => msg)).toEqual(['one', 'two']);
});

it('hides keys and tokens, should one ever be logged', () => {
  createLog({ path, foreground: false }).info({ token: 'secret', tls: { key: 'secret' } }, 'hello');
  expect(readFileSync(path, 'utf8')).not.toContain('secret');
});

it('takes a level that it does not know for info', () => {
  const log = createLog({ path, foreground: false, level: 'loud' });
  log.debug('no');
  log.info('yes');
  expect(entries().map(({ msg }) => msg)).toEqual(['yes']);
});

it('is rotated by size, keeps three old files, and loses no entry meanwhile', () => {
  const log = createLog({ path, foreground: false, maxBytes: 1000 });
  for (let n = 0; n < 30; n++) log.info({ n }, 'entry');
  const old = Array.from({ length: KEPT_FILES }, (_, i) => `${path}.${i + 1}`);
  const kept = [...old.reverse(), path].filter((file) => existsSync(file)).flatMap((file) => entries(file));
  const numbers = kept.map(({ n }) => n);
  expect(numbers).toEqual(Array.from({ length: 30 }, (_, n) => n).slice(-numbers.length));
  for (let n = 0; n < 100; n++) log.info({ n }, 'entry');
  log.info('the newest file is there, though the entry before may have filled the one before it');
  expect(readdirSync(join(folder, 'logs')).sort()).toEqual(['agent.log', 'agent.log.1', 'agent.log.2', 'agent.log.3']);
  for (const file of old) expect(statSync(file).size).toBeLessThan(1200);
});

it('is followed through rotations without losing or doubling an entry', () => {
  const log = createLog({ path, foreground: false, maxBytes: 2000 });
  for (let n = 0; n < 5; n++) log.info({ n }, 'entry');
  const file = new LogFile(path);
  const numbers = file.last(3).map((line) => JSON.parse(line).n);
  expect(numbers).toEqual([2, 3, 4]);
  file.follow((line) => numbers.push(JSON.parse(line).n));
  for (let n = 5; n < 60; n++) {
    log.info({ n }, 'entry');
    if (n % 10 === 0) file.look();
  }
  file.look();
  file.close();
  expect(numbers).toEqual(Array.from({ length: 58 }, (_, i) => i + 2));
});

it('gives the last entries across rotated files', () => {
  const log = createLog({ path, foreground: false, maxBytes: 1000 });
  for (let n = 0; n < 20; n++) log.info({ n }, 'entry');
  const file = new LogFile(path);
  expect(file.last(15).map((line) => JSON.parse(line).n)).toEqual(Array.from({ length: 15 }, (_, i) => i + 5));
  expect(file.last(0)).toEqual([]);
  file.close();
});

it('never throws when the file cannot be written, and goes on when it can again', () => {
  writeFileSync(join(folder, 'logs'), 'a file where the folder should be');
  const log = createLog({ path, foreground: false });
  expect(() => log.info('lost')).not.toThrow();
  rmSync(join(folder, 'logs'));
  log.info('kept');
  expect(entries().map(({ msg }) => msg)).toEqual(['kept']);
  chmodSync(path, 0o600);
});

it.runIf(existsSync('/dev/full'))('never throws when the disk is full', () => {
  const log = createLog({ path: '/dev/full', foreground: false });
  for (let n = 0; n < 3; n++) expect(() => log.info('lost')).not.toThrow();
});
