// The private folder that holds everything. Made by whoever comes first, agent or CLI; one that belongs to somebody
// else is refused before anything is written: `sudo prproxy` must not leave root's files in a user's folder.
import { accessSync, chmodSync, constants, mkdirSync, openSync, type Stats, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { ProxyError } from './errors.ts';
import type { Paths } from './paths.ts';

const PRIVATE = 0o700;

/** Makes home and its folder for logs with mode 0700; throws with the remedy when home cannot be used. */
export function prepareHome(paths: Paths): void {
  makeFolder(paths.home);
  const stats = statSync(paths.home);
  checkOwner(paths.home, stats);
  if ((stats.mode & 0o777) !== PRIVATE) makePrivate(paths.home);
  makeFolder(paths.logs);
  for (const folder of [paths.home, paths.logs]) checkWritable(folder);
}

/** Opens a file of home, made with mode 0600 where it is missing. The caller closes it. Throws like `prepareHome`. */
export function openPrivate(path: string, flags: 'a' | 'w'): number {
  try {
    return openSync(path, flags, 0o600);
  } catch (error) {
    throw unusable(`the file ${path} cannot be written: ${(error as Error).message}`, error);
  }
}

/** Parents one at a time: Node's own `recursive` never ends below /proc, and blames the wrong folder elsewhere. */
function makeFolder(path: string): void {
  try {
    const missing: string[] = [];
    for (let at = path; isMissing(at); at = dirname(at)) missing.unshift(at);
    for (const folder of missing) makeOne(folder);
    if (!statSync(path).isDirectory()) throw unusable(`${path} is not a folder`);
  } catch (error) {
    if (error instanceof ProxyError) throw error;
    throw unusable(`the folder ${path} cannot be made: ${reason(error as NodeJS.ErrnoException)}`, error);
  }
}

function isMissing(path: string): boolean {
  return path !== dirname(path) && statSync(path, { throwIfNoEntry: false }) === undefined;
}

/** Somebody else may make it at the same time. */
function makeOne(path: string): void {
  try {
    mkdirSync(path, { mode: PRIVATE });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}

/** The parent is there, so ENOENT means a file system that makes no folders, such as /proc. */
function reason({ code, syscall, path, message }: NodeJS.ErrnoException): string {
  return code === 'ENOENT' && syscall === 'mkdir' ? `${dirname(path ?? '')} takes no folders` : message;
}

function makePrivate(path: string): void {
  try {
    chmodSync(path, PRIVATE);
  } catch (error) {
    throw unusable(`the folder ${path} cannot be made private: ${(error as Error).message}`, error);
  }
}

/** Root may write everywhere but on a file system that is read-only. */
function checkWritable(path: string): void {
  try {
    accessSync(path, constants.W_OK | constants.X_OK);
  } catch (error) {
    throw unusable(`the folder ${path} cannot be written: ${(error as Error).message}`, error);
  }
}

function checkOwner(path: string, stats: Stats): void {
  const me = process.getuid?.();
  if (me === undefined || stats.uid === me) return;
  const sudo = me === 0 ? 'run prproxy without sudo' : `run prproxy as the user that owns it (uid ${stats.uid})`;
  throw unusable(`the folder ${path} belongs to another user; ${sudo}`);
}

function unusable(text: string, cause?: unknown): ProxyError {
  return new ProxyError('invalid', `${text}; you can set PRPROXY_HOME to a folder of your own`, undefined, { cause });
}
