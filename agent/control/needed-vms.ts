// Which VMs have to be watched: those that a route names. Pure.
import type { ProxyConfig } from '../../src/model/config.ts';
import type { VmKey } from '../targets.ts';
import { targetOf } from './compile-route.ts';

export function neededVms({ hosts }: ProxyConfig): ReadonlySet<VmKey> {
  const needed = new Set<VmKey>();
  for (const host of hosts) {
    for (const route of host.tcp_route === undefined ? host.http_routes : [host.tcp_route]) {
      const target = targetOf(route);
      if (target.kind === 'vm') needed.add(target.vm);
    }
  }
  return needed;
}
