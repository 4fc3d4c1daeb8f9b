// Keeps the table fresh by reading again and again: fast while something that a route needs is changing, slowly
// otherwise, not at all when no route names a VM. Invariants: one reading at a time; a caller of refresh() gets a
// reading that began after its call; nothing here rejects, and after stop() there is no timer and no process.
import type { VmsStatus } from '../../src/model/status.ts';
import type { VmKey } from '../targets.ts';
import { ProviderError, type VmProvider } from './provider.ts';
import type { VmTable } from './table.ts';

/** All in milliseconds. */
export interface WatcherTimes {
  /** Between readings while a needed VM is coming, or traffic had a doubt a short while ago. */
  readonly fast: number;
  readonly slow: number;
  /** How long a doubt keeps readings fast. */
  readonly doubt: number;
  /** Pause before a reading for a doubt: when prlctl answers, and when it fails. */
  readonly lookGap: number;
  readonly lookGapFailing: number;
  /** Back-off while prlctl fails. */
  readonly backOffMin: number;
  readonly backOffMax: number;
}

export const WATCHER_TIMES: WatcherTimes = {
  fast: 500,
  slow: 2_000,
  doubt: 5_000,
  lookGap: 200,
  lookGapFailing: 1_000,
  backOffMin: 1_000,
  backOffMax: 30_000,
};

/** What the watcher says; a pino logger fits. */
export interface VmsLog {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
}

export interface WatcherOptions {
  readonly provider: VmProvider;
  readonly table: VmTable;
  readonly log: VmsLog;
  readonly times?: Partial<WatcherTimes>;
}

export class Watcher {
  readonly #provider: VmProvider;
  readonly #table: VmTable;
  readonly #log: VmsLog;
  readonly #times: WatcherTimes;
  readonly #stopping = new AbortController();
  #needed: ReadonlySet<VmKey> = new Set();
  #current: Promise<boolean> | undefined;
  /** Begins when `current` has ended. */
  #next: Promise<boolean> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #endedAt = -Infinity;
  #lookAsked = false;
  #fastUntil = -Infinity;
  #failures = 0;
  #lastGoodAt: Date | undefined;
  #lastError: string | undefined;

  constructor(options: WatcherOptions) {
    this.#provider = options.provider;
    this.#table = options.table;
    this.#log = options.log;
    this.#times = { ...WATCHER_TIMES, ...options.times };
  }

  /** Begins the first reading at once. */
  start(): void {
    void this.refresh();
  }

  /** The VMs that routes name. */
  setNeeded(needed: ReadonlySet<VmKey>): void {
    const wasIdle = this.#needed.size === 0;
    this.#needed = new Set(needed);
    // While idle nobody looked; what the table holds may be old.
    if (wasIdle && needed.size > 0) this.#lookAsked = true;
    this.#schedule();
  }

  /**
   * A reading that begins after this call.
   * @returns true when prlctl answered, false when not or when stopping; never rejects
   */
  refresh(): Promise<boolean> {
    if (this.#next !== undefined) return this.#next;
    if (this.#current === undefined) return this.#begin();
    this.#next = this.#current.then(() => {
      this.#next = undefined;
      return this.#begin();
    });
    return this.#next;
  }

  /** Traffic has a doubt: a reading soon, and fast ones for a while. */
  look(): void {
    this.#lookAsked = true;
    this.#fastUntil = performance.now() + this.#times.doubt;
    this.#schedule();
  }

  status(): VmsStatus {
    const mode = this.#needed.size === 0 ? 'idle' : this.#failures > 0 ? 'failing' : 'polling';
    return {
      mode,
      ...(this.#lastGoodAt === undefined ? {} : { last_good_at: this.#lastGoodAt.toISOString() }),
      ...(this.#lastError === undefined ? {} : { last_error: this.#lastError }),
    };
  }

  /** Ends a running prlctl and waits for its end. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    clearTimeout(this.#timer);
    await this.#next;
    await this.#current;
  }

  #begin(): Promise<boolean> {
    if (this.#stopping.signal.aborted) return Promise.resolve(false);
    clearTimeout(this.#timer);
    this.#lookAsked = false;
    this.#current = this.#read().finally(() => {
      this.#current = undefined;
      this.#endedAt = performance.now();
      this.#schedule();
    });
    return this.#current;
  }

  async #read(): Promise<boolean> {
    const seenAt = new Date();
    const beganAt = performance.now();
    try {
      const readings = await this.#provider.list(this.#stopping.signal);
      if (this.#stopping.signal.aborted) return false;
      this.#succeeded(seenAt);
      this.#table.replace(readings, seenAt, beganAt);
      return true;
    } catch (error) {
      if (!this.#stopping.signal.aborted) this.#failed(error);
      return false;
    }
  }

  #succeeded(at: Date): void {
    if (this.#failures > 0) this.#log.info({ failures: this.#failures }, 'prlctl answers again');
    this.#failures = 0;
    this.#lastGoodAt = at;
    this.#lastError = undefined;
  }

  #failed(thrown: unknown): void {
    const error =
      thrown instanceof ProviderError ? thrown : new ProviderError('failed', 'reading the VMs failed', String(thrown));
    this.#failures++;
    // The same failure again and again is one line in the log.
    if (this.#lastError !== error.message) this.#log.warn({ kind: error.kind, err: thrown }, error.message);
    this.#lastError = error.message;
    this.#table.fail(error);
  }

  /** Sets the timer for the next reading, if there is to be one. */
  #schedule(): void {
    clearTimeout(this.#timer);
    if (this.#current !== undefined || this.#stopping.signal.aborted) return;
    const gap = this.#gap();
    if (gap === undefined) return;
    const dueIn = this.#endedAt + gap - performance.now();
    this.#timer = setTimeout(() => void this.refresh(), Math.max(0, dueIn));
  }

  /** Milliseconds from the end of the last reading to the beginning of the next; undefined: there is none. */
  #gap(): number | undefined {
    const { lookGap, lookGapFailing, backOffMin, backOffMax, fast, slow } = this.#times;
    if (this.#lookAsked) return this.#failures > 0 ? lookGapFailing : lookGap;
    if (this.#needed.size === 0) return undefined;
    if (this.#failures > 0) return Math.min(backOffMin * 2 ** (this.#failures - 1), backOffMax);
    return this.#isChanging() ? fast : slow;
  }

  #isChanging(): boolean {
    if (performance.now() < this.#fastUntil) return true;
    for (const vm of this.#needed) if (this.#table.isComing(vm)) return true;
    return false;
  }
}
