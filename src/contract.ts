// THE method table. Every operation of prproxy is one row; the RPC server, the REST server, the OpenAPI document and
// the CLI's client are derived from it. The CLI imports it as types only (zod is slow to load).
import { z } from 'zod';
import { Proxy, ProxyPatch } from './model/config.ts';
import { HostDraft, HostPatch, HostView, HttpRouteDraft, HttpRouteView, TcpRouteDraft } from './model/host.ts';
import { Status, Vm } from './model/status.ts';
import { Ref } from './model/values.ts';

interface Row<P extends z.ZodType, R extends z.ZodType> {
  readonly summary: string;
  /** `VERB /v1/path/{param}`; params in braces are taken out of the path, the others are the body. */
  readonly rest: string;
  /** Further paths of the same operation. */
  readonly aliases?: readonly string[];
  /** Status of a success. */
  readonly status: 200 | 201 | 202;
  readonly params: P;
  readonly result: R;
  /** Names in a REST body that are called otherwise in params. */
  readonly rename?: Readonly<Record<string, string>>;
  /** In this operation null is a value (remove), not an absent field. */
  readonly nullRemoves?: boolean;
}

/** A row is a value that carries its types. */
function method<P extends z.ZodType, R extends z.ZodType>(row: Row<P, R>): Row<P, R> {
  return row;
}

const none = z.strictObject({});
const nothing = z.null();
const HOSTS = '/v1/reverse-proxy/hosts';
const host = { host_id: Ref.describe('id, name or host:port of a host') };
const route = { ...host, route_id: Ref.describe('id, path or pattern of a route') };

export const methods = {
  'config.show': method({
    summary: 'show the settings of the proxy',
    rest: 'GET /v1/reverse-proxy',
    status: 200,
    params: none,
    result: Proxy,
  }),
  'config.set': method({
    summary: 'change settings of the proxy',
    rest: 'PUT /v1/reverse-proxy',
    status: 200,
    params: ProxyPatch,
    result: Proxy,
  }),
  enable: method({
    summary: 'open all hosts',
    rest: 'PUT /v1/reverse-proxy/enable',
    status: 202,
    params: none,
    result: Proxy,
  }),
  disable: method({
    summary: 'close all hosts',
    rest: 'PUT /v1/reverse-proxy/disable',
    status: 202,
    params: none,
    result: Proxy,
  }),
  restart: method({
    summary: 'read the saved file, the certificates and the VMs again, then cut every connection',
    rest: 'PUT /v1/reverse-proxy/restart',
    status: 202,
    params: none,
    result: Proxy,
  }),
  status: method({
    summary: 'show what is running',
    rest: 'GET /v1/reverse-proxy/status',
    status: 200,
    params: none,
    result: Status,
  }),
  'host.list': method({
    summary: 'list the hosts',
    rest: `GET ${HOSTS}`,
    status: 200,
    params: none,
    result: z.array(HostView),
  }),
  'host.add': method({
    summary: 'add a host',
    rest: `POST ${HOSTS}`,
    status: 201,
    params: HostDraft,
    result: HostView,
  }),
  'host.show': method({
    summary: 'show a host',
    rest: `GET ${HOSTS}/{host_id}`,
    status: 200,
    params: z.strictObject(host),
    result: HostView,
  }),
  'host.update': method({
    summary: 'change a host',
    rest: `PUT ${HOSTS}/{host_id}`,
    status: 200,
    params: HostPatch.safeExtend(host),
    result: HostView,
    nullRemoves: true,
  }),
  'host.remove': method({
    summary: 'remove a host and its routes',
    rest: `DELETE ${HOSTS}/{host_id}`,
    status: 202,
    params: z.strictObject(host),
    result: nothing,
  }),
  'route.http.list': method({
    summary: 'list the HTTP routes of a host',
    rest: `GET ${HOSTS}/{host_id}/http_routes`,
    status: 200,
    params: z.strictObject(host),
    result: z.array(HttpRouteView),
  }),
  'route.http.add': method({
    summary: 'send a path to a VM or an address; replaces the route with the same path or pattern',
    rest: `POST ${HOSTS}/{host_id}/http_routes`,
    aliases: [`${HOSTS}/{host_id}/http_route`],
    status: 201,
    params: HttpRouteDraft.safeExtend(host),
    result: HostView,
  }),
  'route.http.remove': method({
    summary: 'remove an HTTP route',
    rest: `DELETE ${HOSTS}/{host_id}/http_routes/{route_id}`,
    status: 202,
    params: z.strictObject(route),
    result: nothing,
  }),
  'route.http.move': method({
    summary: 'move an HTTP route to another place in the order',
    rest: `PUT ${HOSTS}/{host_id}/http_routes/order`,
    status: 200,
    params: z.strictObject({ ...route, order: z.int().min(1).describe('the new place, from 1') }),
    result: HostView,
    rename: { id: 'route_id' },
  }),
  'route.tcp.set': method({
    summary: 'send all traffic of a host to a VM or an address',
    rest: `POST ${HOSTS}/{host_id}/tcp_route`,
    status: 201,
    params: TcpRouteDraft.safeExtend({
      ...host,
      cut: z.boolean().optional().describe('end the tunnels that are open now'),
    }),
    result: HostView,
  }),
  'route.tcp.remove': method({
    summary: 'remove the TCP route of a host',
    rest: `DELETE ${HOSTS}/{host_id}/tcp_route`,
    status: 202,
    params: z.strictObject(host),
    result: nothing,
  }),
  'vm.list': method({
    summary: 'list the virtual machines',
    rest: 'GET /v1/vms',
    status: 200,
    params: none,
    result: z.array(Vm),
  }),
  'vm.show': method({
    summary: 'show a virtual machine',
    rest: 'GET /v1/vms/{vm_id}',
    status: 200,
    params: z.strictObject({ vm_id: Ref.describe('id or name of a VM') }),
    result: Vm,
  }),
} as const;

export type Methods = typeof methods;
export type MethodName = keyof Methods;
/** What a caller may send. */
export type Params<M extends MethodName> = z.input<Methods[M]['params']>;
/** What a handler gets: validated, defaults filled in. */
export type ParsedParams<M extends MethodName> = z.output<Methods[M]['params']>;
export type Result<M extends MethodName> = z.output<Methods[M]['result']>;
export type Handlers = { readonly [M in MethodName]: (params: ParsedParams<M>) => Result<M> | Promise<Result<M>> };
