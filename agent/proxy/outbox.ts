// What goes out on one socket. Small pieces are gathered until the end of the event loop's turn and leave in one write:
// a system call for each piece would cost more than all the rest of a request, and a receiver that is woken for each
// message goes to sleep again in between. Much goes at once. Data is copied, since it comes from a buffer that the next
// read overwrites.
import type { Socket } from 'node:net';
import { BLOCK_BYTES, GATHER_BYTES } from './blocks.ts';
import type { Turn } from './turn.ts';

type Piece = string | Buffer;

export class Outbox {
  readonly #socket: Socket;
  readonly #turn: Turn;
  /** Strings are latin1: a byte per character. Neighbouring strings are one piece. */
  #pieces: Piece[] = [];
  #bytes = 0;
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
    return this.#bytes + this.#socket.writableLength;
  }

  /** The peer does not take what it was sent; the socket's `drain` tells when it has. */
  get blocked(): boolean {
    if (this.#bytes >= GATHER_BYTES) this.flush();
    return this.#socket.writableNeedDrain;
  }

  /** @param text latin1 */
  text(text: string): void {
    const last = this.#pieces.length - 1;
    if (last >= 0 && typeof this.#pieces[last] === 'string') this.#pieces[last] += text;
    else this.#pieces.push(text);
    this.#bytes += text.length;
    this.#flushLater();
  }

  /**
   * @param data is used before the call returns
   * @returns false when the peer reads more slowly than we write; the socket's `drain` tells when to go on
   */
  data(data: Buffer): boolean {
    if (this.#bytes + data.length >= GATHER_BYTES) this.#writeMuch(data);
    else this.#gather(data);
    return !this.#socket.writableNeedDrain;
  }

  /** Hands everything to the socket, now. */
  flush(): void {
    const { length } = this.#pieces;
    if (length === 0) return;
    const piece = length === 1 ? this.#pieces[0]! : joined(this.#pieces, this.#bytes, NOTHING);
    this.drop();
    if (this.#socket.destroyed) return;
    this.writes++;
    if (typeof piece === 'string') this.#socket.write(piece, 'latin1');
    else this.#socket.write(piece);
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
    this.#pieces = [];
    this.#bytes = 0;
  }

  #flushLater(): void {
    if (this.#queued) return;
    this.#queued = true;
    this.#turn.add(this);
  }

  /** Head and body of a usual answer become one buffer here, and stay one. */
  #gather(data: Buffer): void {
    this.#pieces = [joined(this.#pieces, this.#bytes + data.length, data)];
    this.#bytes += data.length;
    this.#flushLater();
  }

  /** At once, from memory that is free again when the kernel has taken it. */
  #writeMuch(data: Buffer): void {
    if (this.#bytes >= GATHER_BYTES) this.flush();
    for (let from = 0; from < data.length; ) {
      const block = this.#turn.blocks.take();
      const start = put(this.#pieces, block);
      this.drop();
      const bytes = Math.min(data.length - from, BLOCK_BYTES - start);
      data.copy(block, start, from, from + bytes);
      from += bytes;
      this.writes++;
      this.#socket.write(block.subarray(0, start + bytes), () => this.#turn.blocks.give(block));
    }
  }
}

const NOTHING = Buffer.alloc(0);

function joined(pieces: readonly Piece[], bytes: number, last: Buffer): Buffer {
  const all = Buffer.allocUnsafe(bytes);
  last.copy(all, put(pieces, all));
  return all;
}

/** @returns the offset behind the pieces */
function put(pieces: readonly Piece[], into: Buffer): number {
  let at = 0;
  for (const piece of pieces) {
    if (typeof piece === 'string') at += into.write(piece, at, 'latin1');
    else at += piece.copy(into, at);
  }
  return at;
}
