// One listening socket and the clients that came through it. Its plan is swapped by reference: connections stay, the
// next request on each sees the new one. What left the plan is drained, then cut.
import { createServer, type Server, type Socket } from 'node:net';
import { closingAnswer } from '../http1/respond.ts';
import { plainIp } from '../networks.ts';
import type { Client } from './client.ts';
import { ClientConnection, type HttpService } from './connection.ts';
import type { Core } from './core.ts';
import { Peer } from './forwarding.ts';
import { Handshake } from './handshake.ts';
import { acceptShared } from './intake.ts';
import type { HostTable, ListenerPlan } from './plan.ts';
import { TcpSession } from './tcp-session.ts';
import { NOBODY, own, reset, TCP_KEEP_ALIVE_MS } from './wire.ts';

const BACKLOG = 1024;

export class Listener implements HttpService {
  readonly #core: Core;
  readonly #clients = new Set<Client>();
  #plan: ListenerPlan;
  #server: Server | undefined = undefined;
  #accepting = false;
  #whenEmpty: (() => void) | undefined = undefined;

  constructor(core: Core, plan: ListenerPlan) {
    this.#core = core;
    this.#plan = plan;
  }

  get plan(): ListenerPlan {
    return this.#plan;
  }

  get #isTls(): boolean {
    return this.#plan.kind === 'http' && this.#plan.tls !== undefined;
  }

  /** What requests are matched against; undefined for a TCP listener (connections from its time as HTTP get 421). */
  get table(): HostTable | undefined {
    return this.#plan.kind === 'http' ? this.#plan.table : undefined;
  }

  /** Binds; connections that come before `open` are closed. Rejects with the system's error. */
  async bind(): Promise<void> {
    const server = createServer({
      allowHalfOpen: true,
      noDelay: true,
      keepAlive: true,
      keepAliveInitialDelay: TCP_KEEP_ALIVE_MS,
    });
    const { address, port } = this.#plan;
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen({ host: address, port, backlog: BACKLOG, ipv6Only: address.includes(':') }, () => {
        server.removeListener('error', reject);
        resolve();
      });
    });
    server.on('connection', (socket) => this.#accept(socket));
    acceptShared(
      server,
      () => !this.#isTls,
      (socket) => this.#accept(socket),
    );
    server.on('error', (error) =>
      this.#core.report({ error, listener: this.#plan.key }, 'a listener failed to accept'),
    );
    this.#server = server;
  }

  /** From now on connections are served. */
  open(): void {
    this.#accepting = true;
  }

  /** Swaps the plan; what is busy with a host that left gets `drainMs`, then is cut. */
  update(plan: ListenerPlan): void {
    const before = this.#plan;
    this.#plan = plan;
    if (manner(before) !== manner(plan)) return this.#drainClients([...this.#clients]);
    const kept = new Set(plan.hostIds);
    this.#drainClients([...this.#clients].filter(({ hostId }) => hostId !== undefined && !kept.has(hostId)));
  }

  /** Stops listening, at once; connections live on. Resolves when the address is free. */
  async unbind(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    this.#accepting = false;
    // The callback would wait for all connections; the address is free as soon as close has been called.
    server?.close();
    await new Promise(setImmediate);
  }

  /** Stops listening and lets go of the clients: idle ones at once, busy ones after `drainMs`. */
  close(): void {
    void this.unbind();
    this.#drainClients([...this.#clients]);
  }

  cutHost(hostId: string): void {
    for (const client of [...this.#clients]) if (client.hostId === hostId) client.cut();
  }

  cutAll(): void {
    for (const client of [...this.#clients]) client.cut();
  }

  /** Open connections. */
  get size(): number {
    return this.#clients.size;
  }

  add(client: Client): void {
    this.#clients.add(client);
  }

  remove(client: Client): void {
    this.#clients.delete(client);
    if (this.#clients.size === 0) this.#whenEmpty?.();
  }

  /** Resolves when no client is left. */
  drained(): Promise<void> {
    if (this.#clients.size === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.#whenEmpty = resolve;
    });
  }

  #drainClients(clients: readonly Client[]): void {
    for (const client of clients) client.drain();
    const left = clients.filter((client) => this.#clients.has(client));
    if (left.length === 0) return;
    const timer = setTimeout(() => {
      for (const client of left) if (this.#clients.has(client)) client.cut();
    }, this.#core.settings.drainMs);
    timer.unref();
  }

  #accept(socket: Socket): void {
    // A connection that was reset while it waited in the queue has no address any more.
    if (socket.remoteAddress === undefined || !this.#accepting) return void socket.destroy();
    if (this.#clients.size >= this.#core.settings.maxConnections) return this.#refuse(socket);
    if (this.#plan.kind === 'tcp') {
      new TcpSession(this.#core, socket, this.#plan.host, this);
      return;
    }
    const peer = {
      ip: plainIp(socket.remoteAddress),
      port: socket.remotePort ?? 0,
      localAddress: plainIp(socket.localAddress ?? ''),
      localPort: this.#plan.port,
    };
    if (this.#plan.tls === undefined) {
      new ClientConnection(this.#core, socket, new Peer({ ...peer, secure: false, serverName: '' }), this);
      return;
    }
    new Handshake(socket, this.#plan.tls, this, (secured, serverName) => {
      new ClientConnection(this.#core, secured, new Peer({ ...peer, secure: true, serverName }), this);
    });
  }

  #refuse(socket: Socket): void {
    own(socket, NOBODY);
    // Only plain HTTP can be told in words.
    if (this.#plan.kind === 'tcp' || this.#plan.tls !== undefined) return reset(socket);
    socket.end(closingAnswer(503, 'too many connections'), 'latin1');
    socket.destroySoon();
  }
}

/** What connections speak; a connection cannot go on when it changes. */
function manner(plan: ListenerPlan): string {
  return plan.kind === 'http' && plan.tls !== undefined ? 'https' : plan.kind;
}
