// Idle upstream connections. The key is target identity, address, scheme and TLS settings, so that a VM which inherits
// another's address never gets its requests. Belongs to the agent: it survives changes of the plan.
import type { Socket } from 'node:net';
import type { Address, VmKey } from '../targets.ts';
import type { Sweep } from './sweep.ts';
import type { Turn } from './turn.ts';
import { type IdleKeeper, UpstreamConnection } from './upstream-connection.ts';

/** Shorter than the 5 s after which Node's own servers close an idle connection: fewer races with a closing origin. */
export const POOL_IDLE_MS = 4_000;
export const MAX_IDLE_PER_KEY = 64;
export const MAX_IDLE = 1_024;

export class Pool implements IdleKeeper {
  /** By key; the one that was used last comes last. Addresses of one target are mixed. */
  readonly #idle = new Map<string, UpstreamConnection[]>();
  readonly #sweep: Sweep;
  readonly #turn: Turn;
  readonly #known = new Set<UpstreamConnection>();
  #count = 0;
  /** Our end of a connection (`ip:port`) → how often its request has passed here. For loops, where Via is off. */
  readonly #passes = new Map<string, number>();

  constructor(sweep: Sweep, turn: Turn) {
    this.#sweep = sweep;
    this.#turn = turn;
  }

  /** The connection that was used last, to the first of the addresses that has one; undefined when there is none. */
  take(poolKey: string, addresses: readonly Address[]): UpstreamConnection | undefined {
    const list = this.#idle.get(poolKey);
    if (list === undefined) return undefined;
    for (const { ip } of addresses) {
      for (let at = lastTo(list, ip); at >= 0; at = lastTo(list, ip)) {
        const connection = this.#remove(list, at);
        connection.deadline = 0;
        if (connection.alive) return connection;
        connection.destroy();
      }
    }
    return undefined;
  }

  #remove(list: UpstreamConnection[], at: number): UpstreamConnection {
    this.#count--;
    return at === list.length - 1 ? list.pop()! : list.splice(at, 1)[0]!;
  }

  /** Makes a freshly dialled socket a connection of the pool. */
  adopt(socket: Socket, poolKey: string, address: Address): UpstreamConnection {
    const connection = new UpstreamConnection(socket, this.#turn, poolKey, address, this);
    this.#known.add(connection);
    this.#sweep.add(connection);
    return connection;
  }

  /** Remembers how often the request that goes out on a connection has come through here. */
  setPasses(connection: UpstreamConnection, passes: number): void {
    this.#passes.set(connection.localKey, passes);
  }

  /** @param remoteKey a client's `ip:port`; when that is our own end of a connection: the passes of its request */
  passesOf(remoteKey: string): number {
    return this.#passes.get(remoteKey) ?? 0;
  }

  keep(connection: UpstreamConnection): void {
    let list = this.#idle.get(connection.poolKey);
    if (list === undefined) {
      list = [];
      this.#idle.set(connection.poolKey, list);
    }
    if (list.length >= MAX_IDLE_PER_KEY || this.#count >= MAX_IDLE) return connection.destroy();
    list.push(connection);
    this.#count++;
    connection.deadline = this.#sweep.after(POOL_IDLE_MS);
  }

  /** The connection is gone, or no longer HTTP. */
  drop(connection: UpstreamConnection): void {
    this.#known.delete(connection);
    this.#passes.delete(connection.localKey);
    this.#sweep.remove(connection);
    const list = this.#idle.get(connection.poolKey);
    if (list === undefined) return;
    const at = list.indexOf(connection);
    if (at >= 0) this.#remove(list, at);
    if (list.length === 0) this.#idle.delete(connection.poolKey);
  }

  /** The VM has left the address: idle connections to it are closed, exchanges under way are left alone. */
  forget(vm: VmKey, ip: string): void {
    const prefix = `${vm}:`;
    for (const list of [...this.#idle.values()]) {
      for (const connection of [...list]) {
        if (connection.poolKey.startsWith(prefix) && connection.address.ip === ip) connection.destroy();
      }
    }
  }

  close(): void {
    for (const connection of [...this.#known]) connection.destroy();
  }
}

function lastTo(list: readonly UpstreamConnection[], ip: string): number {
  return list.findLastIndex(({ address, rested }) => address.ip === ip && rested);
}
