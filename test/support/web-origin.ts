// An origin with one path for each thing that HTTP clients do with a server; what it does not know it tells back: `/…`
// answers with the request as JSON. WebSockets at any path echo.
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer, type ServerOptions } from 'node:https';
import { type WebSocket, WebSocketServer } from 'ws';

/** What the origin saw of a request. */
export interface Seen {
  readonly origin: string;
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly trailers: Readonly<Record<string, string>>;
  readonly body: string;
}

export const ETAG = '"one"';
/** Close codes that the origin's WebSockets answer with: the text `close N` asks for one. */
const ASKED_CLOSE = /^close (\d+) (.*)$/;

export class WebOrigin {
  readonly name: string;
  /** The origin's side of every WebSocket, in order. */
  readonly sockets: WebSocket[] = [];
  readonly #server: Server;
  readonly #streams = new Set<ServerResponse>();
  readonly #waiting: (() => void)[] = [];

  private constructor(name: string, tls: ServerOptions | undefined) {
    this.name = name;
    const serve = (req: IncomingMessage, res: ServerResponse) => void this.#serve(req, res).catch(() => res.destroy());
    this.#server = tls === undefined ? createServer(serve) : createTlsServer(tls, serve);
    this.#server.on('checkContinue', (req: IncomingMessage, res: ServerResponse) => {
      if (req.url === '/refuse') return void res.writeHead(413, { Connection: 'close' }).end('too large');
      res.writeContinue();
      serve(req, res);
    });
    new WebSocketServer({ server: this.#server, maxPayload: 2 ** 26 }).on('connection', (ws) => this.#echo(ws));
  }

  static async start(name: string, tls?: ServerOptions): Promise<WebOrigin> {
    const origin = new WebOrigin(name, tls);
    origin.#server.listen(0, '127.0.0.1');
    await once(origin.#server, 'listening');
    return origin;
  }

  get port(): number {
    const address = this.#server.address();
    if (address === null || typeof address === 'string') throw new Error('no port');
    return address.port;
  }

  /** Resolves when a client listens to `/events`. */
  async listener(): Promise<void> {
    if (this.#streams.size === 0) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  /** Sends an event to all who listen. */
  tell(data: string): void {
    for (const stream of this.#streams) stream.write(`data: ${data}\n\n`);
  }

  async close(): Promise<void> {
    for (const socket of this.sockets) socket.terminate();
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #serve(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const path = req.url!.split('?')[0]!;
    if (path === '/none') return void res.writeHead(204).end();
    if (path === '/cached') return this.#cached(req, res);
    if (path === '/moved') return void res.writeHead(302, { Location: '/there?x=1' }).end();
    if (path === '/events') return this.#events(res);
    if (path === '/trailers') return this.#trailers(res);
    res.setHeader('Content-Type', 'application/json').setHeader('X-Origin', this.name);
    res.end(JSON.stringify(await this.#seen(req)));
  }

  #cached(req: IncomingMessage, res: ServerResponse): void {
    res.setHeader('ETag', ETAG);
    if (req.headers['if-none-match'] === ETAG) res.writeHead(304).end();
    else res.end('cached');
  }

  #events(res: ServerResponse): void {
    res.writeHead(200, { 'Content-Type': 'text/event-stream' }).flushHeaders();
    this.#streams.add(res);
    res.once('close', () => this.#streams.delete(res));
    for (const wake of this.#waiting.splice(0)) wake();
  }

  #trailers(res: ServerResponse): void {
    res.writeHead(200, { Trailer: 'X-Checksum' });
    res.write('body');
    res.addTrailers({ 'X-Checksum': 'abc' });
    res.end();
  }

  async #seen(req: IncomingMessage): Promise<Seen> {
    let body = '';
    for await (const chunk of req) body += (chunk as Buffer).toString('latin1');
    const { method = '', url = '', headers, trailers } = req;
    return { origin: this.name, method, url, headers: flat(headers), trailers: flat(trailers), body };
  }

  #echo(ws: WebSocket): void {
    this.sockets.push(ws);
    ws.on('message', (data, isBinary) => {
      const [, code, reason] = isBinary ? [] : (ASKED_CLOSE.exec(String(data)) ?? []);
      if (code === undefined) ws.send(data, { binary: isBinary });
      else ws.close(Number(code), reason);
    });
  }
}

function flat(headers: NodeJS.Dict<string | string[]>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]));
}
