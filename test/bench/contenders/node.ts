// Proxies of npm, in programs of their own beside this file. Their packages are no dependencies of prproxy: install.sh
// puts them into this folder.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Contender } from '../contender.ts';
import { Launched } from '../launch.ts';
import { httpSites } from '../layout.ts';
import { writeSites } from './sites.ts';

export const httpProxy3 = contender('http-proxy-3', 'http-proxy-3');
export const fastifyHttpProxy = contender('fastify-http-proxy', '@fastify/http-proxy');

function contender(name: string, pack: string): Contender {
  const manifest = join(import.meta.dirname, 'node_modules', pack, 'package.json');
  return {
    name,
    speaks: ['http'],
    warms: true,
    missing: () => (existsSync(manifest) ? undefined : pack),
    version: async () => JSON.parse(readFileSync(manifest, 'utf8')).version,
    async start(layout, folder) {
      const program = join(import.meta.dirname, `${name}.mjs`);
      const args = [program, await writeSites(layout, folder), join(folder, 'access.log')];
      const ports = httpSites(layout).map(({ port }) => port);
      const launched = await Launched.start(process.execPath, { args, ports, folder });
      return { layout, roots: [launched.pid], stop: () => launched.stop() };
    },
  };
}
