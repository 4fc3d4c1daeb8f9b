// Caddy by a Caddyfile, without its admin server, certificates of its own, and compression.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { findProgram, program, runOk } from '../../support/programs.ts';
import type { Contender, Running } from '../contender.ts';
import { Launched } from '../launch.ts';
import { type HttpSite, httpSites, type Layout, type Route } from '../layout.ts';

export const caddy: Contender = {
  name: 'caddy',
  speaks: ['http'],
  warms: false,
  missing: () => (findProgram('caddy') === undefined ? 'caddy' : undefined),
  version: async () => (await runOk('caddy', ['version'])).trim().split(' ')[0] ?? 'unknown',
  start,
};

async function start(layout: Layout, folder: string): Promise<Running> {
  const path = join(folder, 'Caddyfile');
  await writeFile(path, configuration(layout, folder));
  const launched = await Launched.start(program('caddy'), {
    args: ['run', '--config', path, '--adapter', 'caddyfile'],
    ports: httpSites(layout).map(({ port }) => port),
    folder,
    env: { XDG_DATA_HOME: folder, XDG_CONFIG_HOME: folder },
  });
  return { layout, roots: [launched.pid], stop: () => launched.stop() };
}

function configuration(layout: Layout, folder: string): string {
  return `{
  admin off
  auto_https off
}
${httpSites(layout)
  .map((site) => server(site, folder))
  .join('\n')}`;
}

function server({ port, tls, routes }: HttpSite, folder: string): string {
  return `${tls === undefined ? 'http' : 'https'}://:${port} {
  bind 127.0.0.1
  ${tls === undefined ? '' : `tls ${tls.cert} ${tls.key}`}
  log {
    output file ${folder}/access-${port}.log
  }
  ${routes.map(handler).join('\n  ')}
}`;
}

function handler({ path, pattern, port }: Route, index: number): string {
  const match = pattern === undefined ? `path ${path === '/' ? '/*' : `${path} ${path}/*`}` : `path_regexp ${pattern}`;
  return `@route${index} ${match}
  handle @route${index} {
    reverse_proxy 127.0.0.1:${port} {
      header_up Via "1.1 caddy"
      header_up X-Request-Id {http.request.uuid}
      transport http {
        compression off
        keepalive_idle_conns_per_host 64
      }
    }
  }`;
}
