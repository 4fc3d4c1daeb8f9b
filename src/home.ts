// The private folder that holds everything. Made by whoever comes first, agent or CLI; one that belongs to somebody
// else is refused before anything is written: `sudo prproxy` must not leave root's files in a user's folder.
import { chmodSync, mkdirSync, type Stats, statSync } from 'node:fs';
import { ProxyError } from './errors.ts';
import type { Paths } from './paths.ts';

const PRIVATE = 0o700;

/** Makes home and its folder for logs with mode 0700; throws with the remedy when home cannot be used. */
export function prepareHome(paths: Paths): void {
  makeFolder(paths.home);
  const stats = statSync(paths.home);
  checkOwner(paths.home, stats);
  if ((stats.mode & 0o777) !== PRIVATE) chmodSync(paths.home, PRIVATE);
  makeFolder(paths.logs);
}

function makeFolder(path: string): void {
  try {
    mkdirSync(path, { recursive: true, mode: PRIVATE });
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    // A folder that is there is no error; EEXIST is about anything else.
    throw unusable(
      code === 'EEXIST' ? `${path} is not a folder` : `the folder ${path} cannot be made: ${message}`,
      error,
    );
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
