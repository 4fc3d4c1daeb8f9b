// Opens a connection to the first of several addresses that accepts one, each within the time limit.
import { connect, isIP, type Socket } from 'node:net';
import { checkServerIdentity, connect as connectTls } from 'node:tls';
import { errorCode } from '../error-code.ts';
import type { Address } from '../targets.ts';
import { SHARED_READ } from './intake.ts';
import type { UpstreamTls } from './plan.ts';
import { TCP_KEEP_ALIVE_MS } from './wire.ts';

export interface DialOptions {
  readonly addresses: readonly Address[];
  /** Undefined: plain TCP. */
  readonly tls: UpstreamTls | undefined;
  /** Name for the certificate when `tls.serverName` is not set. */
  readonly hostname: string;
  /** Milliseconds for each address, TLS handshake included. */
  readonly timeoutMs: number;
}

export interface Dialler {
  dialled(socket: Socket, address: Address): void;
  /** No address accepted; `code` is the last one's error code. Called once, after `addressFailed` for each. */
  dialFailed(code: string): void;
  /** One address failed; the next is tried. */
  addressFailed(address: Address, code: string): void;
}

export class Dial {
  readonly #options: DialOptions;
  readonly #dialler: Dialler;
  #index = 0;
  #socket: Socket | undefined = undefined;
  #timer: NodeJS.Timeout | undefined = undefined;
  #over = false;

  constructor(options: DialOptions, dialler: Dialler) {
    this.#options = options;
    this.#dialler = dialler;
    this.#next();
  }

  /** No call-backs come after this. */
  cancel(): void {
    this.#over = true;
    clearTimeout(this.#timer);
    this.#socket?.destroy();
  }

  #next(): void {
    const address = this.#options.addresses[this.#index++]!;
    const socket = this.#open(address);
    this.#socket = socket;
    this.#timer = setTimeout(() => this.#failed(socket, address, 'ETIMEDOUT'), this.#options.timeoutMs);
    const failed = (error: Error) => this.#failed(socket, address, errorCode(error) || 'EUNKNOWN');
    socket.once('error', failed);
    socket.once(this.#options.tls === undefined ? 'connect' : 'secureConnect', () => {
      socket.removeListener('error', failed);
      this.#connected(socket, address);
    });
  }

  #open(address: Address): Socket {
    const { tls, hostname } = this.#options;
    const tcp = {
      host: address.ip,
      port: address.port,
      noDelay: true,
      keepAlive: true,
      keepAliveInitialDelay: TCP_KEEP_ALIVE_MS,
      allowHalfOpen: true,
    };
    if (tls === undefined) return connect({ ...tcp, onread: SHARED_READ });
    const name = tls.serverName ?? hostname;
    return connectTls({
      ...tcp,
      ...(isIP(name) === 0 && name !== '' ? { servername: name } : {}),
      ...(tls.ca === undefined ? {} : { ca: tls.ca }),
      // Told explicitly: Node would check an IP literal against the address that was dialled.
      checkServerIdentity: (_, certificate) => checkServerIdentity(name || address.ip, certificate),
      rejectUnauthorized: !tls.insecure,
      ALPNProtocols: ['http/1.1'],
    });
  }

  #connected(socket: Socket, address: Address): void {
    clearTimeout(this.#timer);
    if (this.#over) return;
    this.#over = true;
    this.#dialler.dialled(socket, address);
  }

  #failed(socket: Socket, address: Address, code: string): void {
    clearTimeout(this.#timer);
    if (this.#over || socket !== this.#socket) return;
    this.#socket = undefined;
    // A late error of a socket that was given up must not become an unhandled one.
    socket.on('error', ignore);
    socket.destroy();
    this.#dialler.addressFailed(address, code);
    if (this.#over) return;
    if (this.#index < this.#options.addresses.length) return this.#next();
    this.#over = true;
    this.#dialler.dialFailed(code);
  }
}

function ignore(): void {}
