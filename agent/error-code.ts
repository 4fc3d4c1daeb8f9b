// The code of a system's or Node's error (`ECONNREFUSED`, `ERR_TLS_…`), which errors carry without a type.

/** '' when it has none. */
export function errorCode(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
}
