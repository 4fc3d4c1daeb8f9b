// An agent as a child of the test, so that its signals, its output and its end are the test's to see.
import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { type AgentHome, ROOT } from './agent-home.ts';

export interface AgentEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export class AgentProcess {
  readonly #child: ChildProcess;
  /** Resolves when the process is gone. */
  readonly ended: Promise<AgentEnd>;
  /** What it wrote to stdout and stderr so far. */
  output = '';

  private constructor(child: ChildProcess) {
    this.#child = child;
    this.ended = new Promise((resolve) => child.once('close', (code, signal) => resolve({ code, signal })));
    for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk) => (this.output += String(chunk)));
  }

  /** Resolves when it takes orders; rejects when it ends before. */
  static async start(home: AgentHome, ...args: string[]): Promise<AgentProcess> {
    const child = spawn(process.execPath, [join(ROOT, 'bin', 'agent.js'), '--ready-fd', '3', ...args], {
      env: home.env,
      stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
    });
    const agent = new AgentProcess(child);
    const line = await firstLine(child.stdio[3] as Readable);
    if (!line.includes('"ready":true')) throw new Error(`the agent did not start: ${line}${agent.output}`);
    return agent;
  }

  get pid(): number {
    return this.#child.pid!;
  }

  /** Resolves when it has ended of the signal. */
  async kill(signal: NodeJS.Signals): Promise<AgentEnd> {
    this.#child.kill(signal);
    return this.ended;
  }
}

function firstLine(stream: Readable): Promise<string> {
  return new Promise((resolve) => {
    let text = '';
    stream.on('data', (chunk) => {
      text += String(chunk);
      if (text.endsWith('\n')) resolve(text);
    });
    stream.on('close', () => resolve(text));
  });
}
