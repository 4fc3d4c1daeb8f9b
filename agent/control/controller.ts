// The queue of one through which every change goes: edit → compile → prepare → save → commit. Nothing has changed
// when a step before commit fails, and commit cannot fail. Only this file swaps the present config and plan.
import { setTimeout as pause } from 'node:timers/promises';
import { ProxyError } from '../../src/errors.ts';
import type { ProxyConfig, Proxy as ProxySettings } from '../../src/model/config.ts';
import type { Plan } from '../proxy/plan.ts';
import type { VmDirectory } from '../vms/directory.ts';
import type { Edit } from './edits.ts';
import type { Log } from './log.ts';
import type { Prepared, Runtime } from './runtime.ts';
import type { Store } from './store.ts';

export type Mode = 'strict' | 'lenient';

/** How long `restart` waits for a reading of the VMs. */
const REFRESH_LIMIT_MS = 5_000;

export interface ControllerParts {
  readonly store: Store;
  /** Pure. Throws ProxyError for what is wrong with the config as a whole. */
  readonly compile: (config: ProxyConfig) => Plan;
  readonly runtime: Runtime;
  /** The REST server: it listens where the config says. Same contract as `Runtime.prepare`. */
  readonly rest: { prepare(proxy: ProxySettings, mode: Mode): Promise<Prepared> };
  readonly vms: Pick<VmDirectory, 'refresh'>;
  readonly log: Log;
  /** Told after each commit: which VMs are needed, which counters may go. Must not throw. */
  readonly onCommitted: (config: ProxyConfig, plan: Plan) => void;
}

/** One step to a new state: what shall be, and how. */
interface Next {
  readonly config: ProxyConfig;
  readonly mode: Mode;
  /** Makes it last; absent when the file says so already. */
  readonly save?: () => void;
}

export class Controller {
  readonly #parts: ControllerParts;
  #queue: Promise<unknown> = Promise.resolve();
  #present: { readonly config: ProxyConfig; readonly plan: Plan } | undefined;
  #bootError: string | undefined;

  constructor(parts: ControllerParts) {
    this.#parts = parts;
  }

  /** What is wanted now. Only after `boot`. */
  get config(): ProxyConfig {
    return this.#state.config;
  }

  /** What runs now. Only after `boot`. */
  get plan(): Plan {
    return this.#state.plan;
  }

  /** Why the saved config could not be run at the start; gone with the next change that can. */
  get bootError(): string | undefined {
    return this.#bootError;
  }

  get #state() {
    if (this.#present === undefined) throw new Error('the controller is used before boot');
    return this.#present;
  }

  /**
   * Reads the saved file and runs it; a listener that cannot be bound is retried. A config that does not compile stays
   * as it is, to be repaired by changes, and nothing runs.
   * @throws ProxyError newer_schema, unavailable (the store's)
   */
  boot(): Promise<void> {
    return this.#enqueue(async () => this.#run(this.#parts.store.load()));
  }

  /**
   * Makes a change and resolves when it is saved and runs.
   * @param mode lenient: a listener that cannot be bound does not fail the change
   * @throws ProxyError of the edit, the compiler, a listener that cannot be bound, or the store
   */
  change(edit: Edit, mode: Mode = 'strict'): Promise<ProxyConfig> {
    return this.#enqueue(async () => {
      await this.#adoptRepaired();
      this.#refuseWhileCorrupt();
      const { config } = this.#state;
      const next = edit(config);
      if (next !== config) await this.#apply({ config: next, mode, save: () => this.#parts.store.save(next) });
      return this.config;
    });
  }

  /**
   * Reads the saved file and the VMs again, then cuts every connection.
   * @throws ProxyError conflict while disabled or when the file is not valid; nothing is cut then
   */
  async restart(): Promise<ProxyConfig> {
    // Outside of the queue, and not for long: prlctl may hang, and nobody else should wait for it.
    await Promise.race([this.#parts.vms.refresh(), pause(REFRESH_LIMIT_MS, undefined, { ref: false })]);
    return this.#enqueue(async () => {
      await this.#adoptRepaired();
      this.#refuseWhileCorrupt();
      if (!this.config.proxy.enabled) throw new ProxyError('conflict', 'the proxy is disabled; run `prproxy enable`');
      const config = this.#parts.store.read();
      await this.#apply({ config, mode: 'strict' }).catch(refusedByFile);
      this.#parts.runtime.cutAll();
      return this.config;
    });
  }

  /** Begins anew with an empty config, for `config reset`. @throws ProxyError unavailable */
  reset(): Promise<void> {
    return this.#enqueue(async () => this.#run(this.#parts.store.reset()));
  }

  /** Ends the open tunnels of a TCP host. */
  cutHost(hostId: string): void {
    this.#parts.runtime.cutHost(hostId);
  }

  /** Resolves when no change is running or waiting. */
  async settled(): Promise<void> {
    let seen: Promise<unknown> | undefined;
    while (seen !== this.#queue) {
      seen = this.#queue;
      await seen;
    }
  }

  #enqueue<T>(job: () => Promise<T>): Promise<T> {
    const result = this.#queue.then(job);
    this.#queue = result.catch(() => undefined);
    return result;
  }

  /** A file that was put in place of the corrupt one is as good as a start with it. */
  async #adoptRepaired(): Promise<void> {
    const config = this.#parts.store.repaired();
    if (config === undefined) return;
    this.#parts.log.info({}, 'the repaired saved file is in use');
    await this.#run(config);
  }

  #refuseWhileCorrupt(): void {
    const { state, error } = this.#parts.store.status();
    if (state === 'corrupt')
      throw new ProxyError('unavailable', error ?? 'the saved file is corrupt; run `prproxy config reset`');
  }

  /** Runs a config that is saved already, as well as it can be. */
  async #run(config: ProxyConfig): Promise<void> {
    try {
      await this.#apply({ config, mode: 'lenient' });
    } catch (error) {
      if (!(error instanceof ProxyError)) throw error;
      this.#parts.log.error({ error: error.message }, 'the saved config cannot run');
      const nothing = { ...config, proxy: { ...config.proxy, enabled: false }, hosts: [] };
      await this.#apply({ config: nothing, mode: 'lenient' });
      this.#present = { config, plan: this.plan };
      this.#bootError = `the saved config cannot run, and nothing is opened: ${error.message}`;
    }
  }

  async #apply({ config, mode, save }: Next): Promise<void> {
    const { compile, runtime, rest, onCommitted } = this.#parts;
    const plan = compile(config);
    if (mode === 'strict') refuseNewlyBroken(plan, config, this.#present?.config);
    const prepared: Prepared[] = [];
    try {
      prepared.push(await rest.prepare(config.proxy, mode));
      prepared.push(await runtime.prepare(plan, mode));
      save?.();
    } catch (error) {
      for (const part of prepared.reverse()) await part.rollback();
      throw error;
    }
    this.#present = { config, plan };
    this.#bootError = undefined;
    for (const part of prepared) part.commit();
    onCommitted(config, plan);
  }
}

/** A change may not break a host; one that it leaves alone (its certificate file is gone) stands in nobody's way. */
function refuseNewlyBroken(plan: Plan, next: ProxyConfig, before: ProxyConfig | undefined): void {
  const untouched = new Set<unknown>(before?.hosts);
  for (const host of next.hosts) {
    const error = plan.broken.get(host.id);
    if (error !== undefined && !untouched.has(host)) throw error;
  }
}

/** What is wrong with the saved file is a conflict for `restart`: its caller gave no input. */
function refusedByFile(error: unknown): never {
  if (!(error instanceof ProxyError) || error.code !== 'invalid') throw error;
  throw new ProxyError('conflict', `the saved file cannot be used: ${error.message}`, error.details, { cause: error });
}
