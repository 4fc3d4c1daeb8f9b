// The data path without the agent around it: compiles a config and runs its listeners in this process. For wire tests.
import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';
import { AllTargets } from '../../agent/all-targets.ts';
import { Compiler } from '../../agent/control/compile.ts';
import { Reconciler } from '../../agent/control/reconciler.ts';
import { Networks } from '../../agent/networks.ts';
import { type AccessEntry, RequestIds } from '../../agent/proxy/access.ts';
import type { Core } from '../../agent/proxy/core.ts';
import { DnsTargets } from '../../agent/proxy/dns.ts';
import type { Plan } from '../../agent/proxy/plan.ts';
import { Pool } from '../../agent/proxy/pool.ts';
import { Sweep } from '../../agent/proxy/sweep.ts';
import { TrafficCounters } from '../../agent/proxy/traffic.ts';
import { Turn } from '../../agent/proxy/turn.ts';
import type { Targets } from '../../agent/targets.ts';
import { DEFAULT_PROXY, type Proxy, type ProxyConfig } from '../../src/model/config.ts';
import type { Cors, Host, HttpRoute, TcpRoute } from '../../src/model/host.ts';

let lastId = 0;

export function httpRoute(fields: Partial<HttpRoute>): HttpRoute {
  const match = fields.pattern === undefined ? { path: '/' } : {};
  return {
    id: `r${++lastId}`,
    order: 1,
    ...match,
    target_port: '1',
    schema: 'http',
    request_headers: {},
    response_headers: {},
    ...fields,
  };
}

export interface HostFields {
  readonly host?: string;
  readonly port: number;
  readonly cors?: Cors;
  readonly routes?: readonly Partial<HttpRoute>[];
  readonly tcp?: Omit<TcpRoute, 'id'>;
}

export function host(fields: HostFields): Host {
  const id = `h${++lastId}`;
  const name = `${fields.host ?? '127.0.0.1'}:${fields.port}`;
  return {
    id,
    name,
    host: fields.host ?? '127.0.0.1',
    port: String(fields.port),
    http_routes: (fields.routes ?? []).map((route, index) => httpRoute({ order: index + 1, ...route })),
    ...(fields.cors === undefined ? {} : { cors: fields.cors }),
    ...(fields.tcp === undefined ? {} : { tcp_route: { id: `t${lastId}`, ...fields.tcp } }),
  };
}

export class DataPlane {
  readonly traffic = new TrafficCounters();
  readonly accessed: AccessEntry[] = [];
  readonly #waiting: { readonly message: string; readonly resolve: () => void }[] = [];
  readonly core: Core;
  readonly reconciler: Reconciler;
  readonly #compiler = new Compiler((id) => this.traffic.of(id));

  constructor(vms?: Targets) {
    const sweep = new Sweep();
    const turn = new Turn();
    const dns = new DnsTargets();
    const first = this.#compiler.compile(config([], {}));
    this.core = {
      targets: new AllTargets(vms ?? dns, dns),
      pool: new Pool(sweep, turn),
      sweep,
      turn,
      settings: { ...first.settings, trustedProxies: new Networks([]) },
      access: { record: (entry) => void this.accessed.push(entry) },
      requestIds: new RequestIds(),
      report: (_, message) => this.#report(message),
    };
    this.reconciler = new Reconciler(this.core);
  }

  async run(hosts: readonly Host[], proxy: Partial<Proxy> = {}): Promise<void> {
    const prepared = await this.reconciler.prepare(this.#compiler.compile(config(hosts, proxy)), 'strict');
    prepared.commit();
  }

  /** As at boot: what cannot be bound is retried. */
  async boot(hosts: readonly Host[], proxy: Partial<Proxy> = {}): Promise<Plan> {
    const plan = this.#compiler.compile(config(hosts, proxy));
    const prepared = await this.reconciler.prepare(plan, 'lenient');
    prepared.commit();
    return plan;
  }

  /** Resolves when the data path has reported something of that text. */
  reported(message: string): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push({ message, resolve });
    });
  }

  #report(message: string): void {
    for (const waiting of this.#waiting) if (waiting.message === message) waiting.resolve();
  }

  async close(): Promise<void> {
    this.reconciler.cutAll();
    await this.reconciler.close();
    this.core.pool.close();
  }
}

/** Nobody is trusted, drains are short: tests say otherwise where it matters. */
function config(hosts: readonly Host[], proxy: Partial<Proxy>): ProxyConfig {
  const timeouts = { ...DEFAULT_PROXY.timeouts, drain: 0.2, ...proxy.timeouts };
  return {
    installation: 'prproxy-test',
    proxy: { ...DEFAULT_PROXY, enabled: true, host: '127.0.0.1', trusted_proxies: [], ...proxy, timeouts },
    hosts: [...hosts],
  };
}

const PORTS_FROM = 10_000;
const PORTS_TO = 32_000;

/** A port that was free a moment ago; below those that the system gives to outgoing connections. */
export async function freePort(address = '127.0.0.1'): Promise<number> {
  for (;;) {
    const port = randomInt(PORTS_FROM, PORTS_TO);
    if (await canBind(port, address)) return port;
  }
}

function canBind(port: number, address: string): Promise<boolean> {
  const server = createServer();
  return new Promise((resolve) => {
    server.once('error', () => resolve(false));
    server.listen(port, address, () => server.close(() => resolve(true)));
  });
}
