// Lines that wait for the disk, as bytes in a few large blocks: text kept on the heap until it is written would be copied
// by each collection in between. Bounded: what does not fit is counted.

const BLOCK_BYTES = 65_536;
/** Bytes of UTF-8 that one UTF-16 unit may need. */
const MAX_UNIT_BYTES = 3;

export class LineBuffer {
  readonly #maxBlocks: number;
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
    if (room > BLOCK_BYTES - this.#used && !this.#nextBlock(room)) {
      this.dropped++;
      return;
    }
    this.#used += this.#block.write(line, this.#used);
  }

  #nextBlock(room: number): boolean {
    if (this.#full.length + 1 >= this.#maxBlocks || room > BLOCK_BYTES) return false;
    this.#full.push(this.#block.subarray(0, this.#used));
    this.#block = Buffer.allocUnsafeSlow(BLOCK_BYTES);
    this.#used = 0;
    return true;
  }

  /** Everything that waits, in order; it is the caller's now. */
  take(): Buffer[] {
    const blocks = this.#full;
    if (this.#used > 0) blocks.push(Buffer.from(this.#block.subarray(0, this.#used)));
    this.#full = [];
    this.#used = 0;
    this.dropped = 0;
    return blocks;
  }
}
