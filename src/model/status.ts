// What is running. Computed on demand from config, listeners and VM table; nothing here is stored.
import { z } from 'zod';
import { Proxy } from './config.ts';
import { HostState } from './host.ts';

/** A virtual machine as the last good reading showed it. */
export const Vm = z.object({
  id: z.string(),
  name: z.string(),
  state: z.string(),
  os: z.string(),
  addresses: z.array(z.string()).describe('all that were reported'),
  address: z.string().optional().describe('the one that traffic goes to'),
  address_source: z
    .string()
    .optional()
    .describe('where the address was read: prlctl, leases (of the DHCP server) or guest (was asked)'),
  seen_at: z.string().describe('time of the reading, ISO 8601'),
  routes: z.array(z.string()).describe('routes that lead here, as host and path'),
});
export type Vm = z.infer<typeof Vm>;

export const RouteState = z.enum(['ready', 'coming', 'down']);

const RouteStatus = z.object({
  id: z.string(),
  match: z.string().optional().describe('path or pattern; none on a TCP route'),
  target: z.string(),
  state: RouteState,
  reason: z.string().optional(),
  insecure: z.boolean().optional(),
});

const HostStatus = z.object({
  id: z.string(),
  name: z.string(),
  host: z.string(),
  port: z.string(),
  state: HostState,
  error: z.string().optional(),
  warnings: z.array(z.string()).optional(),
  connections: z.int().describe('open now'),
  requests: z.int().describe('requests, or TCP connections, since the agent started'),
  bytes_in: z.int().describe('bytes of bodies and tunnels from clients'),
  bytes_out: z.int().describe('bytes of bodies and tunnels to clients'),
  routes: z.array(RouteStatus),
});
export type HostStatus = z.infer<typeof HostStatus>;

export const VmsStatus = z.object({
  mode: z.enum(['polling', 'events', 'idle', 'failing']).describe('how the VMs are watched'),
  last_good_at: z.string().optional(),
  last_error: z.string().optional(),
});
export type VmsStatus = z.infer<typeof VmsStatus>;

export const StoreStatus = z.object({
  state: z.enum(['ok', 'corrupt']),
  path: z.string(),
  error: z.string().optional(),
  set_aside: z.string().optional().describe('where the corrupt file was moved'),
});
export type StoreStatus = z.infer<typeof StoreStatus>;

export const Status = z.object({
  agent: z.object({
    pid: z.int(),
    version: z.string(),
    started_at: z.string(),
    rest: z.object({
      address: z.string().describe('base URL'),
      state: z.enum(['listening', 'failed']),
      error: z.string().optional(),
    }),
  }),
  store: StoreStatus,
  vms: VmsStatus,
  proxy: Proxy,
  hosts: z.array(HostStatus),
});
export type Status = z.infer<typeof Status>;
