// The method table as an OpenAPI 3.1 document. Pure; the committed docs/openapi.json is its result.
import { methods } from './contract.ts';
import { ERROR_CODES, type ErrorCode } from './errors.ts';
import { type Json, openapiSchemas, type Schemas } from './openapi-schemas.ts';
import { type RestRoute, restRoutes } from './rest.ts';

/** What any operation may answer, besides its success. */
const COMMON_ERRORS: readonly ErrorCode[] = ['unauthorized', 'forbidden', 'misdirected', 'internal'];
const INPUT_ERRORS: readonly ErrorCode[] = [
  'invalid',
  'too_large',
  'unsupported_media_type',
  'conflict',
  'unavailable',
];

const MEANING: Readonly<Partial<Record<ErrorCode, string>>> = {
  invalid: 'bad input: all problems at once, each with its path, in details.problems',
  unauthorized: 'no token or a wrong one',
  forbidden: 'the request comes from a web page of another origin',
  not_found: 'no such thing',
  conflict: 'the name or address is taken, or the present state does not allow it',
  too_large: 'the body is too large',
  unsupported_media_type: 'the body is not application/json',
  misdirected: 'the Host is not the REST address',
  unavailable: 'the saved file or the VMs cannot be reached',
  internal: 'a bug of prproxy',
};

/** @param version of prproxy */
export function openapi(version: string): Json {
  const schemas = openapiSchemas();
  const paths: Record<string, Json> = {};
  for (const route of restRoutes()) {
    paths[route.path] = { ...paths[route.path], [route.verb.toLowerCase()]: operation(route, schemas) };
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'prproxy',
      version,
      description: 'The REST side of prproxy. Every path also works under /api/v1. Ports are strings on output.',
    },
    servers: [{ url: 'http://127.0.0.1:5081', description: 'the address as it is at first' }],
    security: [{ bearer: [] }, { apiKey: [] }],
    paths,
    components: {
      securitySchemes: {
        bearer: { type: 'http', scheme: 'bearer' },
        apiKey: { type: 'apiKey', in: 'header', name: 'X-Api-Key' },
      },
      schemas: { Error: errorSchema, ...schemas.components },
      responses: Object.fromEntries(Object.keys(MEANING).map((code) => [code, errorResponse(code as ErrorCode)])),
    },
  };
}

function operation(route: RestRoute, schemas: Schemas): Json {
  const row = methods[route.method];
  const isMain = row.rest === `${route.verb} ${route.path}`;
  const params = schemas.params(route.method);
  const body = bodySchema(params, route, schemas);
  return {
    operationId: isMain ? route.method : `${route.method}.alias`,
    summary: row.summary,
    tags: [route.method.includes('.') ? route.method.split('.')[0] : 'proxy'],
    ...(route.pathParams.length === 0 ? {} : { parameters: route.pathParams.map((name) => parameter(name, params)) }),
    ...(body === undefined ? {} : { requestBody: body }),
    responses: responses(route, schemas),
  };
}

function properties(schema: Json): Readonly<Record<string, Json>> {
  return (schema.properties ?? {}) as Readonly<Record<string, Json>>;
}

function parameter(name: string, params: Json): Json {
  const { description, ...schema } = properties(params)[name] ?? {};
  return { name, in: 'path', required: true, description, schema };
}

/** The parameters that are not in the path, under their names in a body. Undefined when there are none. */
function bodySchema(params: Json, route: RestRoute, schemas: Schemas): Json | undefined {
  const { $ref: ref } = params;
  if (typeof ref === 'string') return requestBody(params, schemas.components[ref.split('/').at(-1)!]!);
  const row = methods[route.method];
  const rename: Readonly<Record<string, string>> = 'rename' in row ? row.rename : {};
  const nameOf = (param: string) => Object.keys(rename).find((name) => rename[name] === param) ?? param;
  const inBody = (param: string) => !route.pathParams.includes(param);
  const fields = Object.entries(properties(params)).filter(([param]) => inBody(param));
  if (fields.length === 0) return undefined;
  const { required: all = [], ...rest } = params as { required?: string[] };
  const required = all.filter(inBody).map(nameOf);
  const schema = {
    ...rest,
    properties: Object.fromEntries(fields.map(([param, field]) => [nameOf(param), field])),
    ...(required.length === 0 ? {} : { required }),
  };
  return requestBody(schema, schema);
}

function requestBody(schema: Json, { required }: Json): Json {
  return { required: required !== undefined, content: { 'application/json': { schema } } };
}

function responses({ method, verb, pathParams }: RestRoute, schemas: Schemas): Json {
  const { status, summary } = methods[method];
  const schema = schemas.result(method);
  const content = schema.type === 'null' ? {} : { content: { 'application/json': { schema } } };
  const codes = [
    ...COMMON_ERRORS,
    ...(verb === 'GET' ? [] : INPUT_ERRORS),
    ...(pathParams.length === 0 ? [] : (['not_found', 'invalid'] as const)),
    ...(method.startsWith('vm.') ? (['unavailable'] as const) : []),
  ];
  const byStatus = new Map(codes.map((code) => [ERROR_CODES[code].http, code]));
  return {
    [status]: { description: summary, ...content },
    ...Object.fromEntries([...byStatus].map(([http, code]) => [http, { $ref: `#/components/responses/${code}` }])),
  };
}

function errorResponse(code: ErrorCode): Json {
  const headers = code === 'unauthorized' ? { headers: { 'WWW-Authenticate': { schema: { type: 'string' } } } } : {};
  return {
    description: MEANING[code],
    ...headers,
    content: { 'application/json': { schema: { $ref: '#/components/schemas/Error' } } },
  };
}

const errorSchema: Json = {
  type: 'object',
  required: ['code', 'message', 'error'],
  properties: {
    code: { type: 'integer', description: 'the HTTP status' },
    message: { type: 'string', description: 'what is wrong and what to do' },
    error: { enum: Object.keys(ERROR_CODES) },
    details: {
      type: 'object',
      properties: {
        problems: {
          type: 'array',
          items: {
            type: 'object',
            properties: { path: { type: 'string' }, message: { type: 'string' } },
            required: ['path', 'message'],
          },
        },
      },
    },
  },
};
