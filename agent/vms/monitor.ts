// Follows the provider's events while VMs are watched. When they end it begins again, later each time up to a limit, and
// never gives up; until they are followed again somebody else has to look. One that was found deaf counts as followed
// again only when it has told of something. Invariant: nothing here rejects, and after stop() no process is left.
import { setTimeout as pause } from 'node:timers/promises';
import { type Follower, ProviderError, type VmEvent } from './provider.ts';
import type { VmsLog, WatcherTimes } from './times.ts';

export interface MonitorOptions {
  /** Of the provider. */
  readonly watch: (follower: Follower, signal: AbortSignal) => Promise<never>;
  readonly times: WatcherTimes;
  readonly log: VmsLog;
  /** From now on events are heard; what happened before is not known. */
  readonly onFollowing: () => void;
  readonly onEvent: (event: VmEvent) => void;
  /** Events are not heard any more. */
  readonly onLost: () => void;
}

const DEAF = new ProviderError('failed', 'prlctl monitor-events did not tell of a change that a list showed');

export class Monitor {
  readonly #options: MonitorOptions;
  /** Present from start to stop. */
  #life: AbortController | undefined;
  #ended: Promise<unknown> = Promise.resolve();
  #isFollowing = false;
  /** It missed something, and has told of nothing since. */
  #isDeaf = false;
  /** Ends the attempt that is under way. */
  #attempt = new AbortController();
  #settling: NodeJS.Timeout | undefined;
  #failures = 0;
  #error: string | undefined;
  /** The problem that the log has been told of last. */
  #logged: string | undefined;

  constructor(options: MonitorOptions) {
    this.#options = options;
  }

  /** True while every change of a state is told. */
  get isFollowing(): boolean {
    return this.#isFollowing;
  }

  /** Why events are not followed, though they should be. */
  get error(): string | undefined {
    return this.#error;
  }

  /** A reading showed what no event told. The monitor is started anew. */
  distrust(): void {
    this.#isDeaf = true;
    this.#attempt.abort();
  }

  start(): void {
    if (this.#life !== undefined) return;
    this.#life = new AbortController();
    const { signal } = this.#life;
    this.#ended = Promise.all([this.#ended, this.#run(signal)]);
  }

  /** Resolves when its process has ended. It may be started again at once. */
  async stop(): Promise<void> {
    this.#life?.abort();
    this.#life = undefined;
    this.#reset();
    this.#recovered();
    this.#isDeaf = false;
    this.#error = undefined;
    await this.#ended;
  }

  async #run(life: AbortSignal): Promise<void> {
    while (!life.aborted) {
      const beganAt = performance.now();
      this.#attempt = new AbortController();
      const ended = await this.#follow(AbortSignal.any([life, this.#attempt.signal]));
      if (life.aborted) return;
      const error = this.#attempt.signal.aborted ? DEAF : ended;
      const wasFollowing = this.#isFollowing;
      this.#reset();
      if (performance.now() - beganAt > this.#options.times.stable) this.#recovered();
      this.#failed(error);
      if (wasFollowing) this.#options.onLost();
      await pause(this.#gap(error), undefined, { signal: life }).catch(() => {});
    }
  }

  /** @returns why it ended */
  async #follow(signal: AbortSignal): Promise<ProviderError> {
    const { watch, times, onEvent } = this.#options;
    let isProven = false;
    const follower = {
      onStart: () => {
        // Nothing says when it begins to hear, unless it tells of something.
        this.#settling = setTimeout(() => this.#isDeaf || this.#followed(), times.settle);
      },
      onEvent: (event: VmEvent) => {
        if (signal.aborted) return;
        // What may be an echo proves nothing to who has doubts.
        if (!isProven && (!this.#isDeaf || event.kind !== 'other')) {
          isProven = true;
          this.#followed();
        }
        onEvent(event);
      },
    };
    try {
      return await watch(follower, signal);
    } catch (error) {
      return error instanceof ProviderError ? error : new ProviderError('failed', 'watching failed', String(error));
    }
  }

  /** Called when it may hear by now, and again when it surely does: what happened in between is not known either. */
  #followed(): void {
    clearTimeout(this.#settling);
    if (!this.#isFollowing) this.#options.log.info({}, 'the events of prlctl are followed');
    this.#isFollowing = true;
    this.#isDeaf = false;
    this.#error = undefined;
    this.#options.onFollowing();
  }

  #failed(error: ProviderError): void {
    this.#failures++;
    // An old version is no failure: lists do.
    const message = error.kind === 'unsupported' ? undefined : `events are not followed: ${error.message}`;
    this.#error = message;
    // The same failure again and again is one line in the log, also when it seemed well in between.
    if (message === undefined || message === this.#logged) return;
    this.#logged = message;
    this.#options.log.warn({ kind: error.kind }, message);
  }

  #recovered(): void {
    this.#failures = 0;
    this.#logged = undefined;
  }

  #gap(error: ProviderError): number {
    const { backOffMin, backOffMax, safety } = this.#options.times;
    if (error.kind === 'unsupported') return safety;
    return Math.min(backOffMin * 2 ** (this.#failures - 1), backOffMax);
  }

  #reset(): void {
    clearTimeout(this.#settling);
    this.#isFollowing = false;
  }
}
