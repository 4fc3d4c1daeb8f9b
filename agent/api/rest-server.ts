// The REST server's sockets. It listens where the settings say, next to the change that sets it: prepare binds, commit
// swaps, as listeners of hosts do. A taken port never stops the agent: the state says so and it is tried again.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { getRequestListener } from '@hono/node-server';
import { invalid, ProxyError } from '../../src/errors.ts';
import type { Proxy as ProxySettings } from '../../src/model/config.ts';
import type { Status } from '../../src/model/status.ts';
import { bindProblem, isFamilyMissing } from '../control/bind-problem.ts';
import type { Log } from '../control/log.ts';
import { hostPort } from '../control/refs.ts';
import type { Prepared } from '../control/runtime.ts';
import type { Dispatch } from './dispatch.ts';
import { createRestApp, errorParts, rawPath } from './rest-app.ts';
import { refusal } from './rest-guard.ts';
import { tokenCheck } from './token.ts';

const MAX_CONNECTIONS = 100;
const HEADERS_LIMIT_MS = 15_000;
const REQUEST_LIMIT_MS = 30_000;
const CHECK_EVERY_MS = 5_000;
/** What requests that are being answered get when their socket goes. */
const CLOSE_LIMIT_MS = 2_000;
const FIRST_RETRY_MS = 1_000;
const LAST_RETRY_MS = 30_000;

export interface RestParts {
  readonly dispatch: Dispatch;
  readonly token: string;
  readonly version: string;
  readonly log: Log;
}

type RestAddress = Pick<ProxySettings, 'rest_host' | 'rest_port'>;
type Servers = ReadonlyMap<string, Server>;

export class RestServer {
  readonly #log: Log;
  readonly #listener: (request: IncomingMessage, response: ServerResponse) => void;
  #wanted: RestAddress | undefined;
  #servers: Servers = new Map();
  #error: string | undefined;
  #retry: NodeJS.Timeout | undefined;
  #retryMs = FIRST_RETRY_MS;
  #closed = false;

  constructor(parts: RestParts) {
    this.#log = parts.log;
    this.#listener = guardedListener(parts);
  }

  /** Where it listens, or should. */
  state(): Status['agent']['rest'] {
    const { rest_host: host, rest_port: port } = this.#wanted ?? { rest_host: '', rest_port: '' };
    const address = `http://${hostPort({ host, port })}`;
    if (this.#error === undefined) return { address, state: 'listening' };
    return { address, state: 'failed', error: this.#error };
  }

  /**
   * Binds a new address, if it is new.
   * @throws ProxyError conflict in strict mode, when it cannot be bound
   */
  async prepare({ rest_host, rest_port }: RestAddress, mode: 'strict' | 'lenient'): Promise<Prepared> {
    const wanted = { rest_host, rest_port };
    const old = this.#wanted;
    if (old?.rest_host === rest_host && old.rest_port === rest_port) return { commit() {}, async rollback() {} };
    const { servers, error } = await this.#bind(wanted);
    if (error !== undefined && mode === 'strict') {
      await closeAll(added(servers, this.#servers));
      throw error;
    }
    return {
      commit: () => this.#swap(wanted, servers, error),
      rollback: () => closeAll(added(servers, this.#servers)),
    };
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#retry);
    await closeAll([...this.#servers.values()]);
  }

  #swap(wanted: RestAddress, servers: Servers, error: ProxyError | undefined): void {
    const left = added(this.#servers, servers);
    this.#wanted = wanted;
    this.#servers = servers;
    this.#error = error?.message;
    clearTimeout(this.#retry);
    void closeAll(left);
    if (error === undefined) {
      this.#retryMs = FIRST_RETRY_MS;
      this.#log.info({ address: this.state().address }, 'REST listens');
      return;
    }
    this.#log.warn({ error: error.message, retry_ms: this.#retryMs }, 'REST does not listen');
    this.#retry = setTimeout(() => void this.#tryAgain(wanted), this.#retryMs).unref();
    this.#retryMs = Math.min(this.#retryMs * 2, LAST_RETRY_MS);
  }

  async #tryAgain(wanted: RestAddress): Promise<void> {
    const { servers, error } = await this.#bind(wanted);
    // Meanwhile another address may have been set, or the end may have come.
    if (this.#closed || this.#wanted !== wanted) await closeAll(added(servers, this.#servers));
    else this.#swap(wanted, servers, error);
  }

  /** The servers of an address: those that run already, and new ones; what could not be bound is told. */
  async #bind({ rest_host, rest_port }: RestAddress): Promise<{ servers: Servers; error: ProxyError | undefined }> {
    const servers = new Map<string, Server>();
    let error: ProxyError | undefined;
    const hosts = rest_host === 'localhost' ? ['127.0.0.1', '::1'] : [rest_host];
    for (const host of hosts) {
      const key = hostPort({ host, port: rest_port });
      try {
        servers.set(key, this.#servers.get(key) ?? (await listen(host, Number(rest_port), this.#listener)));
      } catch (failure) {
        if (hosts.length === 1 || !isFamilyMissing(failure)) error ??= await bindError(host, rest_port, failure);
      }
    }
    return { servers, error };
  }
}

function guardedListener({ dispatch, token, version, log }: RestParts) {
  const app = createRestApp({ dispatch, version, log });
  const isToken = tokenCheck(token);
  const badTarget = errorParts(invalid([{ path: '', message: 'the request target is no URL' }]));
  const routed = getRequestListener(app.fetch, {
    overrideGlobalObjects: false,
    // It would cut a client that still sends; readFields and Node read such a body to its end.
    autoCleanupIncoming: false,
    errorHandler: () => new Response(badTarget.body, badTarget),
  });
  return (request: IncomingMessage, response: ServerResponse) => {
    const { headers, socket, url } = request;
    const refused = refusal({ headers, path: rawPath(url), localPort: socket.localPort ?? 0 }, isToken);
    if (refused === undefined) return void routed(request, response);
    const { status, headers: fields, body } = errorParts(refused);
    response.writeHead(status, fields).end(body);
  };
}

function listen(
  host: string,
  port: number,
  listener: (request: IncomingMessage, response: ServerResponse) => void,
): Promise<Server> {
  return new Promise((resolve, reject) => {
    const options = {
      headersTimeout: HEADERS_LIMIT_MS,
      requestTimeout: REQUEST_LIMIT_MS,
      connectionsCheckingInterval: CHECK_EVERY_MS,
      // The guard answers a missing Host, in JSON.
      requireHostHeader: false,
    };
    const server = createServer(options, listener);
    server.maxConnections = MAX_CONNECTIONS;
    server.once('error', reject);
    server.listen({ host, port, exclusive: true, ipv6Only: true }, () => resolve(server));
  });
}

/** Those of `some` that are not among `others`. */
function added(some: Servers, others: Servers): Server[] {
  return [...some].filter(([key]) => !others.has(key)).map(([, server]) => server);
}

/** Requests that are being answered get a moment. */
async function closeAll(servers: readonly Server[]): Promise<void> {
  await Promise.all(servers.map(closeOne));
}

function closeOne(server: Server): Promise<void> {
  return new Promise((resolve) => {
    const limit = setTimeout(() => server.closeAllConnections(), CLOSE_LIMIT_MS);
    server.close(() => {
      clearTimeout(limit);
      resolve();
    });
  });
}

async function bindError(host: string, port: string, error: unknown): Promise<ProxyError> {
  const problem = await bindProblem(error, { key: hostPort({ host, port }), address: host, port: Number(port) });
  const message = `REST: ${problem}, with \`prproxy config set --rest-port\``;
  return new ProxyError('conflict', message, undefined, { cause: error });
}
