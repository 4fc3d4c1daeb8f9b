// What the harness knows of a proxy: whether it is installed, how it is started with a layout, and how it ends.
import type { Layout } from './layout.ts';

export interface Running {
  readonly layout: Layout;
  /** Its processes, without their children. */
  readonly roots: readonly number[];
  stop(): Promise<void>;
}

export interface Contender {
  readonly name: string;
  readonly speaks: readonly ('http' | 'tcp')[];
  /** Has a compiler that learns while it runs. */
  readonly warms: boolean;
  /** What must be there first; undefined: it can start. */
  missing(): string | undefined;
  version(): Promise<string>;
  /** @param folder of its own, for its configuration and logs */
  start(layout: Layout, folder: string): Promise<Running>;
}
