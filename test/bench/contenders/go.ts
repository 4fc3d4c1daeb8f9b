// The programs below go/: a reverse proxy on net/http/httputil, and two TCP forwarders. Built here; the compiler keeps
// what it made, so that costs time once.
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { findProgram, runOk } from '../../support/programs.ts';
import type { Contender, Running } from '../contender.ts';
import { Launched } from '../launch.ts';
import { httpSites, type Layout } from '../layout.ts';
import { writeSites } from './sites.ts';

const SOURCES = join(import.meta.dirname, '..', 'go');
const BUILT = join(import.meta.dirname, 'bin');

export const goHttputil: Contender = {
  ...common('go-httputil', 'http'),
  async start(layout, folder) {
    const args = [await writeSites(layout, folder), join(folder, 'access.log')];
    const ports = httpSites(layout).map(({ port }) => port);
    return launch('httputil', args, ports, layout, folder);
  },
};

export const goCopy: Contender = forwarder('go-copy', 'tcp-copy');
export const goLoop: Contender = forwarder('go-32k-loop', 'tcp-loop');

function forwarder(name: string, source: string): Contender {
  return {
    ...common(name, 'tcp'),
    start(layout, folder) {
      const { port, targetPort } = layout.tcp;
      return launch(source, [String(port), String(targetPort)], [port], layout, folder);
    },
  };
}

function common(name: string, speaks: 'http' | 'tcp') {
  return {
    name,
    speaks: [speaks],
    warms: false,
    missing: () => (findProgram('go') === undefined ? 'go' : undefined),
    version: async () => (await runOk('go', ['version'])).split(' ')[2] ?? 'unknown',
  };
}

async function launch(
  source: string,
  args: readonly string[],
  ports: readonly number[],
  layout: Layout,
  folder: string,
): Promise<Running> {
  await mkdir(BUILT, { recursive: true });
  const binary = join(BUILT, source);
  await runOk('go', ['build', '-o', binary, join(SOURCES, source, 'main.go')]);
  const launched = await Launched.start(binary, { args, ports, folder });
  return { layout, roots: [launched.pid], stop: () => launched.stop() };
}
