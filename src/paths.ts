// Where state, socket and logs are: all under PRPROXY_HOME when that is set, otherwise in the usual place of the system.
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';

export interface Paths {
  /** 0700; everything below is private to the user. */
  readonly home: string;
  readonly config: string;
  readonly socket: string;
  readonly lock: string;
  readonly token: string;
  readonly logs: string;
  readonly agentLog: string;
  readonly accessLog: string;
}

/** A Unix socket's path must fit sockaddr_un: 104 bytes with the final NUL on macOS, 108 on Linux. */
export const MAX_SOCKET_PATH_BYTES = 103;

function defaultHome(env: NodeJS.ProcessEnv): string {
  if (process.platform === 'darwin') return join(homedir(), 'Library', 'Application Support', 'prproxy');
  return join(env.XDG_STATE_HOME || join(homedir(), '.local', 'state'), 'prproxy');
}

export function pathsFromEnv(env: NodeJS.ProcessEnv = process.env): Paths {
  const home = resolve(env.PRPROXY_HOME || defaultHome(env));
  return {
    home,
    config: join(home, 'config.json'),
    socket: join(home, 'agent.sock'),
    lock: join(home, 'agent.lock'),
    token: join(home, 'rest-token'),
    logs: join(home, 'logs'),
    agentLog: join(home, 'logs', 'agent.log'),
    accessLog: join(home, 'logs', 'access.log'),
  };
}
