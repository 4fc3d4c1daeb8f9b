// REST as hono routes, derived from the method table: path parameters and body become the parameters of a call, its
// result or error becomes the answer. Who may call was decided before (rest-guard.ts).
import type { HttpBindings } from '@hono/node-server';
import { type Context, Hono } from 'hono';
import { methods } from '../../src/contract.ts';
import { ERROR_CODES, errorBody, invalid, ProxyError } from '../../src/errors.ts';
import { openapi } from '../../src/openapi.ts';
import { type RestRoute, restRoutes } from '../../src/rest.ts';
import type { Log } from '../control/log.ts';
import { type Dispatch, knownError } from './dispatch.ts';
import { type Fields, readFields } from './rest-body.ts';

type Env = { Bindings: HttpBindings };

const PREFIXES = ['', '/api'] as const;
const DESCRIPTION = '/v1/openapi.json';

export interface RestAppParts {
  readonly dispatch: Dispatch;
  readonly version: string;
  readonly log: Log;
}

export function createRestApp({ dispatch, version, log }: RestAppParts): Hono<Env> {
  // The path as it was sent: a route's path in it is percent-encoded and must not be decoded before it is cut out.
  const app = new Hono<Env>({ getPath: (_request, options) => rawPath((options!.env as HttpBindings).incoming.url) });
  const routes = restRoutes();
  app.use(async (context, next) => {
    await next();
    context.header('Cache-Control', 'no-store');
  });
  for (const prefix of PREFIXES) {
    app.get(`${prefix}${DESCRIPTION}`, (context) => context.json(openapi(version)));
    for (const route of routes) {
      app.on(route.verb, `${prefix}${honoPath(route.path)}`, (context) => answer(context, route, dispatch));
    }
  }
  app.notFound((context) => unrouted(context, routes));
  app.onError((error, context) => errorAnswer(context, knownError(error, 'rest', log)));
  return app;
}

/** Of a request target: the path without query, not decoded. */
export function rawPath(target: string | undefined): string {
  return (target ?? '/').replace(/^https?:\/\/[^/?#]*/i, '').replace(/[?#].*$/s, '') || '/';
}

/** An error as its HTTP answer, for hono and for the guard alike. */
export function errorParts(error: ProxyError): { status: number; headers: Record<string, string>; body: string } {
  const headers = { 'Content-Type': 'application/json', 'Cache-Control': 'no-store' };
  const challenge = error.code === 'unauthorized' ? { 'WWW-Authenticate': 'Bearer' } : {};
  return {
    status: ERROR_CODES[error.code].http,
    headers: { ...headers, ...challenge },
    body: JSON.stringify(errorBody(error)),
  };
}

async function answer(context: Context<Env>, route: RestRoute, dispatch: Dispatch): Promise<Response> {
  const row = methods[route.method];
  const body = context.env.incoming.method === 'GET' ? {} : await readFields(context.env.incoming);
  const rename: Readonly<Record<string, string>> = 'rename' in row ? row.rename : {};
  const wrong = Object.values(rename).find((name) => Object.hasOwn(body, name));
  if (wrong !== undefined) throw invalid([{ path: wrong, message: `is called ${Object.keys(rename)[0]} here` }]);
  const fields = renamed(body, rename);
  const taken = route.pathParams.filter((name) => Object.hasOwn(fields, name));
  if (taken.length > 0)
    throw invalid(taken.map((path) => ({ path, message: 'is in the path: leave it out of the body' })));
  const fromPath = Object.fromEntries(route.pathParams.map((name) => [name, decoded(pathParam(context, route, name))]));
  const result = await dispatch(route.method, { ...fields, ...fromPath });
  return result === null ? context.body(null, row.status) : context.json(result, row.status);
}

function renamed(fields: Fields, names: Readonly<Record<string, string>>): Fields {
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [Object.hasOwn(names, name) ? names[name] : name, value]),
  );
}

/** The segment as it was sent. */
function pathParam(context: Context<Env>, route: RestRoute, name: string): string {
  const sent = context.req.path.replace(/^\/api(?=\/)/, '').split('/');
  return sent[route.path.split('/').indexOf(`{${name}}`)] ?? '';
}

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    throw invalid([{ path: '', message: `the path has an escape that is none: ${segment.slice(0, 100)}` }]);
  }
}

/** `{host_id}` → `:host_id` */
function honoPath(path: string): string {
  return path.replaceAll(/\{(\w+)\}/g, ':$1');
}

/** A path of the table with another verb is 405, and OPTIONS tells the verbs; anything else is 404. */
function unrouted(context: Context<Env>, routes: readonly RestRoute[]): Response {
  const path = context.req.path.replace(/^\/api(?=\/)/, '');
  const verbs = new Set<string>(routes.filter((route) => fits(route.path, path)).map((route) => route.verb));
  if (path === DESCRIPTION) verbs.add('GET');
  if (verbs.size === 0) return errorAnswer(context, new ProxyError('not_found', `no such path; see ${DESCRIPTION}`));
  const allow = [...verbs, ...(verbs.has('GET') ? ['HEAD'] : []), 'OPTIONS'].join(', ');
  context.header('Allow', allow);
  if (context.req.method === 'OPTIONS') return context.body(null, 204);
  return errorAnswer(
    context,
    new ProxyError('method_not_allowed', `${context.req.method} is not allowed here; use ${allow}`),
  );
}

function fits(template: string, path: string): boolean {
  const wanted = template.split('/');
  const given = path.split('/');
  return (
    wanted.length === given.length &&
    wanted.every((part, index) => (part.startsWith('{') ? given[index] !== '' : part === given[index]))
  );
}

function errorAnswer(context: Context<Env>, error: ProxyError): Response {
  const { status, headers, body } = errorParts(error);
  return context.newResponse(body, status as 400, headers);
}
