// What the tests of the watcher share: a watcher over the simulated prlctl, and a journal of what it brings about.
import { Networks } from '../../../../agent/networks.ts';
import { isAbsence, type Resolution, type VmKey } from '../../../../agent/targets.ts';
import { Prlctl } from '../../../../agent/vms/prlctl.ts';
import type { Follower, VmProvider, VmReading } from '../../../../agent/vms/provider.ts';
import { VmTable } from '../../../../agent/vms/table.ts';
import type { WatcherTimes } from '../../../../agent/vms/times.ts';
import { Watcher } from '../../../../agent/vms/watcher.ts';
import type { PrlctlSimulator } from '../../../support/prlctl/simulator.ts';

/** Tells a test of what happens, instead of a look at the clock. */
export class Journal {
  readonly entries: string[] = [];
  readonly #waiting = new Set<() => void>();

  add(entry: string): void {
    this.entries.push(entry);
    for (const check of this.#waiting) check();
  }

  /** Resolves when `condition` holds; looked at after each entry. */
  until(condition: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      const check = () => {
        if (!condition()) return;
        this.#waiting.delete(check);
        resolve();
      };
      this.#waiting.add(check);
      check();
    });
  }
}

/** Notes when readings of the real provider begin and end. */
export class Counted implements VmProvider {
  readonly journal = new Journal();
  readonly #inner: VmProvider;
  readonly watch?: (follower: Follower, signal: AbortSignal) => Promise<never>;
  running = 0;
  peak = 0;
  begun = 0;
  ended = 0;

  constructor(inner: Prlctl, hasEvents: boolean) {
    this.#inner = inner;
    if (hasEvents) this.watch = (follower, signal) => this.#watch(inner, follower, signal);
  }

  async #watch(inner: Prlctl, follower: Follower, signal: AbortSignal): Promise<never> {
    const onEvent: Follower['onEvent'] = (event) => {
      this.journal.add(`event ${event.kind}`);
      follower.onEvent(event);
    };
    this.journal.add('watch');
    try {
      return await inner.watch({ onStart: () => follower.onStart(), onEvent }, signal);
    } finally {
      this.journal.add('watched');
    }
  }

  async list(signal?: AbortSignal): Promise<readonly VmReading[]> {
    this.begun++;
    this.peak = Math.max(this.peak, ++this.running);
    this.journal.add('begin');
    try {
      return await this.#inner.list(signal);
    } finally {
      this.running--;
      this.ended++;
      this.journal.add('end');
    }
  }
}

export interface WatchedOptions {
  readonly times?: Partial<WatcherTimes>;
  readonly timeLimitMs?: number;
  readonly env?: NodeJS.ProcessEnv;
  /** Default: prlctl has no events. */
  readonly hasEvents?: boolean;
}

export function watch(simulator: PrlctlSimulator, options: WatchedOptions) {
  const journal = new Journal();
  const env = { ...process.env, ...simulator.env, ...options.env };
  const limit = options.timeLimitMs === undefined ? {} : { timeLimitMs: options.timeLimitMs };
  const provider = new Counted(new Prlctl({ env, ...limit }), options.hasEvents ?? false);
  const log = {
    info: (_fields: object, message: string) => journal.add(`info ${message}`),
    warn: (_fields: object, message: string) => journal.add(`warn ${message}`),
  };
  const table: VmTable = new VmTable({
    vmNetworks: new Networks(['127.0.0.0/8']),
    onAddressGone: (_vm, ip) => journal.add(`gone ${ip}`),
    onChange: ({ after }) => journal.add(`${after?.state ?? 'removed'} ${after?.address ?? '-'}`),
    onLook: () => watcher.look(),
  });
  const watcher = new Watcher({ provider, table, log, times: options.times ?? {} });
  return { provider, table, watcher, journal };
}

export function keyOf(id: string): VmKey {
  return `parallels:${id}`;
}

export function target(id: string) {
  return { kind: 'vm', vm: keyOf(id), port: 80 } as const;
}

export function stateOf(resolution: Resolution): string {
  return isAbsence(resolution) ? resolution.state : (resolution[0]?.ip ?? '');
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

export const QUICK = { fast: 20, slow: 50, lookGap: 0, lookGapFailing: 30, backOffMin: 30, backOffMax: 100 };
