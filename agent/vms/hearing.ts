// Notices a monitor that runs but is deaf: a reading shows a change of a state, and no event tells of it, neither before nor
// within a time after. Changes of addresses and names prove nothing; for addresses there are no events.
import type { VmKey } from '../targets.ts';
import type { VmChange } from './table.ts';

export class Hearing {
  readonly #patienceMs: number;
  readonly #onDeaf: (change: VmChange) => void;
  /** Since when events are heard; of `performance.now()`, as all times here. */
  #since = Infinity;
  /** The reading that changes are seen against. */
  #comparedTo = -Infinity;
  readonly #heardAt = new Map<VmKey, number>();
  readonly #awaited = new Map<VmKey, NodeJS.Timeout>();

  /** @param onDeaf called with the change that nobody told of */
  constructor(patienceMs: number, onDeaf: (change: VmChange) => void) {
    this.#patienceMs = patienceMs;
    this.#onDeaf = onDeaf;
  }

  /** Events are heard from now on. */
  start(): void {
    this.stop();
    this.#since = performance.now();
  }

  /** Nothing is expected any more. */
  stop(): void {
    this.#since = Infinity;
    this.#heardAt.clear();
    for (const timer of this.#awaited.values()) clearTimeout(timer);
    this.#awaited.clear();
  }

  heard(vm: VmKey): void {
    this.#heardAt.set(vm, performance.now());
    clearTimeout(this.#awaited.get(vm));
    this.#awaited.delete(vm);
  }

  /**
   * Compares what a reading has changed with what was heard.
   * @param beganAt of the reading
   */
  compare(changes: readonly VmChange[], beganAt: number): void {
    const before = this.#comparedTo;
    this.#comparedTo = beganAt;
    // What changed before anybody listened was not to be heard.
    if (before < this.#since) return;
    for (const change of changes) {
      if (change.before?.state !== change.after?.state) this.#expect(change, before);
    }
  }

  #expect(change: VmChange, since: number): void {
    const { key } = (change.after ?? change.before)!;
    if (this.#awaited.has(key) || (this.#heardAt.get(key) ?? -Infinity) >= since) return;
    const timer = setTimeout(() => {
      this.stop();
      this.#onDeaf(change);
    }, this.#patienceMs);
    this.#awaited.set(key, timer);
  }
}
