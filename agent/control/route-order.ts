// The order of a host's HTTP routes: always 1..n without gaps, the array in that order. A route that keeps its place
// keeps its object.
import type { HttpRoute } from '../../src/model/host.ts';

type Routes = readonly HttpRoute[];

/** Numbers the routes as they stand. */
export function numbered(routes: Routes): HttpRoute[] {
  return routes.map((route, index) => (route.order === index + 1 ? route : { ...route, order: index + 1 }));
}

/** Puts a route at a place, from 1; a place beyond the end is the end. */
export function placed(routes: Routes, route: HttpRoute, order: number): HttpRoute[] {
  return numbered(routes.toSpliced(Math.min(order - 1, routes.length), 0, route));
}

/**
 * Puts a new route where it can match: before the first literal route whose path is a prefix of its own, else last.
 */
export function placedByPath(routes: Routes, route: HttpRoute): HttpRoute[] {
  const wider = routes.findIndex((other) => isPathPrefix(other.path, route.path));
  return placed(routes, route, wider === -1 ? routes.length + 1 : wider + 1);
}

/** True when every request for `path` would match `prefix` too: whole segments, as routes match. */
function isPathPrefix(prefix: string | undefined, path: string | undefined): boolean {
  if (prefix === undefined || path === undefined) return false;
  return prefix === '/' || path === prefix || path.startsWith(`${prefix}/`);
}
