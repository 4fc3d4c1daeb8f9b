// A user's machine in miniature: a private PRPROXY_HOME, the built CLI, the agent that it starts, and a simulated prlctl.
// Real processes and sockets throughout; `dispose` leaves nothing behind.
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { MethodName, Params, Result } from '../../src/contract.ts';
import { type Paths, pathsFromEnv } from '../../src/paths.ts';
import { RpcClient } from '../../src/rpc/client.ts';
import { freePort } from './data-plane.ts';
import { PrlctlSimulator } from './prlctl/simulator.ts';

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));
export const CLI = join(ROOT, 'bin', 'run.js');

/** Longest that one command may take before a test gives up on it, in milliseconds. */
const COMMAND_LIMIT_MS = 60_000;

export interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RestAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** Parsed `text`; undefined when it is empty. */
  // biome-ignore lint/suspicious/noExplicitAny: tests look into JSON of many shapes
  readonly body: any;
}

export class AgentHome {
  readonly path: string;
  readonly env: NodeJS.ProcessEnv;
  readonly paths: Paths;
  readonly prlctl: PrlctlSimulator;
  readonly restPort: number;

  private constructor(path: string, prlctl: PrlctlSimulator, restPort: number) {
    this.path = path;
    this.paths = pathsFromEnv({ PRPROXY_HOME: path });
    this.prlctl = prlctl;
    this.restPort = restPort;
    const { PRPROXY_NO_AUTOSTART: _, FORCE_COLOR: __, ...inherited } = process.env;
    this.env = { ...inherited, ...prlctl.env, PRPROXY_HOME: path, NO_COLOR: '1' };
  }

  /** A home without an agent; the first command starts one. */
  static async empty(): Promise<AgentHome> {
    const path = await mkdtemp(join(tmpdir(), 'prproxy-'));
    return new AgentHome(path, new PrlctlSimulator(await mkdtemp(join(tmpdir(), 'prlctl-'))), await freePort());
  }

  /** A home with a running, enabled agent whose REST port is its own and whose VMs may live on loopback. */
  static async running(): Promise<AgentHome> {
    const home = await AgentHome.empty();
    await home.ok('config', 'set', '--rest-port', String(home.restPort), '--vm-networks', '127.0.0.0/8');
    await home.ok('enable');
    return home;
  }

  /** Runs `prproxy …` and gives whatever came of it. */
  cli(...args: string[]): Promise<Outcome> {
    return this.cliWith({}, ...args);
  }

  /** The same, with more environment. */
  cliWith(env: NodeJS.ProcessEnv, ...args: string[]): Promise<Outcome> {
    return new Promise((resolve) => {
      const options = { env: { ...this.env, ...env }, timeout: COMMAND_LIMIT_MS, maxBuffer: 64 * 1024 * 1024 };
      execFile(process.execPath, [CLI, ...args], options, (error, stdout, stderr) => {
        const code = error === null ? 0 : typeof error.code === 'number' ? error.code : -1;
        resolve({ code, stdout, stderr });
      });
    });
  }

  /** A command that must succeed. */
  async ok(...args: string[]): Promise<string> {
    const { code, stdout, stderr } = await this.cli(...args);
    if (code !== 0) throw new Error(`prproxy ${args.join(' ')} ended with ${code}: ${stderr}${stdout}`);
    return stdout;
  }

  /** A command that must succeed, under --json. */
  // biome-ignore lint/suspicious/noExplicitAny: tests look into JSON of many shapes
  async json(...args: string[]): Promise<any> {
    return JSON.parse(await this.ok(...args, '--json'));
  }

  /** One call over the socket; an agent must run. Rejects with ProxyError. */
  async rpc<M extends MethodName>(method: M, params: Params<M>): Promise<Result<M>> {
    const client = await RpcClient.connect(this.paths.socket);
    try {
      return await client.call(method, params);
    } finally {
      client.close();
    }
  }

  /** The saved file, as text. */
  saved(): Promise<string> {
    return readFile(this.paths.config, 'utf8');
  }

  async token(): Promise<string> {
    return (await readFile(this.paths.token, 'utf8')).trim();
  }

  /** A REST request with the token. `path` begins with /v1. */
  async rest(method: string, path: string, body?: unknown): Promise<RestAnswer> {
    const headers: Record<string, string> = { authorization: `Bearer ${await this.token()}` };
    if (body !== undefined) headers['content-type'] = 'application/json';
    const init = body === undefined ? { method, headers } : { method, headers, body: JSON.stringify(body) };
    const response = await fetch(`http://127.0.0.1:${this.restPort}${path}`, init);
    const text = await response.text();
    return {
      status: response.status,
      headers: response.headers,
      text,
      body: text === '' ? undefined : JSON.parse(text),
    };
  }

  /** Ends the agent, if one runs, and removes the folders. */
  async dispose(): Promise<void> {
    await this.cli('agent', 'stop');
    await rm(this.path, { recursive: true, force: true });
    await rm(dirname(this.prlctl.statePath), { recursive: true, force: true });
  }
}
