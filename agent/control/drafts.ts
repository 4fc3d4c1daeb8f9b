// Draft → stored: output-only fields are dropped, absent fields are left out (not kept as undefined), so that two
// equal things are deeply equal and an edit that changes nothing can be told.
import type { HttpRoute, TcpRoute } from '../../src/model/host.ts';
import type { HttpRouteInput, TcpRouteInput } from './lookup.ts';

/** Ids are random, so they are never used again. */
export function newId(): string {
  return crypto.randomUUID();
}

/** A copy without the fields that are undefined. */
export function defined<T extends object>(value: T): T {
  return Object.fromEntries(Object.entries(value).filter(([, field]) => field !== undefined)) as T;
}

function storedTarget(input: HttpRouteInput | TcpRouteInput) {
  return {
    target_host: input.target_host,
    target_vm_id: input.vm?.id,
    target_vm_name: input.vm?.name,
    target_port: input.target_port,
  };
}

export function httpRouteFromInput(input: HttpRouteInput, id: string, order: number): HttpRoute {
  const { id: _id, order: _order, path, pattern, target_host: _host, target_port: _port, vm: _vm, ...rest } = input;
  return defined({ id, order, path, pattern, ...storedTarget(input), ...rest });
}

export function tcpRouteFromInput(input: TcpRouteInput, id: string): TcpRoute {
  return defined({ id, ...storedTarget(input), hold: input.hold });
}
