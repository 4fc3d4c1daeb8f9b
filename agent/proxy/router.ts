// Which route a path takes: the first match by order. Immutable; read once per request. Literal prefixes are found by
// look-ups of the path's own prefixes, so their number does not matter; only patterns before the best literal are run.
import type { HttpRoute } from './plan.ts';

/** Longest path that patterns are run on, in characters: RE2 is linear, but a path is the client's. */
export const MAX_MATCHED_PATH = 4096;

/** The path is too long for a pattern that might have come first: no later route may have it. */
export const TOO_LONG = Symbol('too long');

/** What a compiled expression must do (re2js does). */
export interface PathPattern {
  matches(path: string): boolean;
}

export type RouteEntry =
  | { readonly path: string; readonly route: HttpRoute }
  | { readonly pattern: PathPattern; readonly route: HttpRoute };

interface Ranked<T> {
  readonly rank: number;
  readonly value: T;
}

export class Router {
  readonly #literals = new Map<string, Ranked<HttpRoute>>();
  readonly #patterns: Ranked<{ pattern: PathPattern; route: HttpRoute }>[] = [];
  #longestLiteral = 0;

  /** @param entries in the order in which they are tried */
  constructor(entries: readonly RouteEntry[]) {
    entries.forEach((entry, rank) => {
      if ('pattern' in entry) this.#patterns.push({ rank, value: entry });
      else this.#addLiteral(entry.path, rank, entry.route);
    });
  }

  #addLiteral(path: string, rank: number, route: HttpRoute): void {
    // '/app' is kept without the final slash; '/' as ''.
    const key = path === '/' ? '' : path;
    if (this.#literals.has(key)) return;
    this.#literals.set(key, { rank, value: route });
    this.#longestLiteral = Math.max(this.#longestLiteral, key.length);
  }

  /** @param path as sent, without query */
  match(path: string): HttpRoute | typeof TOO_LONG | undefined {
    const literal = this.#matchLiteral(path);
    if (this.#patterns.length === 0) return literal?.value;
    return this.#matchPattern(path, literal?.rank ?? Number.POSITIVE_INFINITY) ?? literal?.value;
  }

  #matchLiteral(path: string): Ranked<HttpRoute> | undefined {
    let best = this.#literals.get('');
    if (path.charCodeAt(0) !== 0x2f) return undefined;
    // Ends of segments: each '/' after the first character, and the end of the path.
    let end = path.indexOf('/', 1);
    for (;;) {
      const stop = end < 0 ? path.length : end;
      if (stop > this.#longestLiteral) break;
      const found = this.#literals.get(stop === path.length ? path : path.slice(0, stop));
      if (found !== undefined && (best === undefined || found.rank < best.rank)) best = found;
      if (end < 0) break;
      end = path.indexOf('/', end + 1);
    }
    return best;
  }

  #matchPattern(path: string, before: number): HttpRoute | typeof TOO_LONG | undefined {
    for (const { rank, value } of this.#patterns) {
      if (rank > before) break;
      if (path.length > MAX_MATCHED_PATH) return TOO_LONG;
      if (value.pattern.matches(path)) return value.route;
    }
    return undefined;
  }
}
