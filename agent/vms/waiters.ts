// Who waits for a VM: each is called back once, later, never synchronously, and not after its cancel. No timer outlives
// its waiter.
import { type Cancel, isAbsence, type Resolution, type VmKey, type VmTarget } from '../targets.ts';

type Callback = (resolution: Resolution) => void;

export class Waiters {
  readonly #resolve: (target: VmTarget) => Resolution;
  readonly #byVm = new Map<VmKey, Set<Waiter>>();

  constructor(resolve: (target: VmTarget) => Resolution) {
    this.#resolve = resolve;
  }

  /** @param deadlineMs from now */
  add(target: VmTarget, deadlineMs: number, callback: Callback): Cancel {
    const waiter = new Waiter(target, callback);
    const resolution = this.#resolve(target);
    if (!isComing(resolution)) {
      waiter.settle(resolution);
      return () => waiter.cancel();
    }
    const waiting = this.#byVm.get(target.vm) ?? new Set();
    this.#byVm.set(target.vm, waiting.add(waiter));
    waiter.start(deadlineMs, () => {
      this.#remove(waiter);
      waiter.settle(this.#resolve(target));
    });
    return () => {
      this.#remove(waiter);
      waiter.cancel();
    };
  }

  /** After a change of the table: whoever's VM is no longer coming is called back. */
  wake(): void {
    for (const waiting of this.#byVm.values()) {
      for (const waiter of waiting) {
        const resolution = this.#resolve(waiter.target);
        if (isComing(resolution)) continue;
        this.#remove(waiter);
        waiter.settle(resolution);
      }
    }
  }

  /** Nobody is called back any more. */
  clear(): void {
    for (const waiting of this.#byVm.values()) for (const waiter of waiting) waiter.cancel();
    this.#byVm.clear();
  }

  #remove(waiter: Waiter): void {
    const { vm } = waiter.target;
    const waiting = this.#byVm.get(vm);
    if (waiting?.delete(waiter) && waiting.size === 0) this.#byVm.delete(vm);
  }
}

class Waiter {
  readonly target: VmTarget;
  readonly #callback: Callback;
  #timer: NodeJS.Timeout | undefined;
  #immediate: NodeJS.Immediate | undefined;

  constructor(target: VmTarget, callback: Callback) {
    this.target = target;
    this.#callback = callback;
  }

  start(deadlineMs: number, onDeadline: () => void): void {
    this.#timer = setTimeout(onDeadline, Math.max(0, deadlineMs));
  }

  settle(resolution: Resolution): void {
    clearTimeout(this.#timer);
    this.#immediate = setImmediate(this.#callback, resolution);
  }

  cancel(): void {
    clearTimeout(this.#timer);
    clearImmediate(this.#immediate);
  }
}

function isComing(resolution: Resolution): boolean {
  return isAbsence(resolution) && resolution.state === 'coming';
}
