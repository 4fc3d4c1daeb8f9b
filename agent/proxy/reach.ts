// The way to a target, for HTTP and TCP alike: where is it, wait for it when it is coming, dial, and when a VM's address
// does not answer, look again and go on. Ends with a socket or a failure, never both, and never after cancel.
import type { Socket } from 'node:net';
import { type Absence, type Address, type Cancel, isAbsence, type Resolution, type Target } from '../targets.ts';
import type { Core } from './core.ts';
import { Dial, type Dialler } from './dial.ts';
import { absenceFailure, type Failure, faultFailure } from './failure.ts';
import type { UpstreamTls } from './plan.ts';
import { monotonicMs } from './sweep.ts';

/** Pause between two dials of an address that does not answer yet. */
const REDIAL_MS = 150;
/** prlctl tells of a new address some time after the old one died: that long a VM is dialled again whatever it says. */
export const ADDRESS_LAG_MS = 2_000;

export interface ReachOptions {
  readonly target: Target;
  /** For people: "VM Ubuntu" or "the target of route /app". */
  readonly label: string;
  readonly tls: UpstreamTls | undefined;
  /** Name for the target's certificate when the route sets none. */
  readonly hostname: string;
  /** Milliseconds that may be spent on waiting for the target to come. */
  readonly holdMs: number;
}

/** What may pass when the VM, its service or its address comes; a failed TLS handshake does not. */
const PASSING = new Set(['ECONNREFUSED', 'ECONNRESET', 'EHOSTUNREACH', 'EHOSTDOWN', 'ENETUNREACH', 'ETIMEDOUT']);

export interface Reacher {
  /** Addresses are known, and nothing is dialled yet. True: none has to be. */
  usePooled(addresses: readonly Address[]): boolean;
  reached(socket: Socket, address: Address): void;
  unreachable(failure: Failure): void;
}

export class Reach implements Dialler {
  readonly #core: Core;
  readonly #options: ReachOptions;
  readonly #reacher: Reacher;
  readonly #holdUntil: number;
  #cancel: Cancel | undefined = undefined;
  /** The address that fails, and since when. */
  #failing = '';
  #failingSince = 0;

  constructor(core: Core, options: ReachOptions, reacher: Reacher) {
    this.#core = core;
    this.#options = options;
    this.#reacher = reacher;
    this.#holdUntil = monotonicMs() + options.holdMs;
    this.#go(core.targets.resolve(options.target));
  }

  cancel(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }

  #go(resolution: Resolution): void {
    this.#cancel = undefined;
    if (isAbsence(resolution)) {
      const left = this.#holdUntil - monotonicMs();
      if (resolution.state === 'down' || left <= 0) return this.#reacher.unreachable(this.#absent(resolution));
      this.#cancel = this.#core.targets.wait(this.#options.target, left, (later) => this.#go(later));
      return;
    }
    if (this.#reacher.usePooled(resolution)) return;
    const { tls, hostname } = this.#options;
    const options = { addresses: resolution, tls, hostname, timeoutMs: this.#core.settings.connectMs };
    const dial = new Dial(options, this);
    this.#cancel = () => dial.cancel();
  }

  #absent(absence: Absence): Failure {
    const { target, label } = this.#options;
    if (target.kind === 'vm') {
      // A VM that prlctl does not know has no name there; the route still has the one that it was given.
      const id = target.vm.slice(target.vm.indexOf(':') + 1);
      return absenceFailure({ ...absence, reason: absence.reason.replace(`VM ${id}`, label) });
    }
    return faultFailure({ phase: 'lookup', code: 'ENOTFOUND' }, label);
  }

  dialled(socket: Socket, address: Address): void {
    this.#cancel = undefined;
    this.#reacher.reached(socket, address);
  }

  addressFailed(address: Address, code: string): void {
    if (this.#failing !== address.ip) {
      this.#failing = address.ip;
      this.#failingSince = monotonicMs();
    }
    this.#core.targets.failed(this.#options.target, address, code);
  }

  dialFailed(code: string): void {
    this.#cancel = undefined;
    if (!PASSING.has(code) || !this.#mayComeBack()) {
      this.#reacher.unreachable(faultFailure({ phase: 'dial', code }, this.#options.label));
      return;
    }
    const timer = setTimeout(() => this.#go(this.#core.targets.resolve(this.#options.target)), REDIAL_MS);
    this.#cancel = () => clearTimeout(timer);
  }

  /** A VM that has just come up, or whose address may be about to change. */
  #mayComeBack(): boolean {
    const { target } = this.#options;
    const now = monotonicMs();
    if (target.kind !== 'vm' || now >= this.#holdUntil) return false;
    if (now - this.#failingSince < ADDRESS_LAG_MS) return true;
    return this.#core.targets.settling(target) || !this.#core.targets.confirmed(target, this.#failingSince);
  }
}
