// An origin on strict llhttp itself: records every message that it sees whole, whatever it cannot parse, and what was cut
// off. Or it plays bytes of the fuzzer's choice as its answer.
import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { LlhttpReader, type Message } from './llhttp.ts';

const ANSWER = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';

/** The answer to every request but canaries; undefined: an ordinary one. */
export interface Script {
  /** Parts that are sent one after another. */
  readonly parts: readonly Buffer[];
  readonly closes: boolean;
}

interface Connection {
  readonly reader: LlhttpReader;
  readonly socket: Socket;
  answered: number;
}

export class FuzzOrigin {
  readonly requests: Message[] = [];
  /** What could not be parsed: llhttp's code, and the bytes. */
  readonly malformed: string[] = [];
  script: Script | undefined = undefined;
  port = 0;
  readonly #connections = new Set<Connection>();
  readonly #server: Server;

  constructor() {
    this.#server = createServer({ noDelay: true }, (socket) => this.#serve(socket));
  }

  async listen(): Promise<this> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    const bound = this.#server.address();
    if (bound === null || typeof bound === 'string') throw new Error('no port');
    this.port = bound.port;
    return this;
  }

  /** Requests that have begun and are not whole. */
  get unfinished(): number {
    return [...this.#connections].filter(({ reader }) => reader.completed < reader.messages.length).length;
  }

  async close(): Promise<void> {
    for (const { socket } of this.#connections) socket.destroy();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #serve(socket: Socket): void {
    const connection: Connection = { socket, reader: new LlhttpReader({ kind: 'request' }), answered: 0 };
    this.#connections.add(connection);
    let received = '';
    socket.on('data', (chunk: Buffer) => {
      received += chunk.toString('latin1');
      connection.reader.push(chunk);
      if (connection.reader.error !== undefined) {
        this.malformed.push(`${connection.reader.error}: ${JSON.stringify(received)}`);
        socket.destroy();
      } else {
        this.#answer(connection);
      }
    });
    socket.on('error', () => {});
    socket.on('close', () => {
      this.#connections.delete(connection);
      connection.reader.close();
    });
  }

  #answer(connection: Connection): void {
    const { reader, socket } = connection;
    for (; connection.answered < reader.completed; connection.answered++) {
      const message = reader.messages[connection.answered]!;
      this.requests.push(message);
      if (this.script === undefined || message.url === '/canary') socket.write(ANSWER);
      else void this.#play(socket, this.script);
    }
  }

  async #play(socket: Socket, { parts, closes }: Script): Promise<void> {
    for (const part of parts) {
      if (socket.destroyed) return;
      await new Promise((resolve) => socket.write(part, resolve));
      await new Promise(setImmediate);
    }
    if (closes) socket.end();
  }
}
