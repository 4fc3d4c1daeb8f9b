// TLS on an accepted connection: the handshake with the right certificate, within a time limit, before HTTP begins.
import { isIP, type Socket } from 'node:net';
import { type SecureContext, TLSSocket } from 'node:tls';
import { plainIp } from '../networks.ts';
import type { Client, ClientRegister } from './client.ts';
import type { ListenerTls } from './plan.ts';
import { reset } from './wire.ts';

/** Slow or silent handshakes are given up. */
export const HANDSHAKE_MS = 10_000;

/** The client gets an alert and is gone when the handshake fails; `ready` is called once when it does not. */
export class Handshake implements Client {
  readonly hostId = undefined;
  readonly #socket: Socket;

  /** @param ready gets the secured socket and the client's SNI, '' when it sent none */
  constructor(
    socket: Socket,
    tls: ListenerTls,
    register: ClientRegister,
    ready: (socket: Socket, serverName: string) => void,
  ) {
    this.#socket = socket;
    register.add(this);
    const localAddress = plainIp(socket.localAddress ?? '');
    const secured = new TLSSocket(socket, {
      isServer: true,
      secureContext: tls.contextFor('', localAddress) ?? tls.fallback,
      ALPNProtocols: ['http/1.1'],
      SNICallback: (name, done) => {
        const serverName = nameOf(name);
        const context = tls.contextFor(serverName, localAddress);
        choose(serverName === '' ? (context ?? tls.fallback) : context, done);
      },
    });
    const timer = setTimeout(() => secured.destroy(), HANDSHAKE_MS);
    const over = () => {
      clearTimeout(timer);
      register.remove(this);
    };
    socket.on('error', ignore);
    secured.on('error', ignore);
    secured.on('_tlsError', () => secured.destroy());
    secured.once('close', over);
    secured.once('secure', () => {
      if (secured.destroyed) return;
      secured.removeListener('close', over);
      over();
      ready(secured, nameOf(secured.servername));
    });
  }

  drain(): void {
    this.cut();
  }

  cut(): void {
    reset(this.#socket);
  }
}

function ignore(): void {}

/** RFC 6066 3: an address is no server name; some clients send one all the same. */
function nameOf(serverName: unknown): string {
  return typeof serverName === 'string' && isIP(serverName) === 0 ? serverName.toLowerCase() : '';
}

/** A name that nobody has gets an alert, not somebody else's certificate. */
function choose(
  context: SecureContext | undefined,
  done: (error: Error | null, context?: SecureContext) => void,
): void {
  if (context === undefined) done(new Error('no host of that name'));
  else done(null, context);
}
