// Why an address could not be bound, in words that name the remedy.
import { errorCode } from '../error-code.ts';
import { portOwner } from './port-owner.ts';

/** True when the machine lacks the address family, or the address, altogether. */
export function isFamilyMissing(error: unknown): boolean {
  return ['EADDRNOTAVAIL', 'EAFNOSUPPORT', 'EINVAL'].includes(errorCode(error));
}

/** What was to be bound. `key` is `address:port`, for people. */
export interface BindAddress {
  readonly key: string;
  readonly address: string;
  readonly port: number;
}

/** @param error of `listen` */
export async function bindProblem(error: unknown, where: BindAddress): Promise<string> {
  const code = errorCode(error);
  if (code === 'EADDRINUSE') {
    const owner = await portOwner(where.port);
    return `${where.key} is used by ${owner === undefined ? 'another program' : `another program (${owner})`}; stop it or choose another port`;
  }
  if (code === 'EACCES') return `${where.key} may not be bound by this user: ${privilegedRemedy(where.port)}`;
  if (code === 'EADDRNOTAVAIL') return `${where.key} cannot be bound: this machine has no address ${where.address}`;
  return `${where.key} cannot be bound: ${error instanceof Error ? error.message : String(error)}`;
}

function privilegedRemedy(port: number): string {
  if (port >= 1024) return 'choose another port';
  if (process.platform === 'darwin')
    return 'below 1024 macOS allows the wildcard address 0.0.0.0 only; use that or a port from 1024';
  return 'choose a port from 1024, or lower net.ipv4.ip_unprivileged_port_start with sysctl';
}
