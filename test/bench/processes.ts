// What the processes of a contender use: CPU time of all of them with their threads, and the most memory they held.
// Linux only.
import { readdirSync, readFileSync } from 'node:fs';
import { RssWatch } from '../support/rss.ts';

/** Of a tick in /proc/PID/stat, which has been this on every Linux for decades (USER_HZ). */
const TICK_S = 0.01;
/** More than this between the two clocks: a thread has ended and taken its share of the fine one along. */
const CLOCK_SLACK_S = 0.05;

/** The process and all that descend from it. */
export function processTree(root: number): number[] {
  const children = tasksOf(root).flatMap((task) => read(`/proc/${root}/task/${task}/children`).trim().split(' '));
  return [root, ...children.filter((pid) => pid !== '').flatMap((pid) => processTree(Number(pid)))];
}

export interface CpuReading {
  /** Seconds since each process began, by the scheduler (ns), without threads that have ended. */
  readonly fineS: number;
  /** The same in ticks of 10 ms, with them. */
  readonly coarseS: number;
  /** Of children that have ended and were waited for. */
  readonly helpersS: number;
}

export function readCpu(roots: readonly number[]): CpuReading {
  const sum = { fineS: 0, coarseS: 0, helpersS: 0 };
  for (const pid of roots.flatMap(processTree)) {
    for (const task of tasksOf(pid)) {
      sum.fineS += Number(read(`/proc/${pid}/task/${task}/schedstat`).split(' ')[0] ?? 0) / 1e9;
    }
    // Behind the name in parentheses, which may hold anything: proc_pid_stat(5), fields 14 to 17.
    const fields = read(`/proc/${pid}/stat`)
      .replace(/^.*\) /s, '')
      .split(' ');
    sum.coarseS += (Number(fields[11] ?? 0) + Number(fields[12] ?? 0)) * TICK_S;
    sum.helpersS += (Number(fields[13] ?? 0) + Number(fields[14] ?? 0)) * TICK_S;
  }
  return sum;
}

export interface CpuUse {
  readonly ownS: number;
  readonly helpersS: number;
}

export function cpuBetween(before: CpuReading, after: CpuReading): CpuUse {
  const fine = after.fineS - before.fineS;
  const coarse = after.coarseS - before.coarseS;
  const ownS = coarse > fine * 1.05 + CLOCK_SLACK_S ? coarse : fine;
  return { ownS, helpersS: after.helpersS - before.helpersS };
}

/** The peaks of all processes together, from now on. */
export async function watchPeak(roots: readonly number[]): Promise<() => Promise<number>> {
  const watches = await Promise.all(roots.flatMap(processTree).map((pid) => RssWatch.start(pid)));
  return async () => {
    const peaks = await Promise.all(watches.map((watch) => watch.peak().catch(() => 0)));
    return peaks.reduce((sum, peak) => sum + peak, 0);
  };
}

function tasksOf(pid: number): string[] {
  try {
    return readdirSync(`/proc/${pid}/task`);
  } catch {
    return [];
  }
}

/** Empty when the process has just ended. */
function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
