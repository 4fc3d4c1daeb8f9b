// Who may use the REST server. Decided from the head alone, in this order: Host (a name that points here must not let a
// web page in), Origin, token. Pure.
import type { IncomingHttpHeaders } from 'node:http';
import { isIP } from 'node:net';
import { ProxyError } from '../../src/errors.ts';

export interface GuardedRequest {
  readonly headers: IncomingHttpHeaders;
  /** Without query. */
  readonly path: string;
  /** The port that the request came in at. */
  readonly localPort: number;
}

/** The description of the API is no secret. */
const PUBLIC_PATH = /^\/(?:api\/)?v1\/openapi\.json$/;

/** Why a request is refused; undefined when it may go on. */
export function refusal(request: GuardedRequest, isToken: (given: string) => boolean): ProxyError | undefined {
  const { host, origin } = request.headers;
  if (host === undefined || !isOwnAuthority(host, request.localPort)) {
    return new ProxyError(
      'misdirected',
      `this is prproxy's REST server: use the address 127.0.0.1 or localhost and port ${request.localPort}`,
    );
  }
  if (origin !== undefined && !isOwnOrigin(origin, request.localPort)) {
    return new ProxyError('forbidden', 'requests from web pages of another origin are refused');
  }
  if (PUBLIC_PATH.test(request.path)) return undefined;
  const given = givenToken(request.headers);
  if (given !== undefined && isToken(given)) return undefined;
  const what = given === undefined ? 'a token is needed' : 'the token is wrong';
  return new ProxyError(
    'unauthorized',
    `${what}: send "Authorization: Bearer <token>" with the token in the file rest-token`,
  );
}

function isOwnOrigin(origin: string, port: number): boolean {
  return origin.startsWith('http://') && isOwnAuthority(origin.slice('http://'.length), port);
}

/** A loopback name or address, and our port. */
function isOwnAuthority(authority: string, port: number): boolean {
  const [, name = '', given = '80'] = /^(\[[0-9a-f:.]+\]|[^:[\]@/]+)(?::([0-9]{1,5}))?$/i.exec(authority) ?? [];
  return Number(given) === port && isLoopback(name.toLowerCase());
}

function isLoopback(name: string): boolean {
  return name === 'localhost' || name === '[::1]' || (isIP(name) === 4 && name.startsWith('127.'));
}

function givenToken(headers: IncomingHttpHeaders): string | undefined {
  const bearer = /^bearer +(\S+)$/i.exec(headers.authorization ?? '')?.[1];
  const key = headers['x-api-key'];
  return bearer ?? (typeof key === 'string' ? key : undefined);
}
