// What the controller needs of the machinery that runs a plan. The reconciler implements it. Types only.
import type { HostState } from '../../src/model/host.ts';
import type { Plan } from '../proxy/plan.ts';

/** New listeners are bound, nothing else has changed yet. Exactly one of the two is called. */
export interface Prepared {
  /** Swaps routers, starts accepting, begins closing and draining what left. Cannot fail. */
  commit(): void;
  /** Closes what prepare bound; never throws. */
  rollback(): Promise<void>;
}

export interface RunningHost {
  readonly state: HostState;
  readonly error: string | undefined;
  /** Of its listeners; the compiler's are in the plan. */
  readonly warnings: readonly string[];
}

export interface Runtime {
  /**
   * Binds what is new. `strict`: a listener that the plan adds or moves and that cannot be bound fails the change
   * (ProxyError conflict); otherwise (`enable`, boot) it becomes `failed` and is retried with back-off.
   */
  prepare(plan: Plan, mode: 'strict' | 'lenient'): Promise<Prepared>;
  /** Cuts every connection at once; listeners stay. For `restart`. */
  cutAll(): void;
  /** Ends the open tunnels of a TCP host. For `route tcp set --cut`. */
  cutHost(hostId: string): void;
  hostState(hostId: string): RunningHost;
  /** Closes all listeners, drains, resolves when every connection is gone. */
  close(): Promise<void>;
}
