// Starting the agent's process detached, and waiting on a pipe for its word that it is ready. Nothing here polls.
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { type ErrorBody, errorFromBody, ProxyError } from '../errors.ts';
import { openPrivate, prepareHome } from '../home.ts';
import type { Paths } from '../paths.ts';

/** How the agent gets started: detached by us, or by the system's service manager. */
export interface Starter {
  /** Resolves when an agent answers at the socket; `pid` of the process when this call started it. */
  start(): Promise<{ readonly pid: number | undefined }>;
}

const READY_LIMIT_MS = 35_000;
const READY_FD = 3;
const MAX_STDERR_BYTES = 1024 * 1024;
const STDERR_TAIL = 2000;

/** Sources start sources, dist starts dist. */
const FROM_SOURCES = import.meta.url.endsWith('.ts');

/** Young garbage is collected by the thread that made it: there is too little of it for helpers to be worth waking. */
const NODE_FLAGS = ['--no-parallel-scavenge', '--max-semi-space-size=16'];

/** Program and arguments that run the agent with the same Node and the same build as this process. */
export function agentCommand(args: readonly string[]): { file: string; args: string[] } {
  const entry = fileURLToPath(new URL(FROM_SOURCES ? '../../bin/agent.js' : '../../../bin/agent.js', import.meta.url));
  return { file: process.execPath, args: [...NODE_FLAGS, entry, ...(FROM_SOURCES ? ['--sources'] : []), ...args] };
}

export class DetachedStarter implements Starter {
  readonly #paths: Paths;
  readonly #env: NodeJS.ProcessEnv;

  constructor(paths: Paths, env: NodeJS.ProcessEnv) {
    this.#paths = paths;
    this.#env = env;
  }

  async start(): Promise<{ readonly pid: number | undefined }> {
    prepareHome(this.#paths);
    const crashLog = join(this.#paths.logs, 'agent.stderr');
    const size = statSync(crashLog, { throwIfNoEntry: false })?.size ?? 0;
    const from = size > MAX_STDERR_BYTES ? 0 : size;
    const stderr = openPrivate(crashLog, from === 0 ? 'w' : 'a');
    try {
      const child = this.#spawn(stderr);
      const line = await readyLine(child);
      if (line === 'ended' || line === 'late') {
        throw this.#failed(line, readFileSync(crashLog).subarray(from).toString('utf8').trim());
      }
      if ('error' in line) throw errorFromBody(line.error);
      return { pid: 'ready' in line ? line.pid : undefined };
    } finally {
      closeSync(stderr);
    }
  }

  /** The child's folder is `/`, so home is handed on as an absolute path. */
  #spawn(stderr: number): ChildProcess {
    const { file, args } = agentCommand(['--ready-fd', String(READY_FD)]);
    const child = spawn(file, args, {
      detached: true,
      cwd: '/',
      env: { ...this.#env, PRPROXY_HOME: this.#paths.home },
      stdio: ['ignore', stderr, stderr, 'pipe'],
    });
    child.unref();
    return child;
  }

  #failed(how: 'ended' | 'late', output: string): ProxyError {
    const what = how === 'ended' ? 'ended while it started' : `was not ready within ${READY_LIMIT_MS / 1000} s`;
    const said = output === '' ? '' : `; it said: ${output.slice(-STDERR_TAIL)}`;
    return new ProxyError('agent_unreachable', `the agent ${what}${said}; see ${this.#paths.agentLog}`);
  }
}

type Line = { ready: true; pid: number } | { already: true; pid: number } | { error: ErrorBody };

/** The line that the child writes when it is ready, unless it ends without one or takes too long. */
function readyLine(child: ChildProcess): Promise<Line | 'ended' | 'late'> {
  return new Promise((resolve, reject) => {
    const pipe = child.stdio[READY_FD] as Readable;
    let text = '';
    const finish = (result: Line | 'ended' | 'late') => {
      clearTimeout(timer);
      pipe.destroy();
      resolve(result);
    };
    const timer = setTimeout(() => finish('late'), READY_LIMIT_MS);
    child.once('error', (error) => {
      clearTimeout(timer);
      reject(
        new ProxyError('agent_unreachable', `the agent could not be started: ${error.message}`, undefined, {
          cause: error,
        }),
      );
    });
    pipe.on('data', (chunk: Buffer) => {
      text += chunk.toString('utf8');
      if (text.endsWith('\n')) finish(JSON.parse(text) as Line);
    });
    // The pipe ends when the child does: it is the only one that holds the other end.
    pipe.on('close', () => finish('ended'));
  });
}
