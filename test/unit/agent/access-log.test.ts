import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { AccessLog, MAX_WAITING } from '../../../agent/access-log.ts';
import type { AccessEntry } from '../../../agent/proxy/access.ts';

let folder: string;
let path: string;
let problems: { dropped: number }[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'prproxy-access-'));
  path = join(folder, 'access.log');
  problems = [];
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function log(maxBytes?: number): AccessLog {
  const onProblem = (problem: { dropped: number }) => void problems.push(problem);
  return new AccessLog(maxBytes === undefined ? { path, onProblem } : { path, maxBytes, onProblem });
}

const ENTRY: AccessEntry = {
  host: 'web',
  route: '/app',
  target: 'VM Ubuntu port 80',
  method: 'GET',
  path: '/app?"quoted"',
  status: 200,
  bytesIn: 0,
  bytesOut: 2,
  durationMs: 1.23456,
  upstreamMs: 1,
  client: '127.0.0.1',
  retried: false,
  failure: undefined,
  requestId: 'id-1',
};

const lines = (file = path) =>
  readFileSync(file, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));

test('writes one line of JSON per entry, without what is not there, private to the user', async () => {
  const file = log();
  file.record(ENTRY);
  file.record({ ...ENTRY, retried: true, failure: 'answer_eclosed', status: 502 });
  await file.close();
  const [first, second] = lines();
  expect(first).toMatchObject({
    host: 'web',
    path: '/app?"quoted"',
    status: 200,
    bytes_out: 2,
    duration_ms: 1.235,
    request_id: 'id-1',
  });
  expect(Object.keys(first)).not.toContain('failure');
  expect(second).toMatchObject({ status: 502, retried: true, failure: 'answer_eclosed' });
  expect(statSync(path).mode & 0o777).toBe(0o600);
});

test('rotates by size', async () => {
  for (let i = 0; i < 4; i++) {
    const file = log(100);
    file.record({ ...ENTRY, path: `/${i}` });
    await file.close();
  }
  expect(lines(`${path}.1`)[0].path).toBe('/3');
  expect(lines(`${path}.3`)[0].path).toBe('/1');
});

test('drops entries beyond its memory, and counts them in the log', async () => {
  const file = log();
  const long = { ...ENTRY, path: `/${'a'.repeat(16_000)}` };
  const fitting = Math.ceil(MAX_WAITING / 16_000);
  for (let i = 0; i < fitting + 50; i++) file.record(long);
  await file.close();
  expect(lines().at(-1).dropped).toBeGreaterThan(0);
  expect(lines().length - 1 + lines().at(-1).dropped).toBe(fitting + 50);
});

test('tells of a disk that does not take lines, and goes on when it does', async () => {
  rmSync(folder, { recursive: true });
  const file = log();
  file.record(ENTRY);
  await file.close();
  expect(problems).toMatchObject([{ dropped: 1 }]);
});
