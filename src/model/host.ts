// A host and its routes: as taken (drafts), as stored, as shown (views). One shape everywhere: the saved file, RPC,
// REST and --json hold the same JSON. Drafts accept the output-only fields of a view and ignore them, so that
// GET → edit → PUT works; any other unknown field is an error.
import { X509Certificate } from 'node:crypto';
import { z } from 'zod';
import { hasDotSegment } from './dot-segment.ts';
import { HeaderMap, ListenHost, Name, Port, PortInput, Ref, Seconds, TargetHost } from './values.ts';

/** Longest regular expression that is taken, in characters. */
export const MAX_PATTERN_LENGTH = 1000;
/** Longest literal path that is taken, in characters. */
export const MAX_PATH_LENGTH = 2000;

/**
 * For a check that reads several fields: it runs although other fields are wrong, so that all problems are told at
 * once, but not when one of its own is.
 */
function unlessWrong(...fields: readonly string[]) {
  return {
    when: ({ value, issues }: z.core.ParsePayload) =>
      typeof value === 'object' && value !== null && !issues.some((issue) => fields.includes(String(issue.path?.[0]))),
  };
}

// --- CORS and TLS ------------------------------------------------------------------------------------------------

const ORIGIN = /^https?:\/\/(\[[0-9a-f:.]+\]|[a-z0-9_*.-]+)(:[0-9]{1,5})?$/;

function isOrigin(origin: string): boolean {
  if (origin === '*') return true;
  if (!ORIGIN.test(origin)) return false;
  const labels = origin
    .replace(/^https?:\/\//, '')
    .replace(/:[0-9]+$/, '')
    .split('.');
  const stars = labels.filter((label) => label.includes('*'));
  return stars.length === 0 || (stars.length === 1 && stars[0] === '*' && labels.length > 1);
}

const Origin = z
  .string()
  .transform((s) => s.toLowerCase())
  .refine(isOrigin, 'must be * or an origin such as https://app.test (one label may be *: https://*.app.test)');
const Token = z.string().regex(/^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/, 'must be a token without spaces');

const corsShape = {
  enabled: z.boolean(),
  allowed_methods: z.array(Token).optional(),
  allowed_headers: z.array(Token).optional(),
  allow_credentials: z.boolean().optional(),
  exposed_headers: z.array(Token).optional(),
  max_age: Seconds.optional(),
};

export const CorsInput = z
  .strictObject({ ...corsShape, allowed_origins: z.array(Origin).optional() })
  .refine((cors) => !(cors.allow_credentials === true && (cors.allowed_origins ?? ['*']).includes('*')), {
    ...unlessWrong('allow_credentials', 'allowed_origins'),
    path: ['allow_credentials'],
    message: 'needs a list of origins: browsers refuse credentials with "*"; set allowed_origins',
  });
/** Origins when the list is left out. */
export const DEFAULT_CORS_ORIGINS = ['*'];

export const Cors = z.object({ ...corsShape, allowed_origins: z.array(z.string()).optional() });
export type Cors = z.infer<typeof Cors>;

/** Given back as it is, so a key in it would get out. */
const Certificates = z
  .string()
  .max(1_000_000)
  .refine((pem) => !pem.includes('PRIVATE KEY-----'), 'must hold certificates only, no private key');

/** PEM text itself, at least one certificate, all of them readable. */
const TrustedCertificates = Certificates.refine(areCertificates, 'must be PEM text of one or more certificates');

function areCertificates(pem: string): boolean {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g);
  if (blocks === null) return false;
  return blocks.every((block) => {
    try {
      return new X509Certificate(block).serialNumber !== '';
    } catch {
      return false;
    }
  });
}

export const TlsInput = z.strictObject({
  enabled: z.boolean(),
  cert: Certificates.optional().describe('certificate chain: PEM text or the path of a file'),
  key: z.string().max(1_000_000).optional().describe('private key: PEM text or the path of a file; never given back'),
});
export const Tls = z.object({ enabled: z.boolean(), cert: z.string().optional(), key: z.string().optional() });
export type Tls = z.infer<typeof Tls>;
export const TlsView = z.object({ enabled: z.boolean(), cert: z.string().optional() });

// --- Routes ------------------------------------------------------------------------------------------------------

/** `/app/` means `/app`; `/` stays. */
function canonicalPath(path: string): string {
  return path.length > 1 ? path.replace(/\/+$/, '') || '/' : path;
}

const Path = z
  .string()
  .max(MAX_PATH_LENGTH)
  .regex(/^\//, 'must begin with /')
  .regex(/^[^?#]*$/, 'must not have ? or #: routes match the path only')
  .regex(/^[\x21-\x7e]*$/, 'must be as it is sent: percent-encode spaces, controls and non-ASCII characters')
  .refine((path) => !hasDotSegment(path), 'must have no . or .. segment, encoded or not: such requests are refused')
  .transform(canonicalPath)
  .describe('literal prefix ending at a segment boundary');
const Pattern = z
  .string()
  .min(1)
  .max(MAX_PATTERN_LENGTH, `must be at most ${MAX_PATTERN_LENGTH} characters`)
  .describe('RE2 expression, searched in the path');

const targetInput = {
  target_host: TargetHost.optional(),
  target_vm_id: Ref.optional().describe('id or name of a VM'),
  target_port: PortInput,
  hold: Seconds.optional().describe('seconds that a request waits for a VM that is coming; default 10, 0 = never'),
};
const targetStored = {
  target_host: z.string().optional(),
  target_vm_id: z.string().optional(),
  target_vm_name: z.string().optional(),
  target_port: Port,
  hold: Seconds.optional(),
};
const routeShape = {
  schema: z.enum(['http', 'https']),
  request_headers: HeaderMap,
  response_headers: HeaderMap,
  strip_prefix: z.boolean().optional(),
  preserve_host: z.boolean().optional(),
  response_timeout: Seconds.optional(),
  tls_server_name: z.string().max(253).optional(),
  ca: TrustedCertificates.optional().describe('PEM certificates that are trusted besides the usual ones'),
  insecure: z.boolean().optional().describe('do not check the certificate of the target'),
};
const ignored = z.unknown().optional().describe('output only: accepted and ignored');

interface OneTarget {
  target_host?: string | undefined;
  target_vm_id?: string | undefined;
}

function oneTarget(draft: OneTarget): boolean {
  return (draft.target_host === undefined) !== (draft.target_vm_id === undefined);
}
const ONE_TARGET = {
  ...unlessWrong('target_host', 'target_vm_id'),
  path: ['target_vm_id'],
  message: 'give exactly one of target_vm_id and target_host',
};

export const HttpRouteDraft = z
  .strictObject({
    id: Ref.optional(),
    order: z.int().min(1).optional().describe('place among the routes, from 1'),
    path: Path.optional(),
    pattern: Pattern.optional(),
    ...targetInput,
    ...routeShape,
    schema: routeShape.schema.default('http'),
    request_headers: HeaderMap.default({}),
    response_headers: HeaderMap.default({}),
    target_vm_name: ignored,
    target_vm_details: ignored,
  })
  .refine((r) => (r.path === undefined) !== (r.pattern === undefined), {
    ...unlessWrong('path', 'pattern'),
    path: ['path'],
    message: 'give exactly one of path and pattern',
  })
  .refine((r) => !(r.strip_prefix === true && r.pattern !== undefined), {
    ...unlessWrong('strip_prefix', 'pattern'),
    path: ['strip_prefix'],
    message: 'works with path only: a pattern has no prefix',
  })
  .refine(oneTarget, ONE_TARGET);
export type HttpRouteDraft = z.infer<typeof HttpRouteDraft>;

export const HttpRoute = z.object({
  id: z.string(),
  order: z.int(),
  path: z.string().optional(),
  pattern: z.string().optional(),
  ...targetStored,
  ...routeShape,
});
export type HttpRoute = z.infer<typeof HttpRoute>;

export const TcpRouteDraft = z
  .strictObject({ id: Ref.optional(), ...targetInput, target_vm_name: ignored, target_vm_details: ignored })
  .refine(oneTarget, ONE_TARGET);
export type TcpRouteDraft = z.infer<typeof TcpRouteDraft>;

export const TcpRoute = z.object({ id: z.string(), ...targetStored });
export type TcpRoute = z.infer<typeof TcpRoute>;

// --- Hosts -------------------------------------------------------------------------------------------------------

const outputOnly = { state: ignored, error: ignored, warnings: ignored };

export const HostDraft = z.strictObject({
  id: Ref.optional(),
  name: Name.optional(),
  host: ListenHost.optional(),
  port: PortInput.optional(),
  cors: CorsInput.optional(),
  tls: TlsInput.optional(),
  http_routes: z.array(HttpRouteDraft).max(10_000).optional(),
  tcp_route: TcpRouteDraft.optional(),
  ...outputOnly,
});
export type HostDraft = z.infer<typeof HostDraft>;

/** Absent = leave as it is, null = remove. `http_routes`, when present, replaces the whole list. */
export const HostPatch = z.strictObject({
  id: Ref.optional(),
  name: Name.nullish(),
  host: ListenHost.nullish(),
  port: PortInput.nullish(),
  cors: CorsInput.nullish(),
  tls: TlsInput.nullish(),
  http_routes: z.array(HttpRouteDraft).max(10_000).nullish(),
  tcp_route: TcpRouteDraft.nullish(),
  ...outputOnly,
});
export type HostPatch = z.infer<typeof HostPatch>;

/** As stored. `name` is always there: made from host:port when none was given. */
export const Host = z.object({
  id: z.string(),
  name: z.string(),
  host: z.string(),
  port: Port,
  cors: Cors.optional(),
  tls: Tls.optional(),
  http_routes: z.array(HttpRoute),
  tcp_route: TcpRoute.optional(),
});
export type Host = z.infer<typeof Host>;

// --- Views -------------------------------------------------------------------------------------------------------

export const VmDetails = z.object({
  name: z.string(),
  state: z.string(),
  os: z.string(),
  uptime: z.string(),
  guest_tools_state: z.string(),
  guest_tools_version: z.string(),
  internal_ip_address: z.string(),
  host_external_ip_address: z.string(),
});
export type VmDetails = z.infer<typeof VmDetails>;

const vmView = { target_vm_details: VmDetails.optional() };

export const HttpRouteView = HttpRoute.extend(vmView);
export type HttpRouteView = z.infer<typeof HttpRouteView>;
export const TcpRouteView = TcpRoute.extend(vmView);
export type TcpRouteView = z.infer<typeof TcpRouteView>;

export const HostState = z.enum(['listening', 'failed', 'off']);
export type HostState = z.infer<typeof HostState>;

export const HostView = Host.extend({
  tls: TlsView.optional(),
  http_routes: z.array(HttpRouteView),
  tcp_route: TcpRouteView.optional(),
  state: HostState,
  error: z.string().optional(),
  warnings: z.array(z.string()).optional(),
});
export type HostView = z.infer<typeof HostView>;
