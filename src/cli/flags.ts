// Flags and arguments that several commands share, and the part of a request that each group of them makes. Rules are
// the agent's: nothing here is required, and values are passed on as they were given.
import { resolve } from 'node:path';
import { string as stringArg } from '@oclif/core/args';
import { boolean, string } from '@oclif/core/flags';
import type { Params } from '../contract.ts';
import { invalid, type ProxyError } from '../errors.ts';
import { parseHeaders, parseNumber, readTextFile } from './parse.ts';

export const hostArg = stringArg({ required: true, description: 'id, name or host:port of the host' });
export const routeArg = stringArg({ required: true, description: 'id, path or pattern of the route' });
export const vmArg = stringArg({ required: true, description: 'id or name of the VM' });
export const LISTEN_FORMS =
  'host:port, host or :port; host is an IP address, localhost, a hostname or *.hostname. What is left out comes from the settings of the proxy';

/** A repeated flag takes one value each time, so that arguments may follow it. */
export const many = { multiple: true, multipleNonGreedy: true } as const;

// --- CORS and TLS of a host --------------------------------------------------------------------------------------

const CORS = { helpGroup: 'CORS' };
const TLS = { helpGroup: 'TLS' };

export const corsFlags = {
  cors: boolean({ ...CORS, allowNo: true, description: 'answer CORS requests; any --cors-… flag turns it on' }),
  'cors-origin': string({
    ...CORS,
    ...many,
    helpValue: 'https://app.test',
    description: 'allowed origin (default: all)',
  }),
  'cors-method': string({
    ...CORS,
    ...many,
    helpValue: 'GET',
    description: 'allowed method (default: the usual ones)',
  }),
  'cors-header': string({
    ...CORS,
    ...many,
    helpValue: 'NAME',
    description: 'allowed header (default: those asked for)',
  }),
  'cors-exposed-header': string({ ...CORS, ...many, helpValue: 'NAME', description: 'header that scripts may read' }),
  'cors-credentials': boolean({ ...CORS, description: 'allow cookies and authorization; needs --cors-origin' }),
  'cors-max-age': string({ ...CORS, helpValue: 'SECONDS', description: 'how long browsers may keep the answer' }),
};
export const tlsFlags = {
  'tls-cert': string({ ...TLS, helpValue: 'FILE', description: 'certificate chain (PEM); turns TLS on' }),
  'tls-key': string({ ...TLS, helpValue: 'FILE', description: 'private key (PEM)' }),
};

interface CorsValues {
  cors: boolean | undefined;
  'cors-origin': string[] | undefined;
  'cors-method': string[] | undefined;
  'cors-header': string[] | undefined;
  'cors-exposed-header': string[] | undefined;
  'cors-credentials': boolean | undefined;
  'cors-max-age': string | undefined;
}

/** null for --no-cors: in a patch it removes. @throws ProxyError when there are settings beside it */
export function corsFromFlags(flags: CorsValues): Params<'host.add'>['cors'] | null {
  const cors = {
    allowed_origins: flags['cors-origin'],
    allowed_methods: flags['cors-method'],
    allowed_headers: flags['cors-header'],
    exposed_headers: flags['cors-exposed-header'],
    allow_credentials: flags['cors-credentials'],
    max_age: optionalNumber('cors.max_age', flags['cors-max-age']),
  };
  const settings = Object.values(cors).some((value) => value !== undefined);
  if (flags.cors === false && settings) throw contradiction('cors', '--no-cors', '--cors-…');
  if (flags.cors === false) return null;
  return flags.cors === true || settings ? { enabled: true, ...cors } : undefined;
}

interface TlsValues {
  'tls-cert': string | undefined;
  'tls-key': string | undefined;
}

/** Files are named by their absolute path: the agent reads them, now and after a restart. */
export function tlsFromFlags({ 'tls-cert': cert, 'tls-key': key }: TlsValues) {
  if (cert === undefined && key === undefined) return undefined;
  return { enabled: true, cert: cert && resolve(cert), key: key && resolve(key) };
}

/** The same for a patch: null for --no-tls. @throws ProxyError when there are settings beside it */
export function tlsPatchFromFlags({ 'no-tls': off, ...flags }: TlsValues & { 'no-tls': boolean | undefined }) {
  const tls = tlsFromFlags(flags);
  if (off && tls !== undefined) throw contradiction('tls', '--no-tls', '--tls-…');
  return off ? null : tls;
}

function contradiction(path: string, off: string, on: string): ProxyError {
  return invalid([{ path, message: `${off} and ${on} contradict each other; give one of them` }]);
}

// --- Targets and routes ------------------------------------------------------------------------------------------

const TARGET = { helpGroup: 'TARGET' };
const HTTPS = { helpGroup: 'HTTPS TARGET' };

export const targetFlags = {
  vm: string({ ...TARGET, helpValue: 'ID_OR_NAME', description: 'VM that gets the traffic; this or --target-host' }),
  'target-host': string({
    ...TARGET,
    helpValue: 'HOST',
    description: 'address or hostname that gets the traffic; this or --vm',
  }),
  port: string({ ...TARGET, helpValue: 'PORT', description: 'port of the target; must be given' }),
  hold: string({
    ...TARGET,
    helpValue: 'SECONDS',
    description: 'how long to wait for a VM that is coming (default 10)',
  }),
};

interface TargetValues {
  vm: string | undefined;
  'target-host': string | undefined;
  port: string | undefined;
  hold: string | undefined;
}

export function targetFromFlags(flags: TargetValues) {
  return {
    target_vm_id: flags.vm,
    target_host: flags['target-host'],
    // A missing port goes out as it is: the agent's message names it.
    target_port: flags.port as string,
    hold: optionalNumber('hold', flags.hold),
  };
}

export const httpRouteFlags = {
  path: string({ helpValue: '/app', description: 'literal prefix that ends at a segment; this or --pattern' }),
  pattern: string({ helpValue: 'RE', description: 'RE2 expression that is searched in the path; this or --path' }),
  order: string({
    helpValue: 'N',
    description: 'place among the routes, from 1 (default: before less specific paths, else last)',
  }),
  'request-header': string({ ...many, helpValue: "'K: V'", description: 'header that is set on requests' }),
  'response-header': string({
    ...many,
    helpValue: "'K: V'",
    description: 'header that is set on answers of the target',
  }),
  'strip-prefix': boolean({ allowNo: true, description: 'take the path of the route off the path of the request' }),
  'preserve-host': boolean({
    allowNo: true,
    description: 'pass on the Host of the request (default); no: send that of the target',
  }),
  'response-timeout': string({
    helpValue: 'SECONDS',
    description: 'how long to wait for the head of an answer; 0 = no limit',
  }),
  schema: string({ ...TARGET, helpValue: 'http|https', description: 'how to speak to the target (default http)' }),
  'tls-server-name': string({
    ...HTTPS,
    helpValue: 'NAME',
    description: 'name that the certificate is checked against',
  }),
  ca: string({ ...HTTPS, helpValue: 'FILE', description: 'PEM certificates that are trusted besides the usual ones' }),
  insecure: boolean({ ...HTTPS, allowNo: true, description: 'do not check the certificate' }),
};

interface HttpRouteValues extends TargetValues {
  path: string | undefined;
  pattern: string | undefined;
  order: string | undefined;
  'request-header': string[] | undefined;
  'response-header': string[] | undefined;
  'strip-prefix': boolean | undefined;
  'preserve-host': boolean | undefined;
  'response-timeout': string | undefined;
  schema: string | undefined;
  'tls-server-name': string | undefined;
  ca: string | undefined;
  insecure: boolean | undefined;
}

export function httpRouteFromFlags(flags: HttpRouteValues): Omit<Params<'route.http.add'>, 'host_id'> {
  return {
    path: flags.path,
    pattern: flags.pattern,
    order: optionalNumber('order', flags.order),
    ...targetFromFlags(flags),
    schema: flags.schema as 'http' | 'https' | undefined,
    request_headers: parseHeaders('request_headers', flags['request-header']),
    response_headers: parseHeaders('response_headers', flags['response-header']),
    strip_prefix: flags['strip-prefix'],
    preserve_host: flags['preserve-host'],
    response_timeout: optionalNumber('response_timeout', flags['response-timeout']),
    tls_server_name: flags['tls-server-name'],
    ca: flags.ca && readTextFile('ca', flags.ca),
    insecure: flags.insecure,
  };
}

function optionalNumber(field: string, text: string | undefined): number | undefined {
  return text === undefined ? undefined : parseNumber(field, text);
}
