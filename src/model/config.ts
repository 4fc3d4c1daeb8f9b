// The proxy's settings, and the whole of what is saved. Desired state only; what is running is in status.ts.
import { isIP } from 'node:net';
import { z } from 'zod';
import { Host } from './host.ts';
import { BindHost, Cidr, Port, PortInput, PositiveSeconds, Seconds } from './values.ts';

/** Version of the saved file's shape. Raise it together with a migration in the store. */
export const SCHEMA_VERSION = 1;

/** Seconds. 0 turns `response_head`, `body_idle` and `tunnel_idle` off. */
export const Timeouts = z.object({
  client_head: Seconds.describe('whole request head, from its first byte'),
  keep_alive: Seconds.describe('idle client connection between two requests'),
  connect: Seconds.describe('connecting to a target'),
  response_head: Seconds.describe('waiting for the head of an answer; 0 = no limit'),
  body_idle: Seconds.describe('silence inside an upload, or inside an answer with Content-Length; 0 = no limit'),
  tunnel_idle: Seconds.describe('silence in a WebSocket or TCP tunnel; 0 = no limit'),
  drain: Seconds.describe('what requests in flight and tunnels get when their host goes'),
});
export type Timeouts = z.infer<typeof Timeouts>;

export const Limits = z.object({
  connections: z.int().min(1).max(1_000_000).describe('open connections per listener'),
});
export type Limits = z.infer<typeof Limits>;

export const Proxy = z.object({
  enabled: z.boolean(),
  host: z.string(),
  port: Port,
  rest_host: z.string(),
  rest_port: Port,
  trusted_proxies: z.array(z.string()),
  vm_networks: z.array(z.string()),
  via: z.boolean(),
  timeouts: Timeouts,
  limits: Limits,
});
export type Proxy = z.infer<typeof Proxy>;

export const DEFAULT_PROXY: Proxy = {
  enabled: false,
  host: '0.0.0.0',
  port: '5080',
  rest_host: '127.0.0.1',
  rest_port: '5081',
  trusted_proxies: ['127.0.0.0/8', '::1/128'],
  vm_networks: [],
  via: true,
  timeouts: {
    client_head: 15,
    keep_alive: 75,
    connect: 5,
    response_head: 600,
    body_idle: 300,
    tunnel_idle: 0,
    drain: 5,
  },
  limits: { connections: 10_000 },
};

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
}

/** Absent = leave as it is. `enabled` is changed by the operations enable and disable; here it must not differ. */
export const ProxyPatch = z.strictObject({
  enabled: z.boolean().optional().describe('must be the present value; use the operations enable and disable'),
  host: BindHost.optional(),
  port: PortInput.optional(),
  rest_host: BindHost.refine(isLoopback, 'must be a loopback address: REST has no TLS yet').optional(),
  rest_port: PortInput.optional(),
  trusted_proxies: z.array(Cidr).max(1000).optional(),
  vm_networks: z.array(Cidr).max(1000).optional(),
  via: z.boolean().optional(),
  timeouts: z
    .strictObject({
      client_head: PositiveSeconds,
      keep_alive: PositiveSeconds,
      connect: PositiveSeconds,
      response_head: Seconds,
      body_idle: Seconds,
      tunnel_idle: Seconds,
      drain: Seconds,
    })
    .partial()
    .optional(),
  limits: z.strictObject(Limits.shape).partial().optional(),
});
export type ProxyPatch = z.infer<typeof ProxyPatch>;

/** Everything that is saved. */
export const ProxyConfig = z.object({
  /** Random per installation; the pseudonym in Via. */
  installation: z.string(),
  proxy: Proxy,
  hosts: z.array(Host),
});
export type ProxyConfig = z.infer<typeof ProxyConfig>;
