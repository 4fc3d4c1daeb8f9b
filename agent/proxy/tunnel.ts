// Bytes both ways between two sockets, as they come: for TCP hosts and for upgraded connections. FIN is passed on as
// FIN while the other direction lives on; an error on one side resets the other; a slow reader slows its writer.
import type { Socket } from 'node:net';
import { Outbox } from './outbox.ts';
import type { Sweep, Timed } from './sweep.ts';
import type { Traffic } from './traffic.ts';
import type { Turn } from './turn.ts';
import { type Owner, own, reset } from './wire.ts';

export interface TunnelOptions {
  readonly client: Socket;
  readonly upstream: Socket;
  /** Bytes that came from each side before the tunnel stood. */
  readonly fromClient: Buffer | undefined;
  readonly fromUpstream: Buffer | undefined;
  readonly traffic: Traffic;
  /** Milliseconds of silence both ways; 0 = no limit. */
  readonly idleMs: number;
  readonly sweep: Sweep;
  readonly turn: Turn;
  /** Both sockets are gone; bytes from the client and to it. */
  readonly onOver: (bytesIn: number, bytesOut: number) => void;
}

export class Tunnel implements Timed {
  readonly #options: Omit<TunnelOptions, 'fromClient' | 'fromUpstream'>;
  readonly #client: Side;
  readonly #upstream: Side;
  #open = 2;
  #bytesIn = 0;
  #bytesOut = 0;
  deadline = 0;

  constructor(options: TunnelOptions) {
    const { fromClient, fromUpstream, ...kept } = options;
    this.#options = kept;
    this.#client = new Side(this, options.client, options.turn);
    this.#upstream = new Side(this, options.upstream, options.turn);
    this.#client.other = this.#upstream;
    this.#upstream.other = this.#client;
    options.sweep.add(this);
    this.#touch();
    own(options.client, this.#client);
    own(options.upstream, this.#upstream);
    if (fromClient !== undefined) this.#client.onData(fromClient);
    if (fromUpstream !== undefined) this.#upstream.onData(fromUpstream);
    this.#client.start();
    this.#upstream.start();
  }

  /** Ends both sides at once. */
  cut(): void {
    reset(this.#options.client);
    reset(this.#options.upstream);
  }

  onDeadline(): void {
    this.cut();
  }

  /** For `Side`: bytes came from `side`. */
  moved(side: Side, bytes: number): void {
    const { traffic } = this.#options;
    if (side === this.#client) {
      traffic.bytesIn += bytes;
      this.#bytesIn += bytes;
    } else {
      traffic.bytesOut += bytes;
      this.#bytesOut += bytes;
    }
    this.#touch();
  }

  /** For `Side`. */
  closed(): void {
    if (--this.#open > 0) return;
    this.#options.sweep.remove(this);
    this.#options.onOver(this.#bytesIn, this.#bytesOut);
  }

  #touch(): void {
    if (this.#options.idleMs > 0) this.deadline = this.#options.sweep.after(this.#options.idleMs);
  }
}

/** One socket of a tunnel. */
class Side implements Owner {
  readonly #tunnel: Tunnel;
  readonly #socket: Socket;
  readonly #out: Outbox;
  other!: Side;

  constructor(tunnel: Tunnel, socket: Socket, turn: Turn) {
    this.#tunnel = tunnel;
    this.#socket = socket;
    this.#out = new Outbox(socket, turn);
  }

  /** Begins to read; a socket that ended or closed before it was handed over is made up for. */
  start(): void {
    if (this.#socket.closed) {
      this.onClose(undefined);
    } else if (this.#socket.readableEnded) {
      this.onEnd();
    } else if (!this.other.#socket.writableNeedDrain) {
      this.#socket.resume();
    }
  }

  onData(chunk: Buffer): void {
    this.#tunnel.moved(this, chunk.length);
    if (!this.other.#out.data(chunk)) this.#socket.pause();
  }

  onDrain(): void {
    this.other.#socket.resume();
  }

  onEnd(): void {
    this.other.#out.end();
  }

  onClose(error: Error | undefined): void {
    // An orderly end has passed both FINs already; anything else must not look like one.
    if (error !== undefined || !this.#socket.readableEnded || !this.#socket.writableFinished) reset(this.other.#socket);
    this.#tunnel.closed();
  }
}
