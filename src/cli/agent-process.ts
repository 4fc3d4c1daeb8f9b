// How a command gets to the agent: connect, start one when none runs, and see that both are of one version.
import { ProxyError } from '../errors.ts';
import type { Paths } from '../paths.ts';
import { type AgentHello, RpcClient } from '../rpc/client.ts';
import { DetachedStarter, type Starter } from './starter.ts';

export interface ConnectOptions {
  readonly paths: Paths;
  readonly env: NodeJS.ProcessEnv;
  /** Of the CLI. */
  readonly version: string;
  /** `never`: a missing agent is an error. `unless-off`: started, unless PRPROXY_NO_AUTOSTART=1. */
  readonly autostart: 'never' | 'unless-off' | 'always';
  /** For the commands that manage the process: they must work with any agent. */
  readonly anyVersion?: boolean;
  /** One line for the user's eyes. */
  readonly say: (line: string) => void;
  readonly starter?: Starter;
}

export interface Connection {
  readonly client: RpcClient;
  readonly agent: AgentHello;
  /** This call started it. */
  readonly started: boolean;
}

/** An agent that ends between its start and our connecting is started once more, not for ever. */
const MAX_STARTS = 2;
/** No socket, one that a killed agent left behind, an agent that is ending. Anything else is no reason to start one. */
const NOBODY = new Set<unknown>(['ENOENT', 'ENOTDIR', 'ENOTSOCK', 'ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'CLOSED']);

/** A connection that has said hello. Rejects with `agent_unreachable`, `version_mismatch` or why the agent cannot start. */
export async function connectAgent(options: ConnectOptions): Promise<Connection> {
  const starter = options.starter ?? new DetachedStarter(options.paths, options.env);
  let started = false;
  for (let starts = 0; ; starts++) {
    const connection = await tryConnect(options);
    if (connection !== undefined) {
      checkVersion(connection, options);
      return { ...connection, started };
    }
    if (!mayStart(options) || starts === MAX_STARTS) throw notRunning(options);
    const { pid } = await starter.start();
    if (pid !== undefined) {
      options.say(`prproxy: starting the agent (pid ${pid})`);
      started = true;
    }
  }
}

async function tryConnect({ paths, version }: ConnectOptions): Promise<Omit<Connection, 'started'> | undefined> {
  let client: RpcClient | undefined;
  try {
    client = await RpcClient.connect(paths.socket);
    return { client, agent: await client.hello(version) };
  } catch (error) {
    client?.close();
    if (error instanceof ProxyError && NOBODY.has(error.details?.reason)) return undefined;
    throw error;
  }
}

function mayStart({ autostart, env }: ConnectOptions): boolean {
  return autostart === 'always' || (autostart === 'unless-off' && env.PRPROXY_NO_AUTOSTART !== '1');
}

/** The error of every command that finds no agent and may not start one. */
function notRunning({ paths }: ConnectOptions): ProxyError {
  const text = `the agent is not running for ${paths.home}; start it with \`prproxy agent start\``;
  return new ProxyError('agent_unreachable', text, { running: false });
}

function checkVersion(
  { client, agent }: Omit<Connection, 'started'>,
  { version, anyVersion, say }: ConnectOptions,
): void {
  if (agent.version === version) return;
  const text = `the agent runs version ${agent.version}, this command is ${version}; run \`prproxy agent stop && prproxy agent start\``;
  if (anyVersion === true || release(agent.version) === release(version)) {
    say(`prproxy: ${text}`);
    return;
  }
  client.close();
  throw new ProxyError('version_mismatch', text, { agent: agent.version, command: version });
}

/** `1.2.3` → `1.2`. */
function release(version: string): string {
  return version.split('.').slice(0, 2).join('.');
}
