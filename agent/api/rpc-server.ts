// JSON-RPC 2.0 over the Unix socket, one message per line. A client can send anything: it gets an error, never a crash,
// and while it does not read its answers nothing more is read from it.
import type { Socket } from 'node:net';
import {
  createJSONRPCErrorResponse,
  type JSONRPCErrorResponse,
  type JSONRPCID,
  type JSONRPCRequest,
  type JSONRPCResponse,
  JSONRPCServer,
} from 'json-rpc-2.0';
import { type MethodName, methods } from '../../src/contract.ts';
import { ERROR_CODES, errorBody, ProxyError } from '../../src/errors.ts';
import type { AgentHello } from '../../src/rpc/client.ts';
import { encodeLine, LineReader, MAX_REQUEST_BYTES, MAX_RESPONSE_BYTES } from '../../src/rpc/framing.ts';
import type { Log } from '../control/log.ts';
import { type Dispatch, knownError } from './dispatch.ts';
import { type ListeningSocket, listenOnSocket } from './socket.ts';

/** Requests of one connection that are being answered; with more, reading pauses. */
const MAX_IN_FLIGHT = 32;
/** How long a client may take to read its last answers when the agent ends, and to hang up after them. */
const CLOSE_LIMIT_MS = 1000;
const PARSE_ERROR = -32700;
const INVALID_REQUEST = -32600;

export interface RpcParts {
  readonly dispatch: Dispatch;
  readonly hello: () => AgentHello;
  /** Asks the process to end; called after the answer is on its way. */
  readonly stop: () => void;
  /** `config reset`. */
  readonly reset: () => Promise<void>;
  readonly log: Log;
}

export class RpcServer {
  readonly #parts: RpcParts;
  readonly #rpc: JSONRPCServer;
  readonly #clients = new Set<Client>();
  #socket: ListeningSocket | undefined;

  constructor(parts: RpcParts) {
    this.#parts = parts;
    this.#rpc = new JSONRPCServer({ errorListener: () => {} });
    this.#rpc.mapErrorToJSONRPCErrorResponse = (id, error) => errorResponse(id, knownError(error, 'rpc', parts.log));
    for (const name of Object.keys(methods) as MethodName[]) {
      this.#rpc.addMethod(name, (params: unknown) => parts.dispatch(name, params));
    }
    this.#rpc.addMethod('agent.hello', () => parts.hello());
    this.#rpc.addMethod('config.reset', () => parts.reset().then(() => null));
    this.#rpc.addMethod('agent.stop', () => {
      setImmediate(parts.stop);
      return null;
    });
  }

  /** @throws ProxyError as `listenOnSocket` */
  async listen(path: string): Promise<void> {
    this.#socket = await listenOnSocket(path, (socket) => this.#accept(socket));
  }

  /** Stops accepting, lets running calls answer, then ends the connections. */
  async close(): Promise<void> {
    const closed = this.#socket?.close();
    for (const client of this.#clients) client.finish();
    const limit = setTimeout(() => {
      for (const client of this.#clients) client.cut();
    }, CLOSE_LIMIT_MS);
    await closed;
    clearTimeout(limit);
  }

  #accept(socket: Socket): void {
    const client = new Client(socket, (line) => this.#answer(line));
    this.#clients.add(client);
    socket.once('close', () => this.#clients.delete(client));
  }

  /** Never rejects. Undefined: a notification, which has no answer. */
  async #answer(line: string): Promise<object | undefined> {
    let message: unknown;
    try {
      message = JSON.parse(line);
    } catch {
      return createJSONRPCErrorResponse(null, PARSE_ERROR, 'Parse error: a message is one line of JSON');
    }
    // Batches are not taken: none of our clients sends any, and one line could hold a hundred thousand calls.
    if (!isRequest(message)) {
      const what = Array.isArray(message) ? 'batches are not taken' : 'not a JSON-RPC 2.0 request';
      return createJSONRPCErrorResponse(null, INVALID_REQUEST, `Invalid request: ${what}`);
    }
    const { id, method } = message;
    if (!this.#rpc.hasMethod(method)) {
      const error = new ProxyError('unknown_method', `no operation ${method.slice(0, 100)}`);
      return id === undefined ? undefined : errorResponse(id, error);
    }
    try {
      return (await this.#rpc.receive(message)) ?? undefined;
    } catch (error) {
      return errorResponse(id ?? null, knownError(error, 'rpc', this.#parts.log));
    }
  }
}

/** The library's own check takes a method that is no text, and throws on null. */
function isRequest(message: unknown): message is JSONRPCRequest {
  if (typeof message !== 'object' || message === null) return false;
  const { jsonrpc, method, id } = message as Partial<JSONRPCRequest>;
  const idIsWell = id === undefined || id === null || typeof id === 'string' || typeof id === 'number';
  return jsonrpc === '2.0' && typeof method === 'string' && idIsWell;
}

function errorResponse(id: JSONRPCID, error: ProxyError): JSONRPCErrorResponse {
  return createJSONRPCErrorResponse(id, ERROR_CODES[error.code].rpc, error.message, errorBody(error));
}

/** One connection. */
class Client {
  readonly #socket: Socket;
  readonly #answer: (line: string) => Promise<object | undefined>;
  /** Lines that wait for their turn; few, since reading pauses. */
  readonly #waiting: string[] = [];
  #inFlight = 0;
  #blocked = false;
  /** No more requests are taken; when the last answer is written the connection ends. */
  #ending = false;
  #ended = false;

  constructor(socket: Socket, answer: (line: string) => Promise<object | undefined>) {
    this.#socket = socket;
    this.#answer = answer;
    const reader = new LineReader(
      (line) => this.#take(line),
      () => this.#refuseLong(),
      MAX_REQUEST_BYTES,
    );
    socket.on('data', (chunk: Buffer) => reader.feed(chunk));
    socket.on('drain', () => {
      this.#blocked = false;
      this.#next();
    });
    socket.on('end', () => this.finish());
    // A client that went away: 'close' follows.
    socket.on('error', () => {});
  }

  /** Answers what was asked, then ends. */
  finish(): void {
    this.#ending = true;
    this.#next();
  }

  cut(): void {
    this.#socket.destroy();
  }

  #take(line: string): void {
    if (this.#ending) return;
    this.#waiting.push(line);
    this.#next();
  }

  #next(): void {
    while (!this.#blocked && this.#inFlight < MAX_IN_FLIGHT && this.#waiting.length > 0)
      this.#begin(this.#waiting.shift()!);
    if (this.#waiting.length > 0 || (this.#blocked && !this.#ending)) this.#socket.pause();
    else this.#socket.resume();
    if (this.#ending && this.#inFlight === 0 && this.#waiting.length === 0) this.#end();
  }

  /** After the last answer a client that goes on sending, or stays, is cut. */
  #end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#socket.end(() => setTimeout(() => this.cut(), CLOSE_LIMIT_MS).unref());
  }

  #begin(line: string): void {
    this.#inFlight++;
    void this.#answer(line).then((response) => {
      this.#inFlight--;
      if (response !== undefined) this.#send(response);
      this.#next();
    });
  }

  #send(response: object): void {
    if (!this.#socket.writable) return;
    const line = encodeLine(response);
    const tooLong = Buffer.byteLength(line) > MAX_RESPONSE_BYTES;
    if (!this.#socket.write(tooLong ? encodeLine(tooLongAnswer(response)) : line)) this.#blocked = true;
  }

  #refuseLong(): void {
    const error = new ProxyError('too_large', `a request may have ${MAX_REQUEST_BYTES} bytes`);
    this.#send(errorResponse(null, error));
    // What was asked before is still answered; what follows is read and dropped, so that the client sees the answer.
    this.finish();
  }
}

function tooLongAnswer(response: object): JSONRPCErrorResponse {
  const { id } = response as JSONRPCResponse;
  return errorResponse(
    id,
    new ProxyError('too_large', `the answer is longer than ${MAX_RESPONSE_BYTES} bytes; ask for less at once`),
  );
}
