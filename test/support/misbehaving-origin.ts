// An origin that is right, slow or wrong by the path asked for: whole answers of a known hash, and stalls, resets, lies.
import { createHash, randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { WebSocketServer } from 'ws';

export const SMALL = 'x'.repeat(1024);
export const BIG = randomBytes(1 << 20);

export class MisbehavingOrigin {
  readonly #server: Server;
  readonly #sockets = new WebSocketServer({ noServer: true });
  port = 0;

  constructor() {
    this.#server = createServer((request, response) => this.#answer(request, response));
    this.#server.on('upgrade', (request, socket, head) => {
      this.#sockets.handleUpgrade(request, socket, head, (ws) => {
        ws.on('message', (data, isBinary) => ws.send(data, { binary: isBinary }));
        ws.on('error', () => {});
      });
    });
  }

  async listen(): Promise<this> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    const bound = this.#server.address();
    if (bound === null || typeof bound === 'string') throw new Error('no port');
    this.port = bound.port;
    return this;
  }

  async close(): Promise<void> {
    for (const client of this.#sockets.clients) client.terminate();
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    request.on('error', () => {});
    response.on('error', () => {});
    const path = request.url ?? '';
    if (path.endsWith('/big')) return void response.end(BIG);
    if (path.endsWith('/chunked'))
      return void response.write(BIG.subarray(0, 1000), () => response.end(BIG.subarray(1000)));
    if (path.endsWith('/hash')) return hashOf(request, response);
    const wrong = MISDEEDS[path.slice(path.lastIndexOf('/') + 1)];
    if (wrong !== undefined) return wrong(request.socket, response);
    request.resume();
    response.end(SMALL);
  }
}

function hashOf(request: IncomingMessage, response: ServerResponse): void {
  const hash = createHash('sha256');
  request.on('data', (chunk: Buffer) => hash.update(chunk));
  request.on('end', () => response.end(hash.digest('hex')));
}

/** Each breaks an answer in its own way, or never gives one. */
const MISDEEDS: Readonly<Record<string, (socket: Socket, response: ServerResponse) => void>> = {
  stall: () => {},
  reset: (socket) => socket.resetAndDestroy(),
  hangup: (socket) => socket.end(),
  short: (socket) => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nshort'),
  garbage: (socket) => socket.end('NOT HTTP AT ALL\r\n\r\n'),
  twice: (socket) =>
    socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nEVIL'),
  chunks: (socket) => socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n'),
  midway: (_, response) => response.write(BIG.subarray(0, 500_000), () => response.socket?.resetAndDestroy()),
};

export const MISDEED_PATHS = Object.keys(MISDEEDS);
