// A VM as the data path sees it, moved by hand: where it is, whether it is coming, and who waits.
import type { Address, Resolution, Target, Targets } from '../../agent/targets.ts';

export class MovableTargets implements Targets {
  #now: Resolution = { state: 'coming', reason: 'VM Ubuntu is starting', retryAfterS: 2 };
  readonly #waiting = new Set<(resolution: Resolution) => void>();
  readonly failures: string[] = [];
  open = 0;
  isSettling = false;
  isConfirmed = true;
  /** Called with each failed dial. */
  onFailed: () => void = () => {};

  /** The VM is, from now on, at these addresses, or absent. Wakes who waits unless it is still coming. */
  move(to: Resolution): void {
    this.#now = to;
    if (!Array.isArray(to) && 'state' in to && to.state === 'coming') return;
    for (const wake of [...this.#waiting]) wake(to);
  }

  get waiters(): number {
    return this.#waiting.size;
  }

  resolve(): Resolution {
    return this.#now;
  }

  wait(_: Target, deadlineMs: number, callback: (resolution: Resolution) => void): () => void {
    const finish = (resolution: Resolution) => {
      cancel();
      setImmediate(callback, resolution);
    };
    const timer = setTimeout(() => finish({ ...(this.#now as object) } as Resolution), deadlineMs);
    const cancel = () => {
      clearTimeout(timer);
      this.#waiting.delete(finish);
    };
    this.#waiting.add(finish);
    return cancel;
  }

  failed(_: Target, address: Address, reason: string): void {
    this.failures.push(`${address.ip}:${address.port} ${reason}`);
    this.onFailed();
  }

  settling(): boolean {
    return this.isSettling;
  }

  confirmed(): boolean {
    return this.isConfirmed;
  }

  opened(): void {
    this.open++;
  }

  closed(): void {
    this.open--;
  }
}
