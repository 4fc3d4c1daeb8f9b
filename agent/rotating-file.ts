// A log file that is rotated by size: name, name.1 (the newest that is full), name.2 … Mode 0600. What both logs share.
import { renameSync } from 'node:fs';

/** Rotated files that are kept. */
export const KEPT_FILES = 3;

/** Renames `path` to `path.1` and so on; the oldest is overwritten. Never throws. */
export function rotate(path: string): void {
  for (let n = KEPT_FILES; n > 0; n--) {
    try {
      renameSync(n === 1 ? path : `${path}.${n - 1}`, `${path}.${n}`);
    } catch {
      // Not there yet.
    }
  }
}
