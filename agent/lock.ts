// One agent per home: a lock that the kernel holds for this process and drops when it ends, even by kill -9.
// SQLite's file locks are the portable way to one in Node: an exclusive transaction that is never ended holds it.
import { DatabaseSync } from 'node:sqlite';
import { ProxyError } from '../src/errors.ts';

export interface Lock {
  release(): void;
}

const SQLITE_BUSY = 5;
/** Extended codes hold the primary one in their low byte. */
const PRIMARY_CODE = 0xff;

/** The lock, or undefined when another process (or an earlier call) holds it. Never waits. */
export function acquireLock(path: string): Lock | undefined {
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(path, { timeout: 0 });
    // A rollback journal, never WAL: there an exclusive transaction would be one in shared memory, not on the file.
    database.exec('PRAGMA journal_mode = MEMORY; PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE');
    const held = database;
    return { release: () => held.close() };
  } catch (error) {
    database?.close();
    const { errcode = 0, message } = error as Error & { errcode?: number };
    if ((errcode & PRIMARY_CODE) === SQLITE_BUSY) return undefined;
    const text = `the lock ${path} cannot be taken: ${message}; remove that file when no agent runs`;
    throw new ProxyError('unavailable', text, { path }, { cause: error });
  }
}
