// Several clients that GET one URL again and again over kept connections, and count what they get: for changes that
// nobody may notice.
import { once } from 'node:events';
import { Agent, type IncomingMessage, request } from 'node:http';

const CLIENTS = 4;

export interface GetOptions {
  readonly port: number;
  /** Name in the request. */
  readonly host: string;
  readonly path: string;
  readonly agent?: Agent;
}

export interface GetAnswer {
  readonly status: number;
  readonly body: string;
}

/** One GET at 127.0.0.1; rejects when the answer is cut off. */
export async function get({ port, host, path, agent }: GetOptions): Promise<GetAnswer> {
  const req = request({ port, host: '127.0.0.1', path, headers: { host }, agent: agent ?? false });
  req.end();
  const [response] = (await once(req, 'response')) as [IncomingMessage];
  let body = '';
  for await (const chunk of response) body += String(chunk);
  return { status: response.statusCode!, body };
}

export class SteadyGets {
  /** Answers with 200, by body. */
  readonly answers = new Map<string, number>();
  /** Anything else, in words. */
  readonly failures: string[] = [];
  readonly #options: GetOptions;
  readonly #agent = new Agent({ keepAlive: true });
  readonly #clients: Promise<void>[];
  readonly #waiting = new Set<() => void>();
  #stopped = false;

  constructor(options: Omit<GetOptions, 'agent'>) {
    this.#options = { ...options, agent: this.#agent };
    this.#clients = Array.from({ length: CLIENTS }, () => this.#run());
  }

  /** Resolves when `count` more have been answered with this body. */
  more(count: number, body: string): Promise<void> {
    const goal = (this.answers.get(body) ?? 0) + count;
    return new Promise((resolve, reject) => {
      const check = () => {
        const done = (this.answers.get(body) ?? 0) >= goal;
        if (!done && this.failures.length === 0) return;
        this.#waiting.delete(check);
        if (done) resolve();
        else reject(new Error(`a GET failed: ${this.failures.join('; ')}`));
      };
      this.#waiting.add(check);
      check();
    });
  }

  /** Lets the last ones finish. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all(this.#clients);
    this.#agent.destroy();
  }

  async #run(): Promise<void> {
    while (!this.#stopped) {
      try {
        const { status, body } = await get(this.#options);
        if (status === 200) this.answers.set(body, (this.answers.get(body) ?? 0) + 1);
        else this.failures.push(`${status} ${body}`);
      } catch (error) {
        this.failures.push(String(error));
      }
      // A failure is told once; it must not spin.
      if (this.failures.length > 0) this.#stopped = true;
      for (const wake of [...this.#waiting]) wake();
    }
  }
}
