// prproxy as its users run it: the built agent, started by a command, hosts and routes made through REST, and the access
// log on, which it always is.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { AgentHome, ROOT } from '../../support/agent-home.ts';
import type { Contender, Running } from '../contender.ts';
import { type HttpSite, httpSites, type Layout } from '../layout.ts';

export interface RunningPrproxy extends Running {
  readonly home: AgentHome;
}

export const prproxy: Contender = {
  name: 'prproxy',
  speaks: ['http', 'tcp'],
  warms: true,
  missing: () => undefined,
  version: async () => JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')).version,
  start: startPrproxy,
};

export async function startPrproxy(layout: Layout): Promise<RunningPrproxy> {
  const home = await AgentHome.running();
  try {
    await home.ok('config', 'set', '--host', '127.0.0.1');
    for (const site of httpSites(layout)) await addHost(home, httpHost(site));
    const { port, targetPort } = layout.tcp;
    await addHost(home, { name: 'tcp', host: '127.0.0.1', port, tcp_route: target(targetPort) });
    const pid = await agentPid(home);
    return { home, layout, roots: [pid], stop: endingWithUs(home, pid) };
  } catch (error) {
    await home.dispose();
    throw error;
  }
}

export async function agentPid(home: AgentHome): Promise<number> {
  return (await home.json('status')).agent.pid;
}

/** Started by a command, an agent would outlive us. @returns how to end it earlier */
export function endingWithUs(home: AgentHome, pid: number): () => Promise<void> {
  const kill = () => void process.kill(pid, 'SIGKILL');
  process.once('exit', kill);
  return () => {
    process.removeListener('exit', kill);
    return home.dispose();
  };
}

export async function addHost(home: AgentHome, draft: object): Promise<void> {
  const { status, text } = await home.rest('POST', '/v1/reverse-proxy/hosts', draft);
  if (status !== 201) throw new Error(`prproxy answered ${status} ${text}`);
}

function httpHost({ host, port, tls, routes }: HttpSite): object {
  return {
    host,
    port,
    ...(tls === undefined ? {} : { tls: { enabled: true, ...tls } }),
    http_routes: routes.map(({ path, pattern, port: to }) => ({ path, pattern, ...target(to) })),
  };
}

function target(port: number): object {
  return { target_host: '127.0.0.1', target_port: port };
}
