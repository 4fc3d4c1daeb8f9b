// What each contender is given to do: the same sites for all, in words that every one's configuration can be made of.
import type { CertificateFiles } from '../support/certificate.ts';
import { freePort } from '../support/data-plane.ts';

/** The name in every request, but over TLS: wrk sends the name of its URL as SNI, so that one must resolve. */
export const HOST = 'bench.test';
export const TLS_HOST = 'localhost';

/** `pattern` is a regular expression that RE2, PCRE and JavaScript read alike. Patterns come first, as in prproxy. */
export interface Route {
  readonly path?: string;
  readonly pattern?: string;
  /** Of the origin that it leads to, on 127.0.0.1. */
  readonly port: number;
}

export interface HttpSite {
  readonly host: string;
  readonly port: number;
  readonly tls?: CertificateFiles;
  readonly routes: readonly Route[];
}

export interface TcpSite {
  readonly port: number;
  readonly targetPort: number;
}

export interface Layout {
  readonly plain: HttpSite;
  /** 10 patterns that the requests do not match, then 10 paths; the last leads to the other origin. */
  readonly routes: HttpSite;
  readonly tls: HttpSite;
  readonly webSocket: HttpSite;
  readonly tcp: TcpSite;
}

export interface OriginPorts {
  readonly web: number;
  readonly other: number;
  readonly webSocket: number;
  readonly tcp: number;
}

export const ROUTES = 10;
/** No request matches them; half are bound to the beginning of the path. */
export const PATTERNS: readonly string[] = Array.from({ length: ROUTES }, (_, n) =>
  n < ROUTES / 2 ? `^/v[0-9]+/(reports|exports)/[a-z]+-${n}$` : `/(static|media)/.*[.]v${n}[.](js|css)$`,
);

/** Ports of its own for each contender. */
export async function newLayout(origins: OriginPorts, tls: CertificateFiles): Promise<Layout> {
  const all = (port: number): Route[] => [{ path: '/', port }];
  return {
    plain: { host: HOST, port: await freePort(), routes: all(origins.web) },
    routes: { host: HOST, port: await freePort(), routes: tenAndTen(origins) },
    tls: { host: TLS_HOST, port: await freePort(), tls, routes: all(origins.web) },
    webSocket: { host: HOST, port: await freePort(), routes: all(origins.webSocket) },
    tcp: { port: await freePort(), targetPort: origins.tcp },
  };
}

function tenAndTen({ web, other }: OriginPorts): Route[] {
  const numbers = Array.from({ length: ROUTES }, (_, index) => index + 1);
  return [
    ...PATTERNS.map((pattern) => ({ pattern, port: web })),
    ...numbers.map((n) => ({ path: `/app${n}`, port: n === ROUTES ? other : web })),
  ];
}

export function httpSites({ plain, routes, tls, webSocket }: Layout): readonly HttpSite[] {
  return [plain, routes, tls, webSocket];
}

/** Of everything that it listens on. */
export function allPorts(layout: Layout): number[] {
  return [...httpSites(layout), layout.tcp].map(({ port }) => port);
}

/** Of the origins that its HTTP sites lead to. */
export function targetPorts(layout: Layout): number[] {
  return [...new Set(httpSites(layout).flatMap(({ routes }) => routes.map(({ port }) => port)))];
}
