// Errors in the words of the command line: what was wrong, field by field, with the flag that sets the field.
import { type Problem, ProxyError } from '../errors.ts';

/** Fields whose flag is not just the field's name with dashes. */
const FLAG_OF: Readonly<Record<string, string>> = {
  target_port: 'port',
  target_vm_id: 'vm',
  target_host: 'target-host',
  request_headers: 'request-header',
  response_headers: 'response-header',
  'cors.allowed_origins': 'cors-origin',
  'cors.allowed_methods': 'cors-method',
  'cors.allowed_headers': 'cors-header',
  'cors.exposed_headers': 'cors-exposed-header',
  'cors.allow_credentials': 'cors-credentials',
  'cors.max_age': 'cors-max-age',
  'tls.cert': 'tls-cert',
  'tls.key': 'tls-key',
  timeouts: 'timeout',
  limits: 'limit',
};

/** What oclif throws for `exit(n)`, as the code; undefined for anything else. */
export function exitOf(thrown: unknown): number | undefined {
  const { code, oclif } = thrown as { code?: string; oclif?: { exit?: number } };
  return code === 'EEXIT' ? (oclif?.exit ?? 0) : undefined;
}

/** True for what oclif throws about a command line that it cannot take. */
export function isUsageError(thrown: unknown): boolean {
  return !(thrown instanceof ProxyError) && (thrown as { oclif?: unknown }).oclif !== undefined;
}

/** Usage errors are `invalid`; what is no error of ours is a bug. */
export function asProxyError(thrown: unknown): ProxyError {
  if (thrown instanceof ProxyError) return thrown;
  const text = thrown instanceof Error ? thrown.message : String(thrown);
  if (!isUsageError(thrown)) return new ProxyError('internal', text, undefined, { cause: thrown });
  return new ProxyError('invalid', text.replace('\nSee more help with --help', '').trim());
}

/** The first line is the error; further ones are its problems, one each. */
export function errorLines(error: ProxyError, flags: readonly string[]): string[] {
  const problems = (error.details?.problems as readonly Problem[] | undefined) ?? [];
  const lines = problems.map((problem) => problemLine(problem, flags));
  if (lines.length === 0) return error.message.split('\n');
  if (lines.length === 1) return lines;
  return [`${lines.length} problems`, ...lines.map((line) => `  ${line}`)];
}

function problemLine({ path, message }: Problem, flags: readonly string[]): string {
  if (path === '') return message;
  const flag = flagOf(path, flags);
  return flag === undefined ? `${path}: ${message}` : `${path} (--${flag}): ${message}`;
}

function flagOf(path: string, flags: readonly string[]): string | undefined {
  const parts = path.replaceAll(/\[\d+\]/g, '').split('.');
  for (let n = Math.min(parts.length, 2); n > 0; n--) {
    const field = parts.slice(0, n).join('.');
    const flag = FLAG_OF[field] ?? field.replaceAll('_', '-');
    if (flags.includes(flag)) return flag;
  }
  return undefined;
}
