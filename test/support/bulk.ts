// Large transfers whose every byte is known: an origin that streams by HTTP and TCP and never holds a body, and clients
// that hash what they get. Blocks are numbered, so that a lost, repeated or reordered one changes the hash.
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http';
import { connect, createServer as createTcpServer, type Server as NetServer, type Socket } from 'node:net';
import { Readable, type Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

export const MIB = 1024 * 1024;

const BLOCK = 64 * 1024;

/** What arrived. */
export interface Receipt {
  readonly bytes: number;
  readonly sha256: string;
}

/** Hears of bytes as they pass, for figures of progress. */
export type OnBytes = (bytes: number) => void;

function* blocks(total: number, onBytes?: OnBytes): Generator<Buffer> {
  const filling = Buffer.alloc(BLOCK, createHash('sha256').update('prproxy').digest());
  for (let at = 0; at < total; at += BLOCK) {
    const block = Buffer.from(filling);
    block.writeDoubleBE(at / BLOCK, 0);
    const part = block.subarray(0, Math.min(BLOCK, total - at));
    onBytes?.(part.length);
    yield part;
  }
}

/** `total` bytes, always the same. */
export function bulkStream(total: number, onBytes?: OnBytes): Readable {
  return Readable.from(blocks(total, onBytes), { highWaterMark: 1 });
}

const known = new Map<number, Receipt>();

/** What must arrive when `total` bytes were sent. */
export function receiptFor(total: number): Receipt {
  let receipt = known.get(total);
  if (receipt === undefined) {
    const hash = createHash('sha256');
    for (const block of blocks(total)) hash.update(block);
    receipt = { bytes: total, sha256: hash.digest('hex') };
    known.set(total, receipt);
  }
  return receipt;
}

/** Reads a stream to its end; rejects when it is cut off. `pace` is awaited after each chunk. */
export async function receiptOf(
  stream: AsyncIterable<Buffer>,
  onBytes?: OnBytes,
  pace?: () => Promise<void>,
): Promise<Receipt> {
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const chunk of stream) {
    hash.update(chunk);
    bytes += chunk.length;
    onBytes?.(chunk.length);
    if (pace !== undefined) await pace();
  }
  return { bytes, sha256: hash.digest('hex') };
}

// --- The origin --------------------------------------------------------------------------------------------------

/** HTTP: `GET /length/N`, `GET /chunked/N`, `PUT /…`. TCP: a line `down N`, or a line `up`, bytes and FIN. */
export class BulkOrigin {
  /** Bytes that downloads have taken so far. */
  sent = 0;
  readonly #http: Server;
  readonly #tcp: NetServer;
  readonly #sockets = new Set<Socket>();

  private constructor() {
    this.#http = createServer({ noDelay: true }, (req, res) => void this.#serve(req, res).catch(() => res.destroy()));
    this.#tcp = createTcpServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
      this.#talk(socket).catch(() => socket.destroy());
    });
  }

  static async start(address = '127.0.0.1'): Promise<BulkOrigin> {
    const origin = new BulkOrigin();
    for (const server of [origin.#http, origin.#tcp]) {
      server.listen(0, address);
      await once(server, 'listening');
    }
    return origin;
  }

  get httpPort(): number {
    return portOf(this.#http);
  }

  get tcpPort(): number {
    return portOf(this.#tcp);
  }

  async close(): Promise<void> {
    this.#http.closeAllConnections();
    for (const socket of this.#sockets) socket.destroy();
    await Promise.all([this.#http, this.#tcp].map((server) => new Promise((resolve) => server.close(resolve))));
  }

  async #serve(req: IncomingMessage, res: ServerResponse): Promise<void> {
    if (req.method === 'PUT') {
      res.setHeader('Content-Type', 'application/json').end(JSON.stringify(await receiptOf(req)));
      return;
    }
    const [, framing, size] = req.url!.split('/');
    if (framing === 'length') res.setHeader('Content-Length', Number(size));
    await this.#send(Number(size), res);
  }

  async #talk(socket: Socket): Promise<void> {
    const { line, rest } = await readLine(socket);
    const [verb, size] = line.split(' ');
    if (verb === 'down') return this.#send(Number(size), socket);
    if (rest.length > 0) socket.unshift(rest);
    const receipt = await receiptOf(socket.iterator({ destroyOnReturn: false }));
    socket.end(JSON.stringify(receipt));
  }

  async #send(total: number, to: Writable): Promise<void> {
    await pipeline(
      bulkStream(total, (bytes) => {
        this.sent += bytes;
      }),
      to,
    );
  }
}

function portOf(server: NetServer): number {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

async function readLine(socket: Socket): Promise<{ line: string; rest: Buffer }> {
  let head = Buffer.alloc(0);
  while (!head.includes(0x0a)) {
    const chunk = socket.read() as Buffer | null;
    if (chunk === null) await once(socket, 'readable');
    else head = Buffer.concat([head, chunk]);
  }
  const end = head.indexOf(0x0a);
  return { line: head.toString('latin1', 0, end), rest: head.subarray(end + 1) };
}

// --- The clients -------------------------------------------------------------------------------------------------

export type Framing = 'length' | 'chunked';

/** Where a client goes: always 127.0.0.1; `host` is the name in the request. */
export interface Place {
  readonly port: number;
  readonly host: string;
  /** Before the origin's own path. */
  readonly prefix?: string;
}

/** The answer to a GET, its head read and its body still to come. */
export async function openDownload({ port, host, prefix = '' }: Place, framing: Framing, total: number) {
  const req = request({ port, host: '127.0.0.1', path: `${prefix}/${framing}/${total}`, headers: { host } });
  req.end();
  const [response] = (await once(req, 'response')) as [IncomingMessage];
  if (response.statusCode !== 200) throw new Error(`the download was answered ${response.statusCode}`);
  return response;
}

export async function httpDownload(place: Place, framing: Framing, total: number, onBytes?: OnBytes): Promise<Receipt> {
  return receiptOf(await openDownload(place, framing, total), onBytes);
}

/** @returns what the origin says that it got */
export async function httpUpload(place: Place, framing: Framing, total: number, onBytes?: OnBytes): Promise<Receipt> {
  const { port, host, prefix = '' } = place;
  const headers = framing === 'length' ? { host, 'content-length': total } : { host };
  const req = request({ port, host: '127.0.0.1', method: 'PUT', path: `${prefix}/up`, headers });
  const answered = once(req, 'response') as Promise<[IncomingMessage]>;
  const [[response]] = await Promise.all([answered, pipeline(bulkStream(total, onBytes), req)]);
  if (response.statusCode !== 200) throw new Error(`the upload was answered ${response.statusCode}`);
  return JSON.parse(await textOf(response)) as Receipt;
}

export async function tcpDownload(port: number, total: number, onBytes?: OnBytes): Promise<Receipt> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  socket.write(`down ${total}\n`);
  return receiptOf(socket, onBytes);
}

/** Ends with FIN, and reads the origin's word for what it got from the half that is still open. */
export async function tcpUpload(port: number, total: number, onBytes?: OnBytes): Promise<Receipt> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true, allowHalfOpen: true });
  socket.write('up\n');
  const [answer] = await Promise.all([textOf(socket), pipeline(bulkStream(total, onBytes), socket, { end: true })]);
  return JSON.parse(answer) as Receipt;
}

async function textOf(stream: AsyncIterable<Buffer>): Promise<string> {
  let text = '';
  for await (const chunk of stream) text += chunk.toString('latin1');
  return text;
}
