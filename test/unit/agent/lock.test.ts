// The lock that makes one agent per home, with real processes.
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { acquireLock } from '../../../agent/lock.ts';

/** Takes the lock, says whether it could, and stays until it is ended. */
const HOLDER = `
  const { acquireLock } = await import(${JSON.stringify(new URL('../../../agent/lock.ts', import.meta.url).href)});
  const lock = acquireLock(process.argv[1]);
  process.stdout.write(lock === undefined ? 'lost' : 'won');
  globalThis.held = lock;
  setInterval(() => {}, 1000);
`;

let folder: string;
let path: string;
let children: ChildProcess[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'prproxy-lock-'));
  path = join(folder, 'agent.lock');
  children = [];
});

afterEach(async () => {
  await Promise.all(children.map(end));
  rmSync(folder, { recursive: true, force: true });
});

function start(): { child: ChildProcess; said: Promise<string> } {
  const child = spawn(process.execPath, ['--input-type=module', '-e', HOLDER, path], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  children.push(child);
  return { child, said: new Promise((resolve) => child.stdout!.once('data', (text) => resolve(String(text)))) };
}

function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => {
    child.once('exit', () => resolve());
    child.kill('SIGKILL');
  });
}

it('is held once, also within one process, and free again after release', () => {
  const lock = acquireLock(path);
  expect(lock).toBeDefined();
  expect(acquireLock(path)).toBeUndefined();
  lock!.release();
  const again = acquireLock(path);
  expect(again).toBeDefined();
  again!.release();
});

it('is refused while another process holds it, and released by kill -9', async () => {
  const { child, said } = start();
  expect(await said).toBe('won');
  expect(acquireLock(path)).toBeUndefined();
  await end(child);
  const lock = acquireLock(path);
  expect(lock).toBeDefined();
  lock!.release();
});

it('is won by one of 20 that start at once', async () => {
  const said = await Promise.all(Array.from({ length: 20 }, () => start().said));
  expect(said.filter((text) => text === 'won')).toHaveLength(1);
});

it('does not wait', () => {
  const lock = acquireLock(path)!;
  const started = performance.now();
  acquireLock(path);
  expect(performance.now() - started).toBeLessThan(500);
  lock.release();
});

it('says which file to remove when the lock file is no lock', () => {
  writeFileSync(path, 'x'.repeat(4096));
  expect(() => acquireLock(path)).toThrow(
    expect.objectContaining({ code: 'unavailable', message: expect.stringContaining(path) }),
  );
});

it('writes nothing', () => {
  acquireLock(path)!.release();
  expect(statSync(path).size).toBe(0);
});
