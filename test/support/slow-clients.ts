// Clients that take their time: 200 drip their heads, 200 hardly read their answers.
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';

const SLOW_HEADS = 200;
const SLOW_READERS = 200;
const DRIP_MS = 200;

export class SlowClients {
  readonly #sockets: Socket[] = [];
  readonly #timer: NodeJS.Timeout;

  constructor(port: number) {
    for (let i = 0; i < SLOW_HEADS; i++) this.#open(port, 'GET / HTTP/1.1\r\nHost: x\r\nX-Slow: ');
    for (let i = 0; i < SLOW_READERS; i++) this.#open(port, 'GET /big HTTP/1.1\r\nHost: x\r\n\r\n').pause();
    this.#timer = setInterval(() => this.#drip(), DRIP_MS);
  }

  #open(port: number, text: string): Socket {
    const socket = connect(port, '127.0.0.1');
    socket.on('error', () => {});
    socket.write(text);
    this.#sockets.push(socket);
    return socket;
  }

  #drip(): void {
    for (const socket of this.#sockets.slice(0, SLOW_HEADS)) socket.write('x');
    for (const socket of this.#sockets.slice(SLOW_HEADS)) socket.read(1024);
  }

  /** All are connected and have filled what buffers there are. */
  async settled(): Promise<void> {
    await Promise.all(this.#sockets.map((socket) => (socket.connecting ? once(socket, 'connect') : undefined)));
    await pause(2 * DRIP_MS);
  }

  close(): void {
    clearInterval(this.#timer);
    for (const socket of this.#sockets) socket.destroy();
  }
}
