// Memory for large writes, used again and again: what is warm in the processor's cache costs a fraction of what is new.
import { READ_BYTES } from './intake.ts';

/** From so many bytes on nothing is gained by waiting for the end of the turn. */
export const GATHER_BYTES = 16_384;

/** Room for one read and for what was gathered before it. */
export const BLOCK_BYTES = READ_BYTES + GATHER_BYTES;

/** More that are free at once are left to the collector. */
const MAX_FREE = 16;

export class Blocks {
  readonly #free: Buffer[] = [];

  take(): Buffer {
    return this.#free.pop() ?? Buffer.allocUnsafeSlow(BLOCK_BYTES);
  }

  /** @param block that nobody writes or sends any more */
  give(block: Buffer): void {
    if (this.#free.length < MAX_FREE) this.#free.push(block);
  }
}
