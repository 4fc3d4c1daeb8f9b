// A server program in the foreground: started, waited for by the line that says it is ready, and ended by its pid.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';

export interface ServiceOptions {
  /** Part of what the program prints when it takes connections. */
  readonly ready: string;
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
  readonly uid?: number;
  readonly gid?: number;
}

export class Service {
  readonly #child: ChildProcess;
  readonly #over: Promise<unknown>;
  readonly #endWithUs = () => void this.#child.kill('SIGTERM');
  /** What it printed, stdout and stderr. */
  output = '';

  private constructor(child: ChildProcess) {
    this.#child = child;
    this.#over = once(child, 'close').catch(() => undefined);
    process.once('exit', this.#endWithUs);
  }

  /** Resolves when the program is ready; rejects with its output when it ends before. */
  static async start(file: string, args: readonly string[], { ready, ...options }: ServiceOptions): Promise<Service> {
    const child = spawn(file, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
    const service = new Service(child);
    await new Promise<void>((resolve, reject) => {
      const take = (text: string) => {
        service.output += text;
        if (service.output.includes(ready)) resolve();
      };
      child.stdout?.setEncoding('utf8').on('data', take);
      child.stderr?.setEncoding('utf8').on('data', take);
      child.once('error', reject);
      child.once('close', () => reject(new Error(`${file} ended before it was ready: ${service.output}`)));
    });
    return service;
  }

  get pid(): number {
    return this.#child.pid!;
  }

  /** Resolves when it has ended. */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    process.removeListener('exit', this.#endWithUs);
    if (this.#child.exitCode === null && this.#child.signalCode === null) this.#child.kill(signal);
    await this.#over;
  }
}
