// What the HTTP soaks share: a running agent with one host that leads to an origin, and its end.
import { AgentHome } from './agent-home.ts';
import { freePort } from './data-plane.ts';
import { MisbehavingOrigin } from './misbehaving-origin.ts';

export interface SoakWeb {
  readonly home: AgentHome;
  /** Of the host `web` on 127.0.0.1. */
  readonly port: number;
  readonly originPort: number;
  /** Of the agent. */
  readonly pid: number;
}

/** @param settings arguments of `prproxy config set` */
export async function withSoakWeb(settings: readonly string[], trial: (web: SoakWeb) => Promise<void>): Promise<void> {
  const origin = await new MisbehavingOrigin().listen();
  const home = await AgentHome.running();
  try {
    const port = await freePort();
    const target = ['--target-host', '127.0.0.1', '--port', String(origin.port)];
    if (settings.length > 0) await home.ok('config', 'set', ...settings);
    await home.ok('host', 'add', `127.0.0.1:${port}`, '--name', 'web');
    await home.ok('route', 'http', 'add', 'web', '--path', '/', ...target);
    await trial({ home, port, originPort: origin.port, pid: (await home.json('status')).agent.pid });
  } finally {
    await home.dispose();
    await origin.close();
  }
}
