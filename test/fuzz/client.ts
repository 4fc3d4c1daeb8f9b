// A client on strict llhttp: sends bytes in parts and reads the answers as Node's http client would.
import { connect, type Socket } from 'node:net';
import { LlhttpReader, type Message } from './llhttp.ts';

/** A case that takes longer hangs. */
const MAX_MS = 8_000;

export class FuzzClient {
  readonly #socket: Socket;
  readonly #reader: LlhttpReader;
  #wake: (() => void) | undefined = undefined;
  received = '';
  over = false;
  wasReset = false;

  /** @param methods of the requests, in order: an answer to HEAD has no body */
  constructor(port: number, methods: readonly string[]) {
    let answered = 0;
    this.#reader = new LlhttpReader({ kind: 'response', answers: () => methods[answered++] ?? 'GET' });
    this.#socket = connect({ port, host: '127.0.0.1', noDelay: true, allowHalfOpen: true });
    this.#socket.on('data', (chunk) => {
      this.received += chunk.toString('latin1');
      this.#reader.push(chunk);
      this.#wake?.();
    });
    this.#socket.on('error', () => {
      this.wasReset = true;
    });
    this.#socket.on('end', () => this.#end());
    this.#socket.on('close', () => this.#end());
  }

  #end(): void {
    if (!this.over && !this.wasReset) this.#reader.finish();
    this.over = true;
    this.#wake?.();
  }

  get messages(): readonly Message[] {
    return this.#reader.messages;
  }

  get error(): string | undefined {
    return this.#reader.error;
  }

  /** Final answers that are complete. */
  get finals(): readonly Message[] {
    return this.messages.filter(({ status, complete }) => status >= 200 && complete);
  }

  async send(parts: readonly Buffer[]): Promise<this> {
    for (const part of parts) {
      if (this.over) break;
      await new Promise((resolve) => this.#socket.write(part, resolve));
      if (parts.length > 1) await new Promise(setImmediate);
    }
    return this;
  }

  /** Resolves with true when the connection is over or has brought `count` whole final answers; false: it hangs. */
  async until(count: number): Promise<boolean> {
    const began = performance.now();
    while (!this.over && this.finals.length < count) {
      if (performance.now() - began > MAX_MS) return false;
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, 1_000);
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    return true;
  }

  close(): void {
    this.over = true;
    this.#socket.destroy();
    this.#reader.close();
  }
}

export function inParts(bytes: Buffer, places: readonly number[]): Buffer[] {
  const parts: Buffer[] = [];
  let from = 0;
  for (const place of [...places, bytes.length]) {
    parts.push(bytes.subarray(from, place));
    from = place;
  }
  return parts;
}
