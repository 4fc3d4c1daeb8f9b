// How long a warm `prproxy status` takes beside `node -e 0`, which does nothing: the price of the command line.
import { execFileSync } from 'node:child_process';
import { type AgentHome, CLI } from './agent-home.ts';

const RUNS = 15;

export interface StatusSpeed {
  readonly statusMs: number;
  readonly nodeMs: number;
  readonly ratio: number;
}

/** Medians; the two take turns, so that a busy machine slows both. */
export function measureStatus(home: AgentHome): StatusSpeed {
  const status: number[] = [];
  const node: number[] = [];
  timed(home, CLI, 'status');
  for (let n = 0; n < RUNS; n++) {
    node.push(timed(home, '-e', '0'));
    status.push(timed(home, CLI, 'status'));
  }
  const [statusMs, nodeMs] = [median(status), median(node)];
  return { statusMs, nodeMs, ratio: statusMs / nodeMs };
}

function timed(home: AgentHome, ...args: string[]): number {
  const began = performance.now();
  execFileSync(process.execPath, args, { env: home.env, stdio: 'ignore' });
  return performance.now() - began;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;
}
