// Connections that live long and notice everything: a WebSocket, a download that its reader takes its time with, and an
// ssh session. `proveAlive` of each moves bytes both ways over the one connection that it has had from the start.
import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { WebSocket } from 'ws';
import { openDownload, type Place, type Receipt } from './bulk.ts';
import { program } from './programs.ts';

export interface LongLived {
  /** Rejects when the connection has been touched. */
  proveAlive(): Promise<void>;
  close(): void;
}

/** Through a host whose origin echoes. */
export class EchoingWebSocket implements LongLived {
  readonly #ws: WebSocket;
  /** Resolves with the close code. */
  readonly closed: Promise<number>;
  #count = 0;

  private constructor(ws: WebSocket) {
    this.#ws = ws;
    this.closed = new Promise((resolve) => ws.once('close', resolve));
    ws.on('error', () => {});
  }

  static async open({ port, host }: Place): Promise<EchoingWebSocket> {
    const ws = new WebSocket(`ws://127.0.0.1:${port}/socket`, { headers: { host } });
    await once(ws, 'open');
    return new EchoingWebSocket(ws);
  }

  async proveAlive(): Promise<void> {
    const text = `message ${++this.#count}`;
    const answer = Promise.race([
      once(this.#ws, 'message'),
      this.closed.then((code) => Promise.reject(new Error(`the WebSocket was closed with ${code}`))),
    ]);
    this.#ws.send(text);
    const [data] = await answer;
    if (String(data) !== text) throw new Error(`the WebSocket answered ${data} to ${text}`);
  }

  close(): void {
    this.#ws.terminate();
  }
}

/** Of a `BulkOrigin`. */
export class SlowDownload implements LongLived {
  readonly #response: IncomingMessage;
  readonly #chunks: AsyncIterator<Buffer>;
  readonly #hash = createHash('sha256');
  #bytes = 0;

  private constructor(response: IncomingMessage) {
    this.#response = response;
    this.#chunks = response[Symbol.asyncIterator]();
  }

  static async open(place: Place, total: number): Promise<SlowDownload> {
    return new SlowDownload(await openDownload(place, 'length', total));
  }

  /** Takes one chunk more. */
  async proveAlive(): Promise<void> {
    if (!(await this.#take())) throw new Error('the download was over too early');
  }

  /** Takes the rest. */
  async finish(): Promise<Receipt> {
    while (await this.#take());
    return { bytes: this.#bytes, sha256: this.#hash.digest('hex') };
  }

  async #take(): Promise<boolean> {
    const { done, value } = await this.#chunks.next();
    if (done === true) return false;
    this.#bytes += value.length;
    this.#hash.update(value);
    return true;
  }

  close(): void {
    this.#response.destroy();
  }
}

/** `ssh … cat`: what goes in comes out. */
export class SshCat implements LongLived {
  readonly #child: ChildProcess;
  readonly #over: Promise<never>;
  #count = 0;
  #output = '';

  private constructor(child: ChildProcess) {
    this.#child = child;
    this.#over = once(child, 'close').then(([code]) => Promise.reject(new Error(`ssh ended with ${code}`)));
    this.#over.catch(() => {});
    child.stdin!.on('error', () => {});
    child.stdout!.setEncoding('utf8').on('data', (text: string) => (this.#output += text));
  }

  /** @param args where to log in, see `Sshd.clientArgs` */
  static async open(args: readonly string[]): Promise<SshCat> {
    const child = spawn(program('ssh'), [...args, 'cat'], { stdio: ['pipe', 'pipe', 'ignore'] });
    const session = new SshCat(child);
    await session.proveAlive();
    return session;
  }

  async proveAlive(): Promise<void> {
    const line = `line ${++this.#count}\n`;
    this.#child.stdin!.write(line);
    while (!this.#output.endsWith(line)) await Promise.race([once(this.#child.stdout!, 'data'), this.#over]);
  }

  close(): void {
    this.#child.kill();
  }
}
