// The one error class and the one table of codes. A code decides the JSON-RPC number, the HTTP status and the exit
// code; callers match the code, never the text. A message names the thing and the remedy.

interface CodeRow {
  /** JSON-RPC error number. */
  readonly rpc: number;
  /** HTTP status of the REST answer. */
  readonly http: number;
  /** Exit code of the CLI. */
  readonly exit: number;
}

export const ERROR_CODES = {
  invalid: { rpc: -32602, http: 400, exit: 2 },
  unauthorized: { rpc: -32001, http: 401, exit: 2 },
  forbidden: { rpc: -32003, http: 403, exit: 2 },
  not_found: { rpc: -32004, http: 404, exit: 3 },
  unknown_method: { rpc: -32601, http: 404, exit: 2 },
  method_not_allowed: { rpc: -32005, http: 405, exit: 2 },
  conflict: { rpc: -32009, http: 409, exit: 4 },
  too_large: { rpc: -32013, http: 413, exit: 2 },
  unsupported_media_type: { rpc: -32015, http: 415, exit: 2 },
  misdirected: { rpc: -32021, http: 421, exit: 2 },
  unavailable: { rpc: -32053, http: 503, exit: 5 },
  agent_unreachable: { rpc: -32060, http: 503, exit: 6 },
  newer_schema: { rpc: -32070, http: 503, exit: 7 },
  version_mismatch: { rpc: -32071, http: 503, exit: 7 },
  internal: { rpc: -32603, http: 500, exit: 1 },
} as const satisfies Record<string, CodeRow>;

export type ErrorCode = keyof typeof ERROR_CODES;

/** One thing that is wrong with an input: where, and what to do. */
export interface Problem {
  readonly path: string;
  readonly message: string;
}

/** An error that the user can act on. Anything else that is thrown is a bug. */
export class ProxyError extends Error {
  readonly code: ErrorCode;
  readonly details: Readonly<Record<string, unknown>> | undefined;

  constructor(code: ErrorCode, message: string, details?: Readonly<Record<string, unknown>>, options?: ErrorOptions) {
    super(message, options);
    this.name = 'ProxyError';
    this.code = code;
    this.details = details;
  }
}

/** The body of an error, the same in REST, under --json and in `data` of a JSON-RPC error. */
export interface ErrorBody {
  readonly code: number;
  readonly message: string;
  readonly error: ErrorCode;
  readonly details?: Readonly<Record<string, unknown>>;
}

export function errorBody(error: ProxyError): ErrorBody {
  const body = { code: ERROR_CODES[error.code].http, message: error.message, error: error.code };
  return error.details === undefined ? body : { ...body, details: error.details };
}

/** The inverse of `errorBody`, for the client's side of a connection; an unknown code reads as `internal`. */
export function errorFromBody(body: ErrorBody): ProxyError {
  const code = Object.hasOwn(ERROR_CODES, body.error) ? body.error : 'internal';
  return new ProxyError(code, body.message, body.details);
}

/** One error for many problems; the message holds them all, `details.problems` each with its path. */
export function invalid(problems: readonly Problem[]): ProxyError {
  const text = problems.map((p) => (p.path === '' ? p.message : `${p.path}: ${p.message}`)).join('; ');
  return new ProxyError('invalid', text, { problems });
}
