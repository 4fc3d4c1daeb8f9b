// An agent that starts with a big config: thousands of hosts and routes are in its saved file before it starts, as they
// would be after a restart.
import { Store } from '../../agent/control/store.ts';
import type { Host, HttpRoute } from '../../src/model/host.ts';
import { AgentHome } from '../support/agent-home.ts';
import { agentPid, endingWithUs } from './contenders/prproxy.ts';

export interface SeededAgent {
  readonly home: AgentHome;
  readonly pid: number;
  stop(): Promise<void>;
}

export async function startSeeded(hosts: readonly Host[]): Promise<SeededAgent> {
  const home = await AgentHome.empty();
  try {
    const store = new Store(home.paths.config);
    const { proxy, ...fresh } = store.load();
    const open = { ...proxy, enabled: true, host: '127.0.0.1', rest_port: String(home.restPort) };
    store.save({ ...fresh, proxy: open, hosts: [...hosts] });
    await home.ok('agent', 'start');
    const pid = await agentPid(home);
    return { home, pid, stop: endingWithUs(home, pid) };
  } catch (error) {
    await home.dispose();
    throw error;
  }
}

/** Routes of paths that no request has, and then one for all. */
export function manyRoutes(count: number, targetPort: number): Partial<HttpRoute>[] {
  const target = { target_host: '127.0.0.1', target_port: String(targetPort) };
  const others = Array.from({ length: count - 1 }, (_, index) => ({ path: `/service-${index}`, ...target }));
  return [...others, { path: '/', ...target }];
}
