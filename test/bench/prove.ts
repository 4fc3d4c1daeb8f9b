// Whether a contender answers rightly: one request of each kind before it is loaded. What is wrong is thrown, in words.
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { Agent, type IncomingMessage, request } from 'node:http';
import { Agent as TlsAgent, request as tlsRequest } from 'node:https';
import { join } from 'node:path';

/** An answer that takes longer is none, in milliseconds. */
const PATIENCE_MS = 10_000;

export interface Place {
  readonly host: string;
  readonly port: number;
}

export interface Asked extends Place {
  readonly path: string;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string | number>>;
  readonly body?: Buffer;
  /** PEM text: over TLS, and this is trusted. */
  readonly ca?: string | undefined;
  /** Two requests with one go over one connection. */
  readonly agent?: Agent;
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
}

export async function ask({
  host: name,
  port,
  path,
  method = 'GET',
  headers,
  body,
  ca,
  agent,
}: Asked): Promise<Answer> {
  const signal = AbortSignal.timeout(PATIENCE_MS);
  const options = { host: '127.0.0.1', port, path, method, headers: { host: name, ...headers }, signal };
  const secure = { ...options, servername: name, ca, ...(agent === undefined ? {} : { agent }) };
  const sent = ca === undefined ? request({ ...options, agent: agent ?? false }) : tlsRequest(secure);
  const answered = once(sent, 'response') as Promise<[IncomingMessage]>;
  sent.end(body);
  const [response] = await answered;
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  return { status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks) };
}

/** A file comes whole, from the origin that the route leads to. */
export async function proveFile(asked: Asked, expected: Buffer, origin: string): Promise<void> {
  const { status, headers, body } = await ask(asked);
  if (status !== 200) throw new Error(`${asked.path} was answered ${status}`);
  if (headers['x-origin'] !== origin) throw new Error(`${asked.path} led to origin ${headers['x-origin']}`);
  if (sha256(body) !== sha256(expected)) throw new Error(`${asked.path} gave ${body.length} bytes with a wrong hash`);
}

/** The origin sees the client's name, address and scheme, and is spoken to over kept connections. */
export async function proveForwarding(place: Place, ca?: string): Promise<void> {
  const agent = ca === undefined ? new Agent({ keepAlive: true }) : new TlsAgent({ keepAlive: true });
  const asked: Asked = { ...place, path: '/seen', agent: agent as Agent, ca };
  const scheme = ca === undefined ? 'http' : 'https';
  let served = 0;
  for (let n = 0; n < 5; n++) {
    const [host, client, proto, count] = (await ask(asked)).body.toString().split('|');
    if (host !== place.host) throw new Error(`the origin was told Host ${host}`);
    if (client !== '127.0.0.1') throw new Error(`the origin was told X-Forwarded-For ${client}`);
    if (proto !== scheme) throw new Error(`the origin was told X-Forwarded-Proto ${proto}`);
    served = Math.max(served, Number(count));
  }
  agent.destroy();
  if (served < 2) throw new Error('connections to the origin are not kept');
}

/** What was sent lies at the origin afterwards. */
export async function proveUpload(place: Place, framing: 'length' | 'chunked', size: number, root: string) {
  const body = randomBytes(size);
  const headers = framing === 'length' ? { 'content-length': size } : { 'transfer-encoding': 'chunked' };
  const { status } = await ask({ ...place, path: '/up/proof', method: 'PUT', headers, body });
  if (status !== 201 && status !== 204) throw new Error(`the upload was answered ${status}`);
  const arrived = await readFile(join(root, 'up', 'proof'));
  if (sha256(arrived) !== sha256(body)) throw new Error(`${arrived.length} bytes arrived, with a wrong hash`);
}

function sha256(data: Buffer): string {
  return createHash('sha256').update(data).digest('hex');
}
