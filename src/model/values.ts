// The small values of the model: ports, hostnames, addresses, header names. Each is a zod schema whose message names
// what is allowed. Input may be loose (a number for a port, upper case in a name); what comes out is canonical.
import { isIP, SocketAddress } from 'node:net';
import { z } from 'zod';

const PORT = /^[1-9][0-9]{0,4}$/;

function isPort(text: string): boolean {
  return PORT.test(text) && Number(text) <= 65535;
}

const PORT_MESSAGE = 'must be a port: 1 to 65535, without leading zeros';

/** A port as it is stored and shown: a decimal string. */
export const Port = z.string().refine(isPort, PORT_MESSAGE).describe('port, 1 to 65535');

/** A port as it is taken: a string or a number. */
export const PortInput = z
  .union([z.string(), z.number()], { error: ({ input }) => (input === undefined ? 'is missing' : PORT_MESSAGE) })
  .transform(String)
  .refine(isPort, PORT_MESSAGE)
  .describe('port, 1 to 65535, as a string or a number');

/** One address in its shortest form: `::1`, `127.0.0.1`, `fe80::1%eth0`. The argument is an IP literal without brackets. */
export function canonicalIp(ip: string): string {
  if (isIP(ip) !== 6) return ip;
  // SocketAddress drops a zone, or refuses it.
  const [address = '', zone] = ip.split('%', 2);
  const system = new SocketAddress({ address, family: 'ipv6' }).address;
  // Only IPv4-mapped addresses are shown with dots; systems also do it with ::1:9000.
  const short = system.startsWith('::ffff:') ? system : new URL(`http://[${address}]`).hostname.slice(1, -1);
  return zone === undefined ? short : `${short}%${zone}`;
}

const LABEL = '[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?';
const HOSTNAME = new RegExp(`^${LABEL}(?:\\.${LABEL})*$`);

/** True for a DNS name; not for an IP literal. Lower case is expected. */
export function isHostname(name: string): boolean {
  return name.length <= 253 && HOSTNAME.test(name) && !/^[0-9.]+$/.test(name);
}

function canonicalHost(text: string): string {
  const bare = text.startsWith('[') && text.endsWith(']') ? text.slice(1, -1) : text;
  if (isIP(bare) !== 0) return canonicalIp(bare);
  return text.toLowerCase().replace(/\.$/, '');
}

function isListenHost(host: string): boolean {
  if (isIP(host) !== 0) return !host.includes('%');
  return isHostname(host.startsWith('*.') ? host.slice(2) : host);
}

/** What a host listens for: an IP literal, `localhost`, a name, or `*.name`. */
export const ListenHost = z
  .string()
  .transform(canonicalHost)
  .refine(isListenHost, 'must be an IP address, localhost, a hostname (web.local) or a wildcard (*.web.local)')
  .describe('IP address, localhost, hostname or *.hostname');

/** Where the default host listens: it is bound, so names other than localhost make no sense. */
export const BindHost = z
  .string()
  .transform(canonicalHost)
  .refine(
    (host) => host === 'localhost' || (isIP(host) !== 0 && !host.includes('%')),
    // One problem is enough for what is refined further.
    { error: 'must be an IP address or localhost', abort: true },
  )
  .describe('IP address or localhost');

/** Where a route sends traffic: an IP literal or a name that is looked up. */
export const TargetHost = z
  .string()
  .transform(canonicalHost)
  .refine(
    (host) => isIP(host) !== 0 || isHostname(host),
    'must be an IP address or a hostname, without scheme and port',
  )
  .describe('IP address or hostname');

/** A display name: one line, no surrounding space. */
export const Name = z
  .string()
  .min(1)
  .max(300)
  .refine(
    (s) => s.trim() === s && !/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/.test(s),
    'must be one line without surrounding space',
  );

/** How a host, a route or a VM is named in a request: id, name or another key. */
export const Ref = z.string().min(1).max(4096);

/** Timers take 32 bits of milliseconds: 24 days; three weeks are enough for any limit. */
export const MAX_SECONDS = 2_000_000;
export const Seconds = z.number().min(0).max(MAX_SECONDS);
export const PositiveSeconds = z.number().gt(0, 'must be more than 0 seconds').max(MAX_SECONDS);

const CIDR_MESSAGE = 'must be a network such as 10.211.55.0/24 or fdb2::/64, or an IP address';

function isCidr(text: string): boolean {
  const [ip = '', bits, ...rest] = text.split('/');
  const family = isIP(ip);
  if (family === 0 || rest.length > 0) return false;
  return bits === undefined || (/^[0-9]{1,3}$/.test(bits) && Number(bits) <= (family === 4 ? 32 : 128));
}

export const Cidr = z.string().refine(isCidr, CIDR_MESSAGE);

/** RFC 9110 5.6.2. */
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const FIELD_VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;

/** Names that only the proxy may set: framing, hop-by-hop, Host and the forwarding fields. */
const RESERVED_FIELD =
  /^(content-length|transfer-encoding|connection|keep-alive|proxy-connection|te|trailer|upgrade|expect|http2-settings|host|forwarded|via|x-forwarded-.*|x-real-ip)$/;

/** Header name → value; set on every message, replacing a field of that name. */
export const HeaderMap = z.record(z.string(), z.string()).superRefine((map, context) => {
  const seen = new Set<string>();
  for (const [name, value] of Object.entries(map)) {
    const problem = headerProblem(name, value, seen);
    if (problem !== undefined) context.addIssue({ code: 'custom', path: [name], message: problem });
  }
});

function headerProblem(name: string, value: string, seen: Set<string>): string | undefined {
  if (!TOKEN.test(name)) return 'is no header name';
  const lower = name.toLowerCase().replaceAll('_', '-');
  if (RESERVED_FIELD.test(lower)) return 'is set by prproxy itself and cannot be injected';
  if (seen.has(lower)) return 'is given twice';
  seen.add(lower);
  if (!FIELD_VALUE.test(value)) return 'has a character that no header may hold (control or beyond U+00FF)';
  return undefined;
}
