// Time limits of connections: one coarse timer for all of them instead of one per request. A limit is kept to within
// `SWEEP_MS`; moving a deadline costs one assignment.

export const SWEEP_MS = 250;

/** Milliseconds of a clock that never jumps (the time of day does). */
export function monotonicMs(): number {
  return performance.now();
}

export interface Timed {
  /** Of `monotonicMs`; 0 = none. */
  deadline: number;
  /** The deadline has passed; it has been set to 0. */
  onDeadline(): void;
}

export class Sweep {
  readonly #timed = new Set<Timed>();
  #timer: NodeJS.Timeout | undefined = undefined;

  add(timed: Timed): void {
    this.#timed.add(timed);
    this.#timer ??= setInterval(() => this.#sweep(), SWEEP_MS);
  }

  remove(timed: Timed): void {
    this.#timed.delete(timed);
    if (this.#timed.size > 0 || this.#timer === undefined) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #sweep(): void {
    const now = monotonicMs();
    for (const timed of this.#timed) {
      if (timed.deadline === 0 || timed.deadline > now) continue;
      timed.deadline = 0;
      timed.onDeadline();
    }
  }
}
