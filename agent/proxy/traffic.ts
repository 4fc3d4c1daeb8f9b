// The counters of one host. They belong to the agent, not to a plan: an edit of the host does not reset them.

export interface Traffic {
  /** Open now: exchanges and tunnels. */
  connections: number;
  /** Requests, or TCP connections, since the agent started. */
  requests: number;
  /** Bytes of bodies and tunnels from clients, and to them. */
  bytesIn: number;
  bytesOut: number;
}

export class TrafficCounters {
  readonly #hosts = new Map<string, Traffic>();

  of(hostId: string): Traffic {
    let traffic = this.#hosts.get(hostId);
    if (traffic === undefined) {
      traffic = { connections: 0, requests: 0, bytesIn: 0, bytesOut: 0 };
      this.#hosts.set(hostId, traffic);
    }
    return traffic;
  }

  /** Drops the counters of hosts that are gone. */
  keep(hostIds: ReadonlySet<string>): void {
    for (const id of this.#hosts.keys()) if (!hostIds.has(id)) this.#hosts.delete(id);
  }
}
