// How the agent tells the process that spawned it that it is ready, or why not: one line of JSON on an inherited pipe.
import { closeSync, writeSync } from 'node:fs';
import type { ErrorBody } from '../src/errors.ts';

export type ReadyLine =
  | { readonly ready: true; readonly pid: number }
  | { readonly already: true; readonly pid: number }
  | { readonly error: ErrorBody };

/** Writes the line and closes the pipe. Whoever waited may be gone by now: that is not the agent's concern. */
export function tellReady(fd: number | undefined, line: ReadyLine): void {
  if (fd === undefined) return;
  try {
    writeSync(fd, `${JSON.stringify(line)}\n`);
    closeSync(fd);
  } catch {
    // EPIPE, or a descriptor that was never there.
  }
}
