// An origin on Node's own strict parser that records every request that it sees whole, and answers each with 200. What
// it cannot parse, or sees cut off, it counts.
import { createServer, type IncomingMessage, type Server } from 'node:http';

export interface Recorded {
  readonly method: string;
  readonly url: string;
  /** As on the wire: name, value, name, value, … */
  readonly rawHeaders: readonly string[];
  readonly body: string;
  readonly rawTrailers: readonly string[];
}

export class RecordingOrigin {
  readonly requests: Recorded[] = [];
  /** Requests whose end never came, and bytes that were no request. */
  broken = 0;
  readonly #server: Server;
  port = 0;

  constructor() {
    this.#server = createServer({ requireHostHeader: false, keepAliveTimeout: 60_000, maxHeaderSize: 131_072 });
    this.#server.maxHeadersCount = 0;
    this.#server.on('request', (request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('aborted', () => this.broken++);
      request.on('error', () => {});
      request.on('end', () => {
        this.requests.push(recorded(request, Buffer.concat(chunks)));
        response.end('ok');
      });
    });
    this.#server.on('checkContinue', (request, response) => {
      response.writeContinue();
      this.#server.emit('request', request, response);
    });
    this.#server.on('clientError', (_, socket) => {
      this.broken++;
      socket.destroy();
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
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

function recorded(request: IncomingMessage, body: Buffer): Recorded {
  const { method = '', url = '', rawHeaders, rawTrailers } = request;
  return { method, url, rawHeaders, body: body.toString('latin1'), rawTrailers };
}

/** All values of a field, in order. @param lower lower-case name */
export function valuesOf(raw: readonly string[], lower: string): string[] {
  const values: string[] = [];
  for (let i = 0; i < raw.length; i += 2) if (raw[i]!.toLowerCase() === lower) values.push(raw[i + 1]!);
  return values;
}
