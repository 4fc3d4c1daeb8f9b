// The JSON schemas of the OpenAPI document: what has a name in the model becomes a component that others refer to, as
// input and as output apart.
import { z } from 'zod';
import { type MethodName, methods } from './contract.ts';
import { Limits, Proxy as ProxySettings, Timeouts } from './model/config.ts';
import {
  Cors,
  CorsInput,
  HostDraft,
  HostView,
  HttpRouteDraft,
  HttpRouteView,
  TcpRouteDraft,
  TcpRouteView,
  TlsInput,
  TlsView,
  VmDetails,
} from './model/host.ts';
import { Status, Vm } from './model/status.ts';

export type Json = Readonly<Record<string, unknown>>;

const INPUTS = { CorsInput, TlsInput, HttpRouteDraft, TcpRouteDraft, HostDraft };
const OUTPUTS = {
  Proxy: ProxySettings,
  Timeouts,
  Limits,
  Cors,
  TlsView,
  VmDetails,
  HttpRouteView,
  TcpRouteView,
  HostView,
  Vm,
  Status,
};

export interface Schemas {
  /** By name, for `#/components/schemas`. */
  readonly components: Readonly<Record<string, Json>>;
  /** Of all parameters, those in the path included. */
  params(method: MethodName): Json;
  result(method: MethodName): Json;
}

export function openapiSchemas(): Schemas {
  const params = converted(INPUTS, 'params', 'input');
  const results = converted(OUTPUTS, 'result', 'output');
  return {
    components: { ...params.components, ...results.components },
    params: (method) => params.rows[method]!,
    result: (method) => results.rows[method]!,
  };
}

function converted(named: Readonly<Record<string, z.ZodType>>, part: 'params' | 'result', io: 'input' | 'output') {
  const registry = z.registry<{ id: string }>();
  for (const [id, schema] of Object.entries(named)) registry.add(schema, { id });
  const names = Object.keys(methods) as MethodName[];
  // Wrapped, because rows may share one schema, and a row's may have a name of its own.
  const rows = new Map(names.map((method) => [method, z.object({ row: methods[method][part] })]));
  for (const [method, row] of rows) registry.add(row, { id: method });
  const { schemas } = z.toJSONSchema(registry, { io, uri: (id) => `#/components/schemas/${id}` });
  const component = (id: string) => bare(schemas[id] as Json);
  return {
    components: Object.fromEntries(Object.keys(named).map((id) => [id, component(id)])),
    rows: Object.fromEntries(names.map((method) => [method, (component(method).properties as { row: Json }).row])),
  };
}

function bare({ $schema: _dialect, $id: _id, ...schema }: Json): Json {
  return schema;
}
