// One `Targets` out of two: VMs and addresses. Chosen by the target's kind, nothing else.
import type { Address, Cancel, Resolution, Target, Targets } from './targets.ts';

export class AllTargets implements Targets {
  readonly #vms: Targets;
  readonly #addresses: Targets;

  constructor(vms: Targets, addresses: Targets) {
    this.#vms = vms;
    this.#addresses = addresses;
  }

  #of(target: Target): Targets {
    return target.kind === 'vm' ? this.#vms : this.#addresses;
  }

  resolve(target: Target): Resolution {
    return this.#of(target).resolve(target);
  }

  wait(target: Target, deadlineMs: number, callback: (resolution: Resolution) => void): Cancel {
    return this.#of(target).wait(target, deadlineMs, callback);
  }

  failed(target: Target, address: Address, reason: string): void {
    this.#of(target).failed(target, address, reason);
  }

  settling(target: Target): boolean {
    return this.#of(target).settling(target);
  }

  confirmed(target: Target, since: number): boolean {
    return this.#of(target).confirmed(target, since);
  }

  opened(target: Target): void {
    this.#of(target).opened(target);
  }

  closed(target: Target): void {
    this.#of(target).closed(target);
  }
}
