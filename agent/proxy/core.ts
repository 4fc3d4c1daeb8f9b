// What every exchange and session needs, handed down once from the composition root. Belongs to the agent and survives
// changes of the plan; only `settings` is replaced.
import type { Targets } from '../targets.ts';
import type { AccessSink, RequestIds } from './access.ts';
import type { Settings } from './plan.ts';
import type { Pool } from './pool.ts';
import type { Sweep } from './sweep.ts';
import type { Turn } from './turn.ts';

export interface Core {
  readonly targets: Targets;
  readonly pool: Pool;
  readonly sweep: Sweep;
  readonly turn: Turn;
  settings: Settings;
  readonly access: AccessSink;
  readonly requestIds: RequestIds;
  /** A bug on the data path, or a failure worth a line in the agent's log. */
  readonly report: (problem: Readonly<Record<string, unknown>>, message: string) => void;
}
