// A socket has one owner at a time: client connection, upstream connection, idle pool or tunnel. Events go to the
// owner through listeners that are attached once per socket, so that handing a socket on costs one assignment.
import type { Socket } from 'node:net';

/** Finds dead peers of silent connections (a sleeping laptop, a VM that is gone). */
export const TCP_KEEP_ALIVE_MS = 30_000;

export interface Owner {
  /** @param chunk valid during the call only: the next read of any socket may overwrite it */
  onData(chunk: Buffer): void;
  /** FIN: the other side sends no more. */
  onEnd(): void;
  /** What was written has gone out: writing may go on. */
  onDrain(): void;
  /** Gone for good; `error` tells why, undefined after an orderly end. Comes once. */
  onClose(error: Error | undefined): void;
}

/** Hears of a socket that nobody cares for any more. */
export const NOBODY: Owner = { onData() {}, onEnd() {}, onDrain() {}, onClose() {} };

const OWNER = Symbol('owner');
const FAULT = Symbol('fault');

type Owned = Socket & { [OWNER]?: Owner; [FAULT]?: Error };

/** Makes `owner` the one that hears of `socket`. */
export function own(socket: Socket, owner: Owner): void {
  const owned = socket as Owned;
  const first = owned[OWNER] === undefined;
  owned[OWNER] = owner;
  if (!first) return;
  // Those that read into the shared buffer emit none (intake.ts), but flow by having a listener, as the others do.
  socket.on('data', onData);
  socket.on('end', onEnd);
  socket.on('drain', onDrain);
  socket.on('error', onError);
  socket.on('close', onClose);
}

/** Who hears of `socket`. */
export function ownerOf(socket: Socket): Owner {
  return (socket as Owned)[OWNER]!;
}

function onData(this: Owned, chunk: Buffer): void {
  this[OWNER]!.onData(chunk);
}

function onEnd(this: Owned): void {
  this[OWNER]!.onEnd();
}

function onDrain(this: Owned): void {
  this[OWNER]!.onDrain();
}

function onError(this: Owned, error: Error): void {
  this[FAULT] = error;
}

function onClose(this: Owned): void {
  this[OWNER]!.onClose(this[FAULT]);
}

/** Ends both directions with RST where the socket can: the other side must not take the end for a complete one. */
export function reset(socket: Socket): void {
  if (socket.destroyed) return;
  if ('resetAndDestroy' in socket && !('encrypted' in socket)) socket.resetAndDestroy();
  else socket.destroy();
}

/**
 * Keeps `socket` readable when a write fails: the peer may have answered before it hung up, and the answer is in our
 * receive buffer. Node would close the socket at once and lose it. What ends the socket then is the end of the reading.
 * Node's own call-back of `destroy` is not called then, and with it not that of the write.
 * @param onBroken called at the first failed write; nothing may be written from then on
 */
export function surviveFailedWrite(socket: Socket, onBroken: () => void): void {
  const destroy = socket.destroy;
  let broken = false;
  socket.destroy = (error?: Error) => {
    const failedWrite = error !== undefined && 'syscall' in error && error.syscall === 'write';
    if (broken || !failedWrite) return destroy.call(socket, error);
    broken = true;
    // Node marks both halves of a duplex as failed; a marked reading half drops what it reads.
    (socket as unknown as { _readableState: { errored: Error | null } })._readableState.errored = null;
    onBroken();
    return socket;
  };
}
