// A server program in the foreground with its output in a file (no pipe: a log through us would cost us time and memory).
// Ready when its ports take connections; ended by its pid, whatever happens to us.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { eventually } from '../support/eventually.ts';
import { isOpen } from '../support/ports.ts';

const STOP_LIMIT_MS = 3_000;
/** Of its output, when it did not start. */
const TOLD = 300;

export interface Launch {
  readonly args: readonly string[];
  /** On 127.0.0.1. */
  readonly ports: readonly number[];
  /** Where `output` is written. */
  readonly folder: string;
  readonly env?: NodeJS.ProcessEnv;
}

export class Launched {
  readonly #child: ChildProcess;
  readonly #over: Promise<unknown>;
  readonly #endWithUs = () => void this.#child.kill('SIGKILL');

  private constructor(child: ChildProcess) {
    this.#child = child;
    this.#over = once(child, 'close').catch(() => undefined);
    process.setMaxListeners(0).once('exit', this.#endWithUs);
  }

  /** Rejects with the end of its output when it ends before it is ready. */
  static async start(file: string, { args, ports, folder, env = {} }: Launch): Promise<Launched> {
    const path = join(folder, 'output');
    const output = openSync(path, 'a');
    const child = spawn(file, args, {
      cwd: folder,
      env: { ...process.env, ...env },
      stdio: ['ignore', output, output],
    });
    closeSync(output);
    const launched = new Launched(child);
    try {
      for (const port of ports) await eventually(() => launched.#ended || isOpen(port), Boolean);
      if (launched.#ended) throw new Error('it ended');
    } catch (error) {
      await launched.stop();
      const told = readFileSync(path, 'utf8').slice(-TOLD);
      throw new Error(`${file} did not start: ${(error as Error).message}: … ${told.trim().replaceAll('\n', ' ')}`);
    }
    return launched;
  }

  get pid(): number {
    return this.#child.pid!;
  }

  get #ended(): boolean {
    return this.#child.pid === undefined || this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  /** Resolves when it has ended. */
  async stop(): Promise<void> {
    process.removeListener('exit', this.#endWithUs);
    if (this.#ended) return;
    this.#child.kill('SIGTERM');
    await Promise.race([this.#over, pause(STOP_LIMIT_MS, undefined, { ref: false })]);
    if (!this.#ended) this.#child.kill('SIGKILL');
    await this.#over;
  }
}
