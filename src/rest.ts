// The REST routes of the method table: what `rest` and `aliases` of a row say, taken apart. Pure.
import { type MethodName, methods } from './contract.ts';

export type Verb = 'GET' | 'POST' | 'PUT' | 'DELETE';

export interface RestRoute {
  readonly method: MethodName;
  readonly verb: Verb;
  /** `/v1/reverse-proxy/hosts/{host_id}` */
  readonly path: string;
  /** Names of the parameters in the path. */
  readonly pathParams: readonly string[];
}

/** All routes, each path once per verb; a fixed segment comes before a parameter in its place. */
export function restRoutes(): RestRoute[] {
  const names = Object.keys(methods) as MethodName[];
  return names.flatMap(routesOf).sort(fixedFirst);
}

function routesOf(method: MethodName): RestRoute[] {
  const row = methods[method];
  const [verb, main] = row.rest.split(' ') as [Verb, string];
  const paths = [main, ...('aliases' in row ? row.aliases : [])];
  return paths.map((path) => ({
    method,
    verb,
    path,
    pathParams: [...path.matchAll(/\{(\w+)\}/g)].map((match) => match[1]!),
  }));
}

/** By code units `~` is behind every letter. */
function fixedFirst(a: RestRoute, b: RestRoute): number {
  const [first, second] = [a, b].map(({ path }) => path.replaceAll(/\{\w+\}/g, '~')) as [string, string];
  if (first === second) return 0;
  return first < second ? -1 : 1;
}
