// Keeps the table fresh: reads first, then reads again when an event, traffic or the clock says so. Invariants: one
// reading at a time; a caller of refresh() gets a reading that began after its call; nothing here rejects, and after
// stop() there is no timer and no process.
import type { VmsStatus } from '../../src/model/status.ts';
import type { VmKey } from '../targets.ts';
import { Hearing } from './hearing.ts';
import { Monitor } from './monitor.ts';
import { Pace } from './pace.ts';
import { ProviderError, type VmEvent, type VmProvider } from './provider.ts';
import type { VmTable } from './table.ts';
import { type VmsLog, WATCHER_TIMES, type WatcherTimes } from './times.ts';

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
  readonly #pace: Pace;
  /** Absent when the provider has no events. */
  readonly #monitor: Monitor | undefined;
  readonly #hearing: Hearing;
  readonly #stopping = new AbortController();
  #needed: ReadonlySet<VmKey> = new Set();
  #current: Promise<boolean> | undefined;
  /** Begins when `current` has ended. */
  #next: Promise<boolean> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #endedAt = -Infinity;
  #failures = 0;
  #lastGoodAt: Date | undefined;
  #lastError: string | undefined;

  constructor(options: WatcherOptions) {
    this.#provider = options.provider;
    this.#table = options.table;
    this.#log = options.log;
    this.#times = { ...WATCHER_TIMES, ...options.times };
    this.#pace = new Pace(this.#times);
    this.#monitor = this.#createMonitor();
    this.#hearing = new Hearing(this.#times.patience, () => this.#monitor?.distrust());
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
    if (wasIdle && needed.size > 0) this.#pace.ask();
    if (needed.size === 0) {
      this.#hearing.stop();
      void this.#monitor?.stop();
    } else if (!this.#stopping.signal.aborted) {
      this.#monitor?.start();
    }
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
    this.#pace.doubt();
    this.#schedule();
  }

  status(): VmsStatus {
    const error = this.#lastError ?? this.#monitor?.error;
    return {
      mode: this.#mode(),
      ...(this.#lastGoodAt === undefined ? {} : { last_good_at: this.#lastGoodAt.toISOString() }),
      ...(error === undefined ? {} : { last_error: error }),
    };
  }

  #mode(): VmsStatus['mode'] {
    if (this.#needed.size === 0) return 'idle';
    if (this.#failures > 0) return 'failing';
    return this.#monitor?.isFollowing ? 'events' : 'polling';
  }

  /** Ends a running prlctl and waits for its end. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    clearTimeout(this.#timer);
    this.#hearing.stop();
    await this.#monitor?.stop();
    await this.#next;
    await this.#current;
  }

  #createMonitor(): Monitor | undefined {
    const { watch } = this.#provider;
    if (watch === undefined) return undefined;
    return new Monitor({
      watch: watch.bind(this.#provider),
      times: this.#times,
      log: this.#log,
      // What happened before it was followed, no event will tell.
      onFollowing: () => {
        this.#hearing.start();
        void this.refresh();
      },
      onEvent: (event) => this.#heard(event),
      onLost: () => {
        this.#hearing.stop();
        this.#schedule();
      },
    });
  }

  /** An event says that something is different, a reading what it is: also of its address, for which there is no event. */
  #heard({ kind, vm }: VmEvent): void {
    if (kind !== 'other') this.#hearing.heard(vm);
    else if (!this.#needed.has(vm) || this.#mayBeEcho()) return;
    this.#pace.event();
    this.#schedule();
  }

  /** Each reading makes prlctl tell that the VMs it listed are configured anew: a loop, if it were followed. */
  #mayBeEcho(): boolean {
    return this.#current !== undefined || performance.now() - this.#endedAt < this.#times.echo;
  }

  #begin(): Promise<boolean> {
    if (this.#stopping.signal.aborted) return Promise.resolve(false);
    clearTimeout(this.#timer);
    this.#pace.begin();
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
      this.#hearing.compare(this.#table.replace(readings, seenAt, beganAt), beganAt);
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
    const gap = this.#pace.gap({
      isNeeded: this.#needed.size > 0,
      failures: this.#failures,
      isComing: [...this.#needed].some((vm) => this.#table.isComing(vm)),
      isFollowing: this.#monitor?.isFollowing ?? false,
    });
    if (gap === undefined) return;
    const dueIn = this.#endedAt + gap - performance.now();
    this.#timer = setTimeout(() => void this.refresh(), Math.max(0, dueIn));
  }
}
