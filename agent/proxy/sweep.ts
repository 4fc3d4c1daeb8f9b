// Time limits of connections: one coarse timer for all of them instead of one per request. A limit is kept to within
// twice `SWEEP_MS`; moving a deadline costs one assignment.

export const SWEEP_MS = 250;

/** Milliseconds of a clock that never jumps (the time of day does). */
export function monotonicMs(): number {
  return performance.now();
}

export interface Timed {
  /** Of `Sweep.after`; 0 = none. */
  deadline: number;
  /** The deadline has passed; it has been set to 0. */
  onDeadline(): void;
}

export class Sweep {
  readonly #timed = new Set<Timed>();
  #timer: NodeJS.Timeout | undefined = undefined;
  /** Of the last sweep: a look at the clock for each deadline would cost more than all the rest of it. */
  #now = monotonicMs();

  add(timed: Timed): void {
    this.#timed.add(timed);
    if (this.#timer !== undefined) return;
    this.#now = monotonicMs();
    this.#timer = setInterval(() => this.#sweep(), SWEEP_MS);
  }

  /** The deadline of what may take `ms` milliseconds; it passes then or up to two sweeps later. */
  after(ms: number): number {
    return this.#now + SWEEP_MS + ms;
  }

  remove(timed: Timed): void {
    this.#timed.delete(timed);
    if (this.#timed.size > 0 || this.#timer === undefined) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #sweep(): void {
    const now = monotonicMs();
    this.#now = now;
    for (const timed of this.#timed) {
      if (timed.deadline === 0 || timed.deadline > now) continue;
      timed.deadline = 0;
      timed.onDeadline();
    }
  }
}
