// One client of a TCP host: finds the target, connects, and becomes a tunnel. Until then what the
// client says is held; when the target cannot be had, the client is reset, so that it does not take silence for an answer.
import type { Socket } from 'node:net';
import { plainIp } from '../networks.ts';
import type { Address } from '../targets.ts';
import type { Client, ClientRegister } from './client.ts';
import type { Core } from './core.ts';
import type { Failure } from './failure.ts';
import { Held } from './held.ts';
import type { TcpHost } from './plan.ts';
import { Reach, type Reacher } from './reach.ts';
import { monotonicMs } from './sweep.ts';
import { Tunnel } from './tunnel.ts';
import { type Owner, own, reset } from './wire.ts';

export class TcpSession implements Client, Reacher, Owner {
  readonly #core: Core;
  readonly #socket: Socket;
  readonly #host: TcpHost;
  readonly #register: ClientRegister;
  #reach: Reach | undefined;
  #tunnel: Tunnel | undefined = undefined;
  readonly #held = new Held();
  readonly #client: string;
  readonly #beganAt = monotonicMs();
  #connectedAt: number | undefined = undefined;
  #failure: string | undefined = undefined;

  constructor(core: Core, socket: Socket, host: TcpHost, register: ClientRegister) {
    this.#core = core;
    this.#socket = socket;
    this.#host = host;
    this.#register = register;
    host.traffic.requests++;
    host.traffic.connections++;
    this.#client = plainIp(socket.remoteAddress ?? '');
    register.add(this);
    own(socket, this);
    this.#reach = undefined;
    const { target, targetLabel, holdMs } = host;
    const reach = new Reach(core, { target, label: targetLabel, tls: undefined, hostname: '', holdMs }, this);
    if (!socket.destroyed) this.#reach = reach;
  }

  get hostId(): string {
    return this.#host.id;
  }

  usePooled(): boolean {
    return false;
  }

  reached(upstream: Socket, _address: Address): void {
    const { targets, settings, sweep, turn } = this.#core;
    const { target, traffic } = this.#host;
    this.#reach = undefined;
    this.#connectedAt = monotonicMs();
    targets.opened(target);
    upstream.once('close', () => targets.closed(target));
    this.#tunnel = new Tunnel({
      client: this.#socket,
      upstream,
      fromClient: this.#held.take(),
      fromUpstream: undefined,
      traffic,
      idleMs: settings.tunnelIdleMs,
      sweep,
      turn,
      onOver: (bytesIn, bytesOut) => this.#over(bytesIn, bytesOut),
    });
  }

  unreachable(failure: Failure): void {
    this.#reach = undefined;
    this.#failure = failure.code;
    reset(this.#socket);
  }

  /** A tunnel has nothing that could be finished: it goes on until it is cut. */
  drain(): void {
    if (this.#tunnel === undefined) this.cut();
  }

  cut(): void {
    if (this.#tunnel !== undefined) this.#tunnel.cut();
    else reset(this.#socket);
  }

  // Until the tunnel takes over, the client is only read so that its end is noticed.
  onData(chunk: Buffer): void {
    this.#held.add(chunk);
    if (this.#held.full) this.#socket.pause();
  }

  onEnd(): void {}
  onDrain(): void {}
  onClose(): void {
    this.#reach?.cancel();
    this.#failure ??= 'client_gone';
    this.#over(0, 0);
  }

  #over(bytesIn: number, bytesOut: number): void {
    const { label, targetText, traffic } = this.#host;
    this.#register.remove(this);
    traffic.connections--;
    this.#core.access.record({
      host: label,
      route: undefined,
      target: targetText,
      method: undefined,
      path: undefined,
      status: undefined,
      bytesIn,
      bytesOut,
      durationMs: monotonicMs() - this.#beganAt,
      upstreamMs: this.#connectedAt === undefined ? undefined : this.#connectedAt - this.#beganAt,
      client: this.#client,
      retried: false,
      failure: this.#failure,
      requestId: undefined,
    });
  }
}
