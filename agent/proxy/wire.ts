// A socket has one owner at a time: client connection, upstream connection, idle pool or tunnel. Events go to the
// owner through listeners that are attached once per socket, so that handing a socket on costs one assignment.
import type { Socket } from 'node:net';

export interface Owner {
  onData(chunk: Buffer): void;
  /** FIN: the other side sends no more. */
  onEnd(): void;
  /** What was written has gone out: writing may go on. */
  onDrain(): void;
  /** Gone for good; `error` tells why, undefined after an orderly end. Comes once. */
  onClose(error: Error | undefined): void;
}

const OWNER = Symbol('owner');
const FAULT = Symbol('fault');

type Owned = Socket & { [OWNER]?: Owner; [FAULT]?: Error };

/** Makes `owner` the one that hears of `socket`. */
export function own(socket: Socket, owner: Owner): void {
  const owned = socket as Owned;
  const first = owned[OWNER] === undefined;
  owned[OWNER] = owner;
  if (!first) return;
  socket.on('data', onData);
  socket.on('end', onEnd);
  socket.on('drain', onDrain);
  socket.on('error', onError);
  socket.on('close', onClose);
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
