// What goes out on one socket. Small pieces are gathered until the end of the event loop's turn and leave in one write:
// a system call for each piece would cost more than all the rest of a request, and a receiver that is woken for each
// message goes to sleep again in between. Much goes at once. Data is copied, since it comes from a buffer that the next
// read overwrites.
import type { Socket } from 'node:net';
import { BLOCK_BYTES, GATHER_BYTES } from './blocks.ts';
import type { Turn } from './turn.ts';

/** Spare room behind the first data: the end of a chunk and of a chunked body. */
const SLACK_BYTES = 32;

export class Outbox {
  readonly #socket: Socket;
  readonly #turn: Turn;
  /** What goes out first … */
  #gathered: Buffer | undefined = undefined;
  #used = 0;
  /** … and what follows it: latin1, a byte per character. */
  #text = '';
  /** The turn knows of us. */
  #queued = false;
  /** How often something has been handed to the socket. */
  writes = 0;

  constructor(socket: Socket, turn: Turn) {
    this.#socket = socket;
    this.#turn = turn;
  }

  /** Bytes that the peer's kernel has not taken yet. */
  get unsent(): number {
    return this.#waiting + this.#socket.writableLength;
  }

  get #waiting(): number {
    return this.#used + this.#text.length;
  }

  /** The peer does not take what it was sent; the socket's `drain` tells when it has. */
  get blocked(): boolean {
    if (this.#waiting >= GATHER_BYTES) this.flush();
    return this.#socket.writableNeedDrain;
  }

  /** @param text latin1 */
  text(text: string): void {
    this.#text += text;
    this.#flushLater();
  }

  /**
   * @param data is used before the call returns
   * @returns false when the peer reads more slowly than we write; the socket's `drain` tells when to go on
   */
  data(data: Buffer): boolean {
    if (this.#waiting + data.length >= GATHER_BYTES) this.#writeMuch(data);
    else this.#gather(data);
    return !this.#socket.writableNeedDrain;
  }

  /** Hands everything to the socket, now. */
  flush(): void {
    if (this.#waiting === 0) return;
    if (this.#gathered !== undefined) this.#addText(this.#gathered, 0);
    const [gathered, used, text] = [this.#gathered, this.#used, this.#text];
    this.drop();
    if (this.#socket.destroyed) return;
    this.writes++;
    if (gathered === undefined) this.#socket.write(text, 'latin1');
    else this.#socket.write(gathered.subarray(0, used));
  }

  /** FIN, behind everything that was written. */
  end(): void {
    this.flush();
    this.#socket.end();
  }

  /** For the turn: it is over. */
  turned(): void {
    this.#queued = false;
    this.flush();
  }

  /** The other side reads no more: what waits is dropped. */
  drop(): void {
    this.#gathered = undefined;
    this.#used = 0;
    this.#text = '';
  }

  #flushLater(): void {
    if (this.#queued) return;
    this.#queued = true;
    this.#turn.add(this);
  }

  /** Head and body of a usual answer fill one buffer; many small pieces make it grow by doubling. */
  #gather(data: Buffer): void {
    this.#gathered ??= Buffer.allocUnsafe(this.#text.length + data.length + SLACK_BYTES);
    const buffer = this.#addText(this.#gathered, data.length);
    data.copy(buffer, this.#used);
    this.#used += data.length;
    this.#flushLater();
  }

  /** The text moves into the buffer, which then has room for `more` bytes. */
  #addText(buffer: Buffer, more: number): Buffer {
    const needed = this.#waiting + more;
    let roomy = buffer;
    if (needed > buffer.length) {
      roomy = Buffer.allocUnsafe(Math.max(needed, 2 * buffer.length));
      buffer.copy(roomy, 0, 0, this.#used);
      this.#gathered = roomy;
    }
    if (this.#text !== '') this.#used += roomy.write(this.#text, this.#used, 'latin1');
    this.#text = '';
    return roomy;
  }

  /** At once, from memory that is free again when the kernel has taken it: one closure for each 16 KiB or more. */
  #writeMuch(data: Buffer): void {
    if (this.#waiting >= GATHER_BYTES) this.flush();
    for (let from = 0; from < data.length; ) {
      const block = this.#turn.blocks.take(this.#waiting + data.length - from);
      let at = this.#gathered?.copy(block, 0, 0, this.#used) ?? 0;
      at += block.write(this.#text, at, 'latin1');
      this.drop();
      const bytes = Math.min(data.length - from, BLOCK_BYTES - at);
      data.copy(block, at, from, from + bytes);
      from += bytes;
      this.writes++;
      this.#socket.write(block.subarray(0, at + bytes), () => this.#turn.blocks.give(block));
    }
  }
}
