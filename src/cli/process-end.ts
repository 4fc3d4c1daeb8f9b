// Waiting for a process that is no child of ours to be gone. There is no event for that in Node: small, bounded steps.
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { ProxyError } from '../errors.ts';

const STEP_MS = 20;
const LIMIT_MS = 120_000;

/** Resolves when no process has this pid; rejects when it still runs after the limit. */
export async function processEnd(pid: number): Promise<void> {
  const deadline = Date.now() + LIMIT_MS;
  while (isAlive(pid)) {
    if (Date.now() > deadline) {
      throw new ProxyError(
        'unavailable',
        `the agent (pid ${pid}) has been ending for ${LIMIT_MS / 1000} s; see \`prproxy agent logs\``,
      );
    }
    await sleep(STEP_MS);
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  return !isZombie(pid);
}

/** Ended, but nobody asks for its exit code: so it stays in a container whose first process does not care for orphans. */
function isZombie(pid: number): boolean {
  if (process.platform !== 'linux') return false;
  try {
    return /\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return true;
  }
}
