import fc from 'fast-check';
import { expect, test } from 'vitest';
import { compilePattern, compileRoute } from '../../../../agent/control/compile-route.ts';
import type { HttpRoute } from '../../../../agent/proxy/plan.ts';
import { MAX_MATCHED_PATH, type RouteEntry, Router, TOO_LONG } from '../../../../agent/proxy/router.ts';
import { httpRoute } from '../../../support/data-plane.ts';

function entry(match: { path: string } | { pattern: string }): RouteEntry {
  const route: HttpRoute = compileRoute(httpRoute({ target_host: '127.0.0.1', ...match }));
  return 'path' in match ? { path: match.path, route } : { pattern: compilePattern(match.pattern), route };
}

const segment = fc.constantFrom('a', 'b', 'ab', '', 'a%2Fb');
const path = fc.array(segment, { minLength: 0, maxLength: 4 }).map((parts) => `/${parts.join('/')}`);
const literal = path.map((text) => ({ path: text.length > 1 ? text.replace(/\/+$/, '') || '/' : text }));
const pattern = fc.constantFrom('^/a', 'b$', '/ab/', '^/$', '.').map((text) => ({ pattern: text }));

/** The contract, word for word: by order, the first that matches. */
function naive(entries: readonly (RouteEntry & { text: string })[], asked: string): HttpRoute | undefined {
  return entries.find((one) => {
    if ('pattern' in one) return one.pattern.matches(asked);
    if (one.path === '/') return true;
    return asked === one.path || asked.startsWith(`${one.path}/`);
  })?.route;
}

test('finds the first route in order that matches, like trying them one by one', () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(literal, pattern), { maxLength: 8 }), path, (matches, asked) => {
      const entries = matches.map((match) => ({ ...entry(match), text: JSON.stringify(match) }));
      const found = new Router(entries).match(asked);
      expect(found === TOO_LONG ? found : found?.id).toBe(naive(entries, asked)?.id);
    }),
    { numRuns: 2_000 },
  );
});

test('lets no later route have a path that is too long for a pattern before it', () => {
  const long = `/${'a'.repeat(MAX_MATCHED_PATH)}`;
  const router = new Router([entry({ path: '/first' }), entry({ pattern: '^/a' }), entry({ path: '/' })]);
  expect(router.match(long.slice(1, 1))).toBeUndefined();
  expect(router.match(long.slice(0, MAX_MATCHED_PATH))).toMatchObject({ label: '~ ^/a' });
  expect(router.match(long)).toBe(TOO_LONG);
  expect(router.match(`/first${long}`)).toMatchObject({ label: '/first' });
});

test('refuses an expression that is no RE2, or too large, naming it', () => {
  expect(() => compilePattern('(?<!a)b')).toThrow(/pattern: .*no valid RE2/);
  expect(() => compilePattern('((a{100}){10}){10}')).toThrow(/pattern: /);
});
