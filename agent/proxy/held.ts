// Bytes that came before they can be used. A socket that nobody reads tells neither of its end nor of a reset, so a
// client that has to wait is read on for a while.

/** With so many held, the socket is left alone until they are taken. */
export const MAX_HELD_BYTES = 65_536;

export class Held {
  #buffer: Buffer | undefined = undefined;
  #length = 0;

  get length(): number {
    return this.#length;
  }

  get full(): boolean {
    return this.#length >= MAX_HELD_BYTES;
  }

  /** Appends a copy; grows by doubling, so that many small pieces cost no more than few large ones. */
  add(chunk: Buffer): void {
    const needed = this.#length + chunk.length;
    if (this.#buffer === undefined || needed > this.#buffer.length) {
      const grown = Buffer.allocUnsafeSlow(Math.max(needed, 2 * this.#length));
      this.#buffer?.copy(grown, 0, 0, this.#length);
      this.#buffer = grown;
    }
    chunk.copy(this.#buffer, this.#length);
    this.#length = needed;
  }

  /** Puts back what is left of the bytes that were taken; nothing has been added since. */
  putBack(rest: Buffer): void {
    this.#buffer = rest;
    this.#length = rest.length;
  }

  /** The bytes are the caller's now; undefined: there are none. */
  take(): Buffer | undefined {
    const taken = this.#length === 0 ? undefined : this.#buffer!.subarray(0, this.#length);
    this.#buffer = undefined;
    this.#length = 0;
    return taken;
  }
}
