// Memory for large writes, used again and again: what is warm in the processor's cache costs a fraction of what is new.
import { READ_BYTES } from './intake.ts';

/** From so many bytes on nothing is gained by waiting for the end of the turn. */
export const GATHER_BYTES = 16_384;

/** Room for what one read usually brings, or for the most that it may bring, and for what was gathered before it. */
const SMALL_BYTES = 65_536 + GATHER_BYTES;
export const BLOCK_BYTES = READ_BYTES + GATHER_BYTES;

/** More that are free at once are left to the collector, of each size. */
const MAX_FREE = 16;

export class Blocks {
  readonly #small: Buffer[] = [];
  readonly #large: Buffer[] = [];

  /** @param bytes that it must hold, if it can: a receiver that is stuck keeps its block, so it gets a fitting one */
  take(bytes: number): Buffer {
    const small = bytes <= SMALL_BYTES;
    return (small ? this.#small : this.#large).pop() ?? Buffer.allocUnsafeSlow(small ? SMALL_BYTES : BLOCK_BYTES);
  }

  /** @param block from `take` that nobody writes or sends any more */
  give(block: Buffer): void {
    const free = block.length === SMALL_BYTES ? this.#small : this.#large;
    if (free.length < MAX_FREE) free.push(block);
  }
}
