// What goes out on one socket. Small pieces are gathered until the end of the event loop's turn and leave in one write:
// a system call for each piece would cost more than all the rest of a request, and a receiver that is woken for each
// message goes to sleep again in between. Large pieces go at once.
import type { Socket } from 'node:net';
import type { Turn } from './turn.ts';

/** From so many bytes on nothing is gained by waiting, nor by copying into one piece. */
export const GATHER_BYTES = 16_384;

type Piece = string | Buffer;

export class Outbox {
  readonly #socket: Socket;
  readonly #turn: Turn;
  /** Strings are latin1: a byte per character. Neighbouring strings are one piece. */
  #pieces: Piece[] = [];
  #bytes = 0;
  /** The turn knows of us. */
  #queued = false;

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

  /** Nothing waits for the end of the turn. */
  get empty(): boolean {
    return this.#pieces.length === 0;
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
   * @param data must not change any more
   * @returns false when the peer reads more slowly than we write; the socket's `drain` tells when to go on
   */
  data(data: Buffer): boolean {
    this.#pieces.push(data);
    this.#bytes += data.length;
    if (this.#bytes >= GATHER_BYTES) this.flush();
    else this.#flushLater();
    return !this.#socket.writableNeedDrain;
  }

  /** Hands everything to the socket, now. */
  flush(): void {
    const pieces = this.#pieces;
    if (pieces.length === 0) return;
    const bytes = this.#bytes;
    this.#pieces = [];
    this.#bytes = 0;
    if (this.#socket.destroyed) return;
    if (pieces.length === 1) this.#write(pieces[0]!);
    else if (bytes < GATHER_BYTES) this.#socket.write(joined(pieces, bytes));
    else this.#writeAll(pieces);
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

  #write(piece: Piece): void {
    if (typeof piece === 'string') this.#socket.write(piece, 'latin1');
    else this.#socket.write(piece);
  }

  #writeAll(pieces: readonly Piece[]): void {
    this.#socket.cork();
    for (const piece of pieces) this.#write(piece);
    this.#socket.uncork();
  }
}

function joined(pieces: readonly Piece[], bytes: number): Buffer {
  const all = Buffer.allocUnsafe(bytes);
  let at = 0;
  for (const piece of pieces) {
    if (typeof piece === 'string') at += all.write(piece, at, 'latin1');
    else at += piece.copy(all, at);
  }
  return all;
}
