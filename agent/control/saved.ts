// What a saved file may hold: the shape, older shapes and how they become the present one. Pure.
import { invalid, type Problem, ProxyError } from '../../src/errors.ts';
import { DEFAULT_PROXY, ProxyConfig, ProxyPatch, SCHEMA_VERSION } from '../../src/model/config.ts';
import { type Host, HostDraft } from '../../src/model/host.ts';
import { hostProblems } from './host-rules.ts';
import { issueMessage, problemsFromIssues } from './problems.ts';
import { hostKeys } from './refs.ts';

export type RawConfig = Readonly<Record<string, unknown>>;

/** `migrations[n]` makes version n + 1 out of version n. */
export type Migrations = Readonly<Record<number, (raw: RawConfig) => RawConfig>>;

export interface Schema {
  readonly version: number;
  readonly migrations: Migrations;
}

/** There is only one version yet. */
export const PRESENT_SCHEMA: Schema = { version: SCHEMA_VERSION, migrations: {} };

/**
 * The version of the shape that a file has.
 * @throws ProxyError invalid when there is none, newer_schema when this program is too old for it
 */
export function schemaVersion(raw: RawConfig, schema: Schema, path: string): number {
  const version = raw.schema;
  if (typeof version !== 'number' || !Number.isInteger(version) || version < 1) {
    throw invalid([{ path: 'schema', message: 'must be the number of a version' }]);
  }
  if (version > schema.version) {
    throw new ProxyError(
      'newer_schema',
      `${path} has schema ${version}, and this prproxy knows schemas up to ${schema.version}; install the newer prproxy again, or move the file away`,
      { found: version, supported: schema.version },
    );
  }
  return version;
}

/** Brings a raw config from an older version to the present one. @throws ProxyError invalid when a step fails */
export function migrated(raw: RawConfig, from: number, schema: Schema): RawConfig {
  let present = raw;
  for (let version = from; version < schema.version; version++) {
    try {
      present = { ...schema.migrations[version]!(present), schema: version + 1 };
    } catch (error) {
      const message = `cannot be migrated from schema ${version}: ${error instanceof Error ? error.message : String(error)}`;
      throw new ProxyError('invalid', message, undefined, { cause: error });
    }
  }
  return present;
}

/**
 * Checks everything that a command's input is checked for, since the file may have been edited by hand.
 * @throws ProxyError invalid, with all problems
 */
export function configFromRaw(raw: RawConfig): ProxyConfig {
  const { schema: _schema, ...rest } = raw;
  const shape = ProxyConfig.safeParse(rest, { error: issueMessage });
  if (!shape.success) throw invalid(problemsFromIssues(shape.error.issues));
  const config = shape.data;
  const problems = [...proxyProblems(config), ...config.hosts.flatMap(savedHostProblems), ...duplicates(config)];
  if (problems.length > 0) throw invalid(problems);
  return config;
}

function proxyProblems({ proxy }: ProxyConfig): Problem[] {
  const parsed = ProxyPatch.safeParse(proxy, { error: issueMessage });
  return parsed.success ? [] : problemsFromIssues(parsed.error.issues, ['proxy']);
}

/** A stored host is a valid draft of itself. */
function savedHostProblems(host: Host, index: number): Problem[] {
  const at = `hosts[${index}]`;
  const parsed = HostDraft.safeParse(host, { error: issueMessage });
  const own = hostProblems(host).map((problem) => ({ ...problem, path: `${at}.${problem.path}` }));
  return parsed.success ? own : [...own, ...problemsFromIssues(parsed.error.issues, ['hosts', index])];
}

function duplicates({ hosts }: ProxyConfig): Problem[] {
  const seen = new Map<string, number>();
  return hosts.flatMap((host, index) =>
    [...new Set(hostKeys(host))].flatMap((key) => {
      const first = seen.get(key);
      seen.set(key, first ?? index);
      return first === undefined ? [] : [{ path: `hosts[${index}]`, message: `${key} is used by hosts[${first}] too` }];
    }),
  );
}

/** What a first start begins with. The pseudonym tells installations apart in Via, and nothing about the machine. */
export function freshConfig(): ProxyConfig {
  const random = crypto.randomUUID().slice(0, 8);
  return { installation: `prproxy-${random}`, proxy: structuredClone(DEFAULT_PROXY), hosts: [] };
}
