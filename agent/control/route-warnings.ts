// What is odd about the routes of a host, though not wrong: told in `warnings`. Pure.
import type { HttpRoute } from '../../src/model/host.ts';

/** Routes that can never match, because an earlier literal path takes all that they could. */
export function routeWarnings(routes: readonly HttpRoute[]): string[] {
  const warnings: string[] = [];
  const earlier = new Map<string, HttpRoute>();
  for (const route of [...routes].sort((a, b) => a.order - b.order)) {
    const hidden = route.path === undefined ? earlier.get('/') : shadowOf(route.path, earlier);
    if (hidden !== undefined) {
      const label = route.path ?? `~ ${route.pattern}`;
      warnings.push(
        `route ${label} can never match: route ${hidden.path} comes before it; run \`prproxy route http move\``,
      );
    }
    if (route.path !== undefined) earlier.set(route.path, route);
  }
  return warnings;
}

/** The earlier route whose path is a prefix of `path`, at a segment boundary. */
function shadowOf(path: string, earlier: ReadonlyMap<string, HttpRoute>): HttpRoute | undefined {
  for (let end = path.length; end > 0; end = path.lastIndexOf('/', end - 1)) {
    const found = earlier.get(path.slice(0, end));
    if (found !== undefined) return found;
  }
  return earlier.get('/');
}
