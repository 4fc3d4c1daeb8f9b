// A stored route → the route that runs. Pure. Compiled routes are kept as long as the stored object they come from.
import { createHash } from 'node:crypto';
import { isIP } from 'node:net';
import { RE2JS } from 're2js';
import { ProxyError } from '../../src/errors.ts';
import type { HttpRoute as StoredRoute, TcpRoute as StoredTcpRoute } from '../../src/model/host.ts';
import type { HeaderSetting, HttpRoute, UpstreamTls } from '../proxy/plan.ts';
import type { PathPattern } from '../proxy/router.ts';
import type { Target } from '../targets.ts';
import { hostPort } from './refs.ts';

/** Seconds that a request waits for a VM that is coming. */
export const DEFAULT_HOLD_S = 10;
/** Milliseconds that a look-up of a target's name may take. */
const LOOKUP_MS = 5_000;
/** Instructions of a compiled pattern: bounds the cost of matching one character. */
export const MAX_PATTERN_PROGRAM = 1_000;

type StoredTarget = Pick<StoredTcpRoute, 'target_host' | 'target_vm_id' | 'target_vm_name' | 'target_port' | 'hold'>;

export function targetOf(route: StoredTarget): Target {
  const port = Number(route.target_port);
  if (route.target_vm_id !== undefined)
    return { kind: 'vm', vm: `parallels:${route.target_vm_id.toLowerCase()}`, port };
  return { kind: 'address', host: route.target_host!, port };
}

/** For people, in an answer to a client: a VM by its name, an address not at all. */
export function targetLabel(route: StoredTarget): string {
  return route.target_vm_id === undefined ? 'the target' : `VM ${route.target_vm_name ?? route.target_vm_id}`;
}

/** For the log: where exactly. */
export function targetText(route: StoredTarget): string {
  if (route.target_vm_id !== undefined) return `${targetLabel(route)} port ${route.target_port}`;
  return hostPort({ host: route.target_host!, port: route.target_port });
}

export function holdMs(route: StoredTarget): number {
  return route.target_vm_id === undefined ? LOOKUP_MS : (route.hold ?? DEFAULT_HOLD_S) * 1000;
}

export function compileRoute(route: StoredRoute): HttpRoute {
  const target = targetOf(route);
  const tls = upstreamTls(route);
  return {
    id: route.id,
    label: route.path ?? `~ ${route.pattern}`,
    target,
    targetLabel: targetLabel(route),
    targetText: targetText(route),
    poolKey: poolKey(target, tls),
    tls,
    requestHeaders: headerSettings(route.request_headers),
    responseHeaders: headerSettings(route.response_headers),
    stripPrefix: route.strip_prefix === true && route.path !== undefined && route.path !== '/' ? route.path : '',
    preserveHost: route.preserve_host !== false,
    holdMs: holdMs(route),
    responseTimeoutMs: route.response_timeout === undefined ? undefined : route.response_timeout * 1000,
  };
}

function headerSettings(map: Readonly<Record<string, string>>): HeaderSetting[] {
  return Object.entries(map).map(([name, value]) => ({ name, lower: name.toLowerCase(), value }));
}

function upstreamTls(route: StoredRoute): UpstreamTls | undefined {
  if (route.schema !== 'https') return undefined;
  const named = route.target_host !== undefined && isIP(route.target_host) === 0 ? route.target_host : undefined;
  return { serverName: route.tls_server_name ?? named, ca: route.ca, insecure: route.insecure === true };
}

/** Begins with the target's identity, so that `Pool.forget` finds a VM's connections. */
function poolKey(target: Target, tls: UpstreamTls | undefined): string {
  const identity = target.kind === 'vm' ? target.vm : `address:${target.host}`;
  const key = `${identity}:${target.port}`;
  if (tls === undefined) return key;
  const settings = createHash('sha256').update(JSON.stringify(tls)).digest('base64url');
  return `${key}|tls:${settings}`;
}

/**
 * RE2 syntax, searched in the path, linear in its length.
 * @throws ProxyError invalid
 */
export function compilePattern(pattern: string): PathPattern {
  let expression: RE2JS;
  try {
    expression = RE2JS.compile(pattern);
  } catch (error) {
    throw badPattern(pattern, error instanceof Error ? error.message : String(error), error);
  }
  if (expression.programSize() > MAX_PATTERN_PROGRAM)
    throw badPattern(pattern, 'it is too large when compiled', undefined);
  return { matches: (path) => expression.test(path) };
}

function badPattern(pattern: string, why: string, cause: unknown): ProxyError {
  const message = `${JSON.stringify(pattern)} is no valid RE2 expression (${why}); see https://github.com/google/re2/wiki/Syntax`;
  const problems = [{ path: 'pattern', message }];
  return new ProxyError('invalid', `pattern: ${message}`, { problems }, { cause });
}
