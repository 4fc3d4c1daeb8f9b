// The composition root: builds the five parts (api, control, vms, proxy; http1 is below proxy) and connects them. The
// only file that knows all of them.
import type { Paths } from '../src/paths.ts';
import { AccessLog } from './access-log.ts';
import { AllTargets } from './all-targets.ts';
import { createDispatch } from './api/dispatch.ts';
import { createHandlers } from './api/handlers.ts';
import { RestServer } from './api/rest-server.ts';
import { RpcServer } from './api/rpc-server.ts';
import { loadToken } from './api/token.ts';
import { Compiler } from './control/compile.ts';
import { Controller } from './control/controller.ts';
import { neededVms } from './control/needed-vms.ts';
import { Reconciler } from './control/reconciler.ts';
import { Store } from './control/store.ts';
import type { Logger } from './log.ts';
import { Networks } from './networks.ts';
import { RequestIds } from './proxy/access.ts';
import type { Core } from './proxy/core.ts';
import { DnsTargets } from './proxy/dns.ts';
import { Pool } from './proxy/pool.ts';
import { Sweep } from './proxy/sweep.ts';
import { TrafficCounters } from './proxy/traffic.ts';
import { Turn } from './proxy/turn.ts';
import { Prlctl } from './vms/prlctl.ts';
import { Vms } from './vms/vms.ts';

export interface AgentOptions {
  readonly paths: Paths;
  readonly version: string;
  readonly log: Logger;
  readonly env: NodeJS.ProcessEnv;
}

export interface Agent {
  /** Lets requests in flight finish within the drain time. */
  close(): Promise<void>;
  /** Resolves when a client asked the agent to end. */
  readonly stopRequested: Promise<void>;
  /** The drain time of the settings, now. */
  drainSeconds(): number;
}

/**
 * Starts everything; when it resolves, orders are taken and the hosts of the saved file are open.
 * The caller holds the lock of `paths`.
 * @throws ProxyError newer_schema, unavailable, conflict (the socket)
 */
export async function startAgent({ paths, version, log, env }: AgentOptions): Promise<Agent> {
  const startedAt = new Date().toISOString();
  const stop = Promise.withResolvers<void>();
  const sweep = new Sweep();
  const turn = new Turn();
  const pool = new Pool(sweep, turn);
  const traffic = new TrafficCounters();
  const compiler = new Compiler((hostId) => traffic.of(hostId));
  const store = new Store(paths.config);
  const vms = new Vms({
    provider: new Prlctl({ env }),
    vmNetworks: new Networks([]),
    log,
    onAddressGone: (vm, ip) => pool.forget(vm, ip),
  });
  const targets = new AllTargets(vms, new DnsTargets());
  const access = new AccessLog({
    path: paths.accessLog,
    onProblem: (problem) => log.warn(problem, 'the access log cannot be written'),
  });
  const core: Core = {
    targets,
    pool,
    sweep,
    turn,
    settings: compiler.idleSettings,
    access,
    requestIds: new RequestIds(),
    report: (problem, message) => log.warn(problem, message),
  };
  const runtime = new Reconciler(core);

  const agentStatus = () => ({ pid: process.pid, version, started_at: startedAt, rest: rest.state() });
  const handlerParts = { store, runtime, vms, targets, traffic, agent: agentStatus };
  const controller: Controller = new Controller({
    store,
    compile: (config) => compiler.compile(config),
    runtime,
    rest: { prepare: (proxy, mode) => rest.prepare(proxy, mode) },
    vms,
    log,
    onCommitted: (config) => {
      vms.setVmNetworks(new Networks(config.proxy.vm_networks));
      vms.setNeeded(neededVms(config));
      traffic.keep(new Set(config.hosts.map(({ id }) => id)));
    },
  });
  const dispatch = createDispatch(createHandlers({ ...handlerParts, controller }), log);
  const rest = new RestServer({ dispatch, token: loadToken(paths.token), version, log });
  const rpc = new RpcServer({
    dispatch,
    hello: () => ({ version, pid: process.pid, started_at: startedAt }),
    stop: () => stop.resolve(),
    reset: () => controller.reset(),
    log,
  });

  const close = async () => {
    await rpc.close();
    await rest.close();
    // Before the queue: a change may be waiting for prlctl.
    await vms.stop();
    await controller.settled();
    await runtime.close();
    pool.close();
    await access.close();
  };
  try {
    vms.start();
    await controller.boot();
    await rpc.listen(paths.socket);
  } catch (error) {
    await close();
    throw error;
  }
  return { close, stopRequested: stop.promise, drainSeconds: () => controller.config.proxy.timeouts.drain };
}
