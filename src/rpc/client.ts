// The CLI's end of the Unix socket: connect, say hello, call methods of the table. A call never hangs on a connection
// that is gone: it rejects with `agent_unreachable`. The table is imported as types only (zod is slow to load).
import { createConnection, type Socket } from 'node:net';
import { JSONRPCClient, JSONRPCErrorException } from 'json-rpc-2.0';
import type { MethodName, Params, Result } from '../contract.ts';
import { ERROR_CODES, type ErrorBody, type ErrorCode, errorFromBody, ProxyError } from '../errors.ts';
import { MAX_SOCKET_PATH_BYTES } from '../paths.ts';
import { encodeLine, LineReader, MAX_REQUEST_BYTES, MAX_RESPONSE_BYTES } from './framing.ts';

/** Who answers at the socket. */
export interface AgentHello {
  readonly version: string;
  readonly pid: number;
  readonly started_at: string;
}

/** Methods that manage the process and are no rows of the table. */
export interface InternalMethods {
  'agent.hello': { params: { version: string }; result: AgentHello };
  'agent.stop': { params: Record<string, never>; result: null };
  'config.reset': { params: Record<string, never>; result: null };
}

/** An agent that accepts a connection but does not say hello for so long is stuck. */
const HELLO_LIMIT_MS = 10_000;
/** json-rpc-2.0 gives this number to failures of its own: a send that threw, a connection that went. */
const LOCAL_FAILURE = 0;

/** Throws when no socket can have this path, with the remedy; connect and listen would only say EINVAL. */
export function checkSocketPath(path: string): void {
  const bytes = Buffer.byteLength(path);
  if (bytes <= MAX_SOCKET_PATH_BYTES) return;
  const text = `the socket's path is ${bytes} bytes long, ${MAX_SOCKET_PATH_BYTES} are possible: ${path}; set PRPROXY_HOME to a shorter folder`;
  throw new ProxyError('invalid', text, { path });
}

export class RpcClient {
  readonly #socket: Socket;
  readonly #rpc: JSONRPCClient;
  #gone: ProxyError | undefined;
  /** Resolves when the connection has ended, whoever ended it. */
  readonly closed: Promise<void>;

  private constructor(socket: Socket) {
    this.#socket = socket;
    this.#rpc = new JSONRPCClient((message) => this.#send(message));
    const reader = new LineReader(
      (line) => this.#receive(line),
      () => this.#lose(new ProxyError('too_large', `the agent's answer is longer than ${MAX_RESPONSE_BYTES} bytes`)),
      MAX_RESPONSE_BYTES,
    );
    socket.on('data', (chunk: Buffer) => reader.feed(chunk));
    socket.on('error', (error: NodeJS.ErrnoException) =>
      this.#lose(unreachable(`the connection to the agent broke: ${error.message}`, error.code, error)),
    );
    this.closed = new Promise((resolve) => {
      socket.on('close', () => {
        this.#lose(unreachable('the agent closed the connection before it answered', 'CLOSED'));
        resolve();
      });
    });
  }

  /** Rejects with `agent_unreachable` when nobody listens; details.reason is the errno name, or CLOSED for an agent that hung up. */
  static async connect(path: string): Promise<RpcClient> {
    checkSocketPath(path);
    return new Promise((resolve, reject) => {
      const socket = createConnection(path);
      const onError = (error: NodeJS.ErrnoException) => {
        const why = error.code === 'EACCES' ? 'it belongs to another user (EACCES)' : (error.code ?? error.message);
        reject(unreachable(`no agent answers at ${path}: ${why}`, error.code, error));
      };
      socket.once('error', onError);
      socket.once('connect', () => {
        socket.off('error', onError);
        resolve(new RpcClient(socket));
      });
    });
  }

  /** The first call on a connection: tells the agent who is there and learns who answers. */
  async hello(version: string): Promise<AgentHello> {
    const timer = setTimeout(() => {
      this.#lose(
        unreachable(
          `the agent accepts connections but has not answered for ${HELLO_LIMIT_MS / 1000} s; end its process and try again`,
        ),
      );
    }, HELLO_LIMIT_MS);
    try {
      return await this.callInternal('agent.hello', { version });
    } finally {
      clearTimeout(timer);
    }
  }

  call<M extends MethodName>(method: M, params: Params<M>): Promise<Result<M>> {
    return this.#request(method, params) as Promise<Result<M>>;
  }

  callInternal<M extends keyof InternalMethods>(
    method: M,
    params: InternalMethods[M]['params'],
  ): Promise<InternalMethods[M]['result']> {
    return this.#request(method, params) as Promise<InternalMethods[M]['result']>;
  }

  close(): void {
    this.#lose(unreachable('the connection to the agent was closed'));
  }

  async #request(method: string, params: object): Promise<unknown> {
    if (this.#gone !== undefined) throw this.#gone;
    try {
      return await this.#rpc.request(method, params);
    } catch (error) {
      if (!(error instanceof JSONRPCErrorException)) throw error;
      if (error.code !== LOCAL_FAILURE) throw errorFromAnswer(error);
      throw this.#gone ?? new ProxyError('too_large', error.message);
    }
  }

  #send(message: unknown): void {
    const line = encodeLine(message);
    if (Buffer.byteLength(line) > MAX_REQUEST_BYTES + 1) {
      throw new Error(`the request is longer than ${MAX_REQUEST_BYTES} bytes`);
    }
    this.#socket.write(line);
  }

  #receive(line: string): void {
    try {
      this.#rpc.receive(JSON.parse(line));
    } catch (error) {
      this.#lose(new ProxyError('internal', "the agent's answer is not JSON-RPC", undefined, { cause: error }));
    }
  }

  /** Ends the connection; the first reason stays. */
  #lose(reason: ProxyError): void {
    if (this.#gone !== undefined) return;
    this.#gone = reason;
    this.#socket.destroy();
    this.#rpc.rejectAllPendingRequests(reason.message);
  }
}

function unreachable(message: string, reason?: string, cause?: Error): ProxyError {
  return new ProxyError('agent_unreachable', message, reason === undefined ? undefined : { reason }, { cause });
}

/** The agent sends an ErrorBody along; an answer of json-rpc-2.0's own making has only the number. */
function errorFromAnswer(error: JSONRPCErrorException): ProxyError {
  const body = error.data as ErrorBody | undefined;
  if (typeof body?.error === 'string') return errorFromBody(body);
  const codes = Object.keys(ERROR_CODES) as ErrorCode[];
  const code = codes.find((name) => ERROR_CODES[name].rpc === error.code) ?? 'internal';
  return new ProxyError(code, error.message);
}
