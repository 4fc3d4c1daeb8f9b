// Makes the listeners what the plan says, touching only those that differ. Prepare binds what is new and may fail;
// commit swaps plans and lets go of what left; rollback leaves everything as it was.
import { isIP } from 'node:net';
import { ProxyError } from '../../src/errors.ts';
import type { Core } from '../proxy/core.ts';
import { Listener } from '../proxy/listener.ts';
import type { ListenerPlan, Plan } from '../proxy/plan.ts';
import { bindProblem, isFamilyMissing } from './bind-problem.ts';
import { isWildcard } from './bindings.ts';
import type { Prepared, RunningHost, Runtime } from './runtime.ts';

const RETRY_FIRST_MS = 1_000;
const RETRY_MOST_MS = 30_000;

/** What there is for one key of the plan. */
interface Slot {
  readonly listener: Listener;
  /** Undefined: it listens. */
  failure: string | undefined;
  /** The address family is missing here, and may be. */
  skipped: boolean;
  retry: NodeJS.Timeout | undefined;
  retryMs: number;
}

export class Reconciler implements Runtime {
  readonly #core: Core;
  #slots = new Map<string, Slot>();
  #broken: Plan['broken'] = new Map();
  /** Listeners that no longer listen but still have clients. */
  readonly #retired = new Set<Listener>();

  constructor(core: Core) {
    this.#core = core;
  }

  async prepare(plan: Plan, mode: 'strict' | 'lenient'): Promise<Prepared> {
    const added = [...plan.listeners.values()].filter(({ key }) => !this.#slots.has(key));
    if (mode === 'strict') await this.#bindFailed(plan);
    const suspended = await this.#suspendOverlapping(plan, added);
    const fresh = new Map<string, Slot>();
    try {
      for (const listenerPlan of added) fresh.set(listenerPlan.key, await this.#bind(listenerPlan, mode));
    } catch (error) {
      await this.#undo(fresh, suspended);
      throw error;
    }
    return {
      commit: () => this.#commit(plan, fresh),
      rollback: () => this.#undo(fresh, suspended),
    };
  }

  /** A host that comes to a listener that has failed so far: the change works only if the address is free by now. */
  async #bindFailed(plan: Plan): Promise<void> {
    for (const [key, slot] of this.#slots) {
      const { hostIds } = slot.listener.plan;
      if (slot.failure === undefined || plan.listeners.get(key)?.hostIds.every((id) => hostIds.includes(id)) !== false)
        continue;
      try {
        await slot.listener.bind();
      } catch (error) {
        throw new ProxyError(
          'conflict',
          await bindProblem(error, slot.listener.plan),
          { listener: key },
          { cause: error },
        );
      }
      this.#opened(slot);
    }
  }

  #opened(slot: Slot): void {
    clearTimeout(slot.retry);
    slot.failure = undefined;
    slot.retryMs = RETRY_FIRST_MS;
    slot.listener.open();
    this.#core.report({ listener: slot.listener.plan.key }, 'the listener is open now');
  }

  /** 127.0.0.1:P and 0.0.0.0:P cannot both be bound: the old socket stops listening before the new one begins. */
  async #suspendOverlapping(plan: Plan, added: readonly ListenerPlan[]): Promise<Slot[]> {
    const suspended: Slot[] = [];
    for (const [key, slot] of this.#slots) {
      if (plan.listeners.has(key) || slot.failure !== undefined || slot.skipped) continue;
      if (!added.some((other) => overlap(slot.listener.plan, other))) continue;
      await slot.listener.unbind();
      suspended.push(slot);
    }
    return suspended;
  }

  async #bind(plan: ListenerPlan, mode: 'strict' | 'lenient'): Promise<Slot> {
    const slot: Slot = {
      listener: new Listener(this.#core, plan),
      failure: undefined,
      skipped: false,
      retry: undefined,
      retryMs: RETRY_FIRST_MS,
    };
    try {
      await slot.listener.bind();
    } catch (error) {
      if (plan.optional && isFamilyMissing(error)) slot.skipped = true;
      else {
        slot.failure = await bindProblem(error, plan);
        if (mode === 'strict') throw new ProxyError('conflict', slot.failure, { listener: plan.key }, { cause: error });
      }
    }
    return slot;
  }

  async #undo(fresh: ReadonlyMap<string, Slot>, suspended: readonly Slot[]): Promise<void> {
    for (const { listener } of fresh.values()) await listener.unbind();
    for (const slot of suspended) {
      try {
        await slot.listener.bind();
        slot.listener.open();
      } catch (error) {
        slot.failure = await bindProblem(error, slot.listener.plan);
        this.#retryLater(slot);
      }
    }
  }

  #commit(plan: Plan, fresh: ReadonlyMap<string, Slot>): void {
    const before = this.#slots;
    this.#core.settings = plan.settings;
    this.#broken = plan.enabled ? plan.broken : new Map();
    this.#slots = new Map();
    for (const [key, listenerPlan] of plan.listeners) {
      const slot = fresh.get(key) ?? before.get(key)!;
      this.#slots.set(key, slot);
      if (fresh.has(key)) this.#start(slot);
      else slot.listener.update(listenerPlan);
    }
    for (const [key, slot] of before) if (!this.#slots.has(key)) this.#retire(slot);
    for (const listener of this.#retired) this.#bequeath(listener);
  }

  #start(slot: Slot): void {
    if (slot.failure === undefined) slot.listener.open();
    else this.#retryLater(slot);
  }

  #retire(slot: Slot): void {
    clearTimeout(slot.retry);
    void slot.listener.unbind();
    this.#retired.add(slot.listener);
  }

  /** Clients of a listener that is gone live on where another one now serves their hosts. */
  #bequeath(listener: Listener): void {
    const heir = [...this.#slots.values()].find((slot) => overlap(slot.listener.plan, listener.plan));
    if (heir === undefined) listener.close();
    else listener.update(heir.listener.plan);
    if (listener.size === 0) this.#retired.delete(listener);
  }

  #retryLater(slot: Slot): void {
    clearTimeout(slot.retry);
    slot.retry = setTimeout(() => void this.#retryNow(slot), slot.retryMs);
    slot.retryMs = Math.min(slot.retryMs * 2, RETRY_MOST_MS);
  }

  async #retryNow(slot: Slot): Promise<void> {
    const { listener } = slot;
    const mine = () => this.#slots.get(listener.plan.key) === slot;
    if (!mine()) return;
    try {
      await listener.bind();
    } catch (error) {
      const problem = await bindProblem(error, listener.plan);
      // A change may have opened it meanwhile (`#bindFailed`); then it is we who hold the address.
      if (!mine() || slot.failure === undefined) return;
      slot.failure = problem;
      return this.#retryLater(slot);
    }
    if (!mine()) return void listener.unbind();
    this.#opened(slot);
  }

  cutAll(): void {
    for (const listener of this.#listeners()) listener.cutAll();
    this.#core.pool.close();
  }

  cutHost(hostId: string): void {
    for (const listener of this.#listeners()) listener.cutHost(hostId);
  }

  *#listeners(): Iterable<Listener> {
    for (const { listener } of this.#slots.values()) yield listener;
    yield* this.#retired;
  }

  hostState(hostId: string): RunningHost {
    const warnings: string[] = [];
    const broken = this.#broken.get(hostId);
    if (broken !== undefined) return { state: 'failed', error: broken.message, warnings };
    const slots = [...this.#slots.values()].filter(({ listener }) => listener.plan.hostIds.includes(hostId));
    for (const { listener, skipped } of slots) {
      if (skipped) warnings.push(`${listener.plan.key} is left out: this machine has no such address`);
    }
    if (slots.length === 0) return { state: 'off', error: undefined, warnings };
    const failed = slots.find(({ failure }) => failure !== undefined);
    return { state: failed === undefined ? 'listening' : 'failed', error: failed?.failure, warnings };
  }

  async close(): Promise<void> {
    const listeners = [...this.#listeners()];
    for (const slot of this.#slots.values()) clearTimeout(slot.retry);
    this.#slots = new Map();
    for (const listener of listeners) listener.close();
    await Promise.all(listeners.map((listener) => listener.drained()));
  }
}

/** True when one of the two addresses is the other's wildcard, on one port. */
function overlap(a: ListenerPlan, b: ListenerPlan): boolean {
  if (a.port !== b.port || isIP(a.address) !== isIP(b.address)) return false;
  return a.address === b.address || isWildcard(a.address) || isWildcard(b.address);
}
