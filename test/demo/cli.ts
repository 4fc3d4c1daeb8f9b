// Runs the built CLI as a user would, but out of reach of Ctrl-C: a command that is cut off while it starts the agent
// would leave an agent that nobody knows of. Whoever cleans up closes it first.
import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { CLI, type Outcome } from '../support/agent-home.ts';

export class Cli {
  readonly #env: NodeJS.ProcessEnv;
  #last: Promise<unknown> = Promise.resolve();
  #closed = false;

  constructor(env: NodeJS.ProcessEnv) {
    this.#env = env;
  }

  /** One command at a time. @throws Error after `close` */
  run(args: readonly string[]): Promise<Outcome> {
    if (this.#closed) return Promise.reject(new Error('the demo is over'));
    const outcome = this.#spawn(args);
    this.#last = outcome.catch(() => undefined);
    return outcome;
  }

  /** No further command is run; resolves when the last one has ended. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#last;
  }

  async #spawn(args: readonly string[]): Promise<Outcome> {
    const child = spawn(process.execPath, [CLI, ...args], {
      env: this.#env,
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const ended = new Promise<number>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (code) => resolve(code ?? -1));
    });
    const [stdout, stderr, code] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
    return { code, stdout, stderr };
  }
}
