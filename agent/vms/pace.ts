// When the VMs are read next: fast while something that a route needs is changing, slowly otherwise, hardly ever while
// events are followed, not at all when no route names a VM. Knows only what it is told; no timer.
import type { WatcherTimes } from './times.ts';

/** What decides about the next reading. */
export interface Circumstances {
  /** A route names a VM. */
  readonly isNeeded: boolean;
  /** Readings in a row that failed. */
  readonly failures: number;
  /** A needed VM is on its way. */
  readonly isComing: boolean;
  readonly isFollowing: boolean;
}

export class Pace {
  readonly #times: WatcherTimes;
  #lookAsked = false;
  #fastUntil = -Infinity;
  /** Readings since the last event. */
  #readings = 0;

  constructor(times: WatcherTimes) {
    this.#times = times;
  }

  /** Somebody wants a reading that begins after this call. */
  ask(): void {
    this.#lookAsked = true;
  }

  /** Traffic has a doubt. */
  doubt(): void {
    this.ask();
    this.#fastUntil = performance.now() + this.#times.doubt;
  }

  /** An event came. The address of a VM that has come up follows some time after it, untold. */
  event(): void {
    this.ask();
    this.#readings = 0;
  }

  /** A reading begins. */
  begin(): void {
    this.#readings++;
    this.#lookAsked = false;
  }

  /** Milliseconds from the end of the last reading to the beginning of the next; undefined: there is none. */
  gap({ isNeeded, failures, isComing, isFollowing }: Circumstances): number | undefined {
    const { lookGap, lookGapFailing, backOffMin, backOffMax, fast, slow, safety, seekMin, seekMax } = this.#times;
    if (this.#lookAsked) return failures > 0 ? lookGapFailing : lookGap;
    if (!isNeeded) return undefined;
    if (failures > 0) return Math.min(backOffMin * 2 ** (failures - 1), backOffMax);
    if (performance.now() < this.#fastUntil) return fast;
    if (isComing) return isFollowing ? Math.min(seekMin * 2 ** (this.#readings - 1), seekMax) : fast;
    return isFollowing ? safety : slow;
  }
}
