// Raw TCP on both ends: a client that sends bytes and collects what comes, and an origin whose answers are bytes.
import { connect, createServer, type Server, type Socket } from 'node:net';

/** Everything that comes until the other side ends, closes or resets. */
export class RawClient {
  readonly socket: Socket;
  #received = '';
  #over = false;
  #reset = false;
  readonly #waiting = new Set<() => void>();

  constructor(port: number, address = '127.0.0.1') {
    this.socket = connect({ port, host: address, allowHalfOpen: true, noDelay: true });
    this.socket.on('data', (chunk) => this.#changed(() => (this.#received += chunk.toString('latin1'))));
    this.socket.on('end', () => this.#changed(() => (this.#over = true)));
    this.socket.on('error', () => this.#changed(() => (this.#reset = true)));
    this.socket.on('close', () => this.#changed(() => (this.#over = true)));
  }

  #changed(change: () => void): void {
    change();
    for (const wake of [...this.#waiting]) wake();
  }

  get received(): string {
    return this.#received;
  }

  /** True after a reset instead of an orderly end. */
  get wasReset(): boolean {
    return this.#reset;
  }

  get ended(): boolean {
    return this.#over;
  }

  send(text: string): this {
    this.socket.write(text, 'latin1');
    return this;
  }

  /** Resolves as soon as `test` holds for what was received. */
  until(test: (received: string) => boolean): Promise<string> {
    return this.#wait(() => test(this.#received));
  }

  /** Resolves with all that was received when the other side has ended. */
  end(): Promise<string> {
    return this.#wait(() => this.#over);
  }

  #wait(test: () => boolean): Promise<string> {
    return new Promise((resolve, reject) => {
      const check = () => {
        const done = test();
        if (!done && !this.#over) return;
        this.#waiting.delete(check);
        if (done) resolve(this.#received);
        else reject(new Error(`the connection ended first, after ${JSON.stringify(this.#received)}`));
      };
      this.#waiting.add(check);
      check();
    });
  }

  close(): void {
    this.socket.destroy();
  }
}

/** One request and all that comes back until the end; the request must ask for `Connection: close` or be refused. */
export async function exchange(port: number, request: string): Promise<string> {
  const client = new RawClient(port);
  try {
    return await client.send(request).end();
  } finally {
    client.close();
  }
}

/** A connection at the origin, with what came on it. */
export class OriginConnection {
  readonly socket: Socket;
  received = '';
  ended = false;
  closed = false;
  readonly #waiting = new Set<() => void>();

  constructor(socket: Socket) {
    this.socket = socket;
    const wake = () => {
      for (const check of [...this.#waiting]) check();
    };
    socket.on('data', (chunk) => {
      this.received += chunk.toString('latin1');
      wake();
    });
    socket.on('end', () => {
      this.ended = true;
      wake();
    });
    socket.on('error', () => {});
    socket.on('close', () => {
      this.closed = true;
      wake();
    });
  }

  until(test: (connection: this) => boolean): Promise<void> {
    return new Promise((resolve) => {
      const check = () => {
        if (!test(this)) return;
        this.#waiting.delete(check);
        resolve();
      };
      this.#waiting.add(check);
      check();
    });
  }

  /** Resolves with the head of the first request, its empty line included. */
  async head(): Promise<string> {
    await this.until(({ received }) => received.includes('\r\n\r\n'));
    return this.received.slice(0, this.received.indexOf('\r\n\r\n') + 4);
  }

  write(text: string): this {
    this.socket.write(text, 'latin1');
    return this;
  }
}

/** An origin that hands each connection to `serve`; keeps all of them for inspection. */
export class RawOrigin {
  readonly connections: OriginConnection[] = [];
  readonly #server: Server;
  readonly #waiting: ((connection: OriginConnection) => void)[] = [];
  port = 0;

  constructor(serve?: (connection: OriginConnection) => void) {
    this.#server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
      const connection = new OriginConnection(socket);
      this.connections.push(connection);
      serve?.(connection);
      this.#waiting.shift()?.(connection);
    });
  }

  async listen(address = '127.0.0.1', port = 0): Promise<this> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(port, address, resolve);
    });
    const bound = this.#server.address();
    if (bound === null || typeof bound === 'string') throw new Error('no port');
    this.port = bound.port;
    return this;
  }

  /** The next connection that comes; call it before the client sends. */
  next(): Promise<OriginConnection> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  async close(): Promise<void> {
    for (const { socket } of this.connections) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

/** Answers every request on a connection with the same bytes, as soon as its head is complete (requests without body). */
export function answering(answer: string): (connection: OriginConnection) => void {
  return (connection) => {
    let answered = 0;
    const check = () => {
      const heads = connection.received.split('\r\n\r\n').length - 1;
      for (; answered < heads; answered++) connection.write(answer);
    };
    connection.socket.on('data', check);
  };
}
