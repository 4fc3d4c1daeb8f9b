// The store's dealings with its folder: what is checked before a file is trusted, and what makes a rename last.
// Nothing here reads or writes the config itself; the folder was made private before (src/home.ts).
import {
  closeSync,
  existsSync,
  fsyncSync,
  lstatSync,
  openSync,
  readdirSync,
  type Stats,
  statSync,
  unlinkSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { ProxyError } from '../../src/errors.ts';

/** Far more than the largest config; a file beyond it is no config of ours. */
export const MAX_CONFIG_BYTES = 64 * 1024 * 1024;

/**
 * Looks at the file without opening it. False: there is none.
 * @throws ProxyError unavailable when it is not a regular file of ours, or too large
 */
export function checkFile(path: string): boolean {
  try {
    if (lstatSync(path, { throwIfNoEntry: false }) === undefined) return false;
    const stats = statSync(path);
    if (!stats.isFile()) throw new Error('it is not a regular file; move it away');
    refuseForeign(path, stats);
    if (stats.size > MAX_CONFIG_BYTES) throw new Error(`it has more than ${MAX_CONFIG_BYTES} bytes; move it away`);
    return true;
  } catch (error) {
    throw unavailable(`${path} cannot be used`, error);
  }
}

function refuseForeign(path: string, stats: Stats): void {
  const user = process.geteuid?.();
  if (user === undefined || stats.uid === user) return;
  throw new Error(`it belongs to user ${stats.uid}, and this is user ${user}; run \`sudo chown -R ${user} '${path}'\``);
}

/** A rename is on the disk only when the folder is. */
export function syncFolder(folder: string): void {
  const handle = openSync(folder, 'r');
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}

/** Files beside `path` whose name is its name and the suffix; sorted. */
export function filesBeside(path: string, suffix: RegExp): string[] {
  const name = basename(path);
  return readdirSync(dirname(path))
    .filter((file) => file.startsWith(name) && suffix.test(file.slice(name.length)))
    .sort()
    .map((file) => join(dirname(path), file));
}

/** Where a copy goes: `config.json.corrupt-2026-01-31T12-00-00.000Z`; never a file that exists. */
export function datedPath(path: string, word: string, now: Date): string {
  const dated = `${path}.${word}-${now.toISOString().replaceAll(':', '-')}`;
  let free = dated;
  for (let n = 2; existsSync(free); n++) free = `${dated}-${n}`;
  return free;
}

export function removeIfThere(path: string): void {
  if (existsSync(path)) unlinkSync(path);
}

/** An error of the file system as one that the user can act on. */
export function unavailable(what: string, error: unknown): ProxyError {
  const reason =
    error instanceof Error ? (REASONS[(error as NodeJS.ErrnoException).code ?? ''] ?? error.message) : String(error);
  return new ProxyError('unavailable', `${what}: ${reason}`, undefined, { cause: error });
}

const REASONS: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full; make room and try again',
  EDQUOT: 'the disk quota is used up; make room and try again',
  EFBIG: 'the file would be larger than is allowed here',
  EROFS: 'the disk is read-only',
  EACCES: 'permission denied; check who owns it and its mode',
  EPERM: 'not permitted; check who owns it and its mode',
  EIO: 'the disk reports an error',
};
