// Reading: all plain sockets read into one buffer, and their owners use what came before the next read. A buffer of its
// own for each read is what costs most in moving bytes: the memory is new to the processor each time, and garbage after.
import { type OnReadOpts, type Server, Socket, type SocketConstructorOpts } from 'node:net';
import { ownerOf, TCP_KEEP_ALIVE_MS } from './wire.ts';

/** Most bytes that one read brings. */
export const READ_BYTES = 262_144;

const buffer = Buffer.allocUnsafeSlow(READ_BYTES);

/** For `net.connect`: the owner of the socket gets what comes. */
export const SHARED_READ: OnReadOpts = {
  buffer,
  callback(this: Socket, bytes: number): boolean {
    ownerOf(this).onData(buffer.subarray(0, bytes));
    return true;
  },
} as OnReadOpts;

/** The parts of Node's TCP handles that are used here. */
interface Listening {
  onconnection: (this: Listening, status: number, client: object | undefined) => void;
}

/**
 * Hands over the connections of `server` as sockets that read as `SHARED_READ` says. Node offers that for outgoing
 * connections only, so the handle's call-back is replaced; where Node should lack it, connections come as `connection`
 * events, as they do while `wanted` says no.
 * @param server listens
 */
export function acceptShared(server: Server, wanted: () => boolean, accept: (socket: Socket) => void): void {
  const listening = (server as unknown as { _handle?: Listening })._handle;
  const usual = listening?.onconnection;
  if (listening === undefined || typeof usual !== 'function') return;
  listening.onconnection = function onConnection(status, client) {
    if (status !== 0 || client === undefined || !wanted()) return usual.call(this, status, client);
    const socket = new Socket({ handle: client, allowHalfOpen: true, onread: SHARED_READ } as SocketConstructorOpts);
    socket.setNoDelay(true);
    socket.setKeepAlive(true, TCP_KEEP_ALIVE_MS);
    accept(socket);
  };
}
