// Lines that wait for the disk, as bytes in a few large blocks: text kept on the heap until it is written would be copied
// by each collection in between. Bounded: what does not fit is counted.

const BLOCK_BYTES = 131_072;
/** Bytes of UTF-8 that one UTF-16 unit may need. */
const MAX_UNIT_BYTES = 3;
/** Blocks that are kept for use again; more are left to the collector. */
const MAX_FREE = 4;

export class LineBuffer {
  readonly #maxBlocks: number;
  readonly #free: Buffer[] = [];
  #full: Buffer[] = [];
  #block: Buffer = Buffer.allocUnsafeSlow(BLOCK_BYTES);
  #used = 0;
  /** Lines that found no room since the last `take`. */
  dropped = 0;

  /** @param maxBytes that wait at most, in whole blocks */
  constructor(maxBytes: number) {
    this.#maxBlocks = Math.ceil(maxBytes / BLOCK_BYTES);
  }

  get empty(): boolean {
    return this.#used === 0 && this.#full.length === 0;
  }

  /** @param line with its line end; of at most a third of a block, or it is dropped */
  push(line: string): void {
    const room = line.length * MAX_UNIT_BYTES;
    if (room > BLOCK_BYTES - this.#used && !this.#makeRoom(room)) {
      this.dropped++;
      return;
    }
    this.#used += this.#block.write(line, this.#used);
  }

  #makeRoom(room: number): boolean {
    if (this.#full.length + 1 >= this.#maxBlocks || room > BLOCK_BYTES) return false;
    this.#nextBlock();
    return true;
  }

  #nextBlock(): void {
    this.#full.push(this.#block.subarray(0, this.#used));
    this.#block = this.#free.pop() ?? Buffer.allocUnsafeSlow(BLOCK_BYTES);
    this.#used = 0;
  }

  /** Everything that waits, in order; `recycle` takes it back. */
  take(): Buffer[] {
    if (this.#used > 0) this.#nextBlock();
    const blocks = this.#full;
    this.#full = [];
    this.dropped = 0;
    return blocks;
  }

  /** @param blocks from `take` that nobody reads any more */
  recycle(blocks: readonly Buffer[]): void {
    for (const { buffer } of blocks) if (this.#free.length < MAX_FREE) this.#free.push(Buffer.from(buffer));
  }
}
