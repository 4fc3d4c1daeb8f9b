// The programs below go/: a reverse proxy on net/http/httputil, and a TCP forwarder that works in two ways. Built here; the compiler keeps
// what it made, so that costs time once.
import { join } from 'node:path';
import { findProgram, runOk } from '../../support/programs.ts';
import type { Contender, Running } from '../contender.ts';
import { type Launch, Launched } from '../launch.ts';
import { httpSites, type Layout } from '../layout.ts';
import { writeSites } from './sites.ts';

const SOURCES = join(import.meta.dirname, '..', 'go');

export const goHttputil: Contender = {
  ...common('go-httputil', 'http'),
  async start(layout, folder) {
    const args = [await writeSites(layout, folder), join(folder, 'access.log')];
    const ports = httpSites(layout).map(({ port }) => port);
    return startBuilt('httputil', { args, ports, folder }, layout);
  },
};

export const goCopy: Contender = forwarder('go-copy', 'copy');
export const goLoop: Contender = forwarder('go-32k-loop', 'loop');

function forwarder(name: string, way: 'copy' | 'loop'): Contender {
  return {
    ...common(name, 'tcp'),
    start(layout, folder) {
      const { port, targetPort } = layout.tcp;
      const args = [String(port), String(targetPort), way];
      return startBuilt('forward', { args, ports: [port], folder }, layout);
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

/** Built into the folder of the run: two of one source may be built at once. */
async function startBuilt(source: string, launch: Launch, layout: Layout): Promise<Running> {
  const binary = join(launch.folder, source);
  await runOk('go', ['build', '-o', binary, join(SOURCES, source, 'main.go')]);
  const launched = await Launched.start(binary, launch);
  return { layout, roots: [launched.pid], stop: () => launched.stop() };
}
