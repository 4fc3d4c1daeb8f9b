// What finding the host and the route costs: variants of one prproxy, which differ in how much there is to look through.
import type { Host } from '../../../src/model/host.ts';
import { freePort, host } from '../../support/data-plane.ts';
import { PATTERNS } from '../layout.ts';
import { manyRoutes, startSeeded } from '../seeded-agent.ts';
import type { Stage } from '../stage.ts';
import type { Cast, Comparison } from '../workload.ts';
import { httpSubject } from './http.ts';

const COUNTS = [10, 1_000, 10_000];
/** The last to be looked at, if they are looked through. */
const GET = { path: '/1k' };

interface Variant {
  readonly name: string;
  /** Where its requests go, in a config of these hosts. */
  readonly host: string;
  readonly port: number;
  readonly hosts: readonly Host[];
}

export const matchingWorkloads: readonly Comparison[] = [
  matching('match-routes', 'finding one of so many literal routes', '10 routes', (target) =>
    COUNTS.map((count) => single(`${count} routes`, manyRoutes(count, target))),
  ),
  matching('match-patterns', 'trying 10 patterns first', 'no pattern', (target) => [
    single('no pattern', manyRoutes(1, target)),
    single('10 patterns', [...PATTERNS.map((pattern) => targeted({ pattern }, target)), ...manyRoutes(1, target)]),
  ]),
  matching('match-hosts', 'finding one of so many hosts', '10 hosts', (target) =>
    COUNTS.map(async (count) => {
      const port = await freePort();
      const name = (n: number) => `h${n}.bench.test`;
      const routes = manyRoutes(1, target);
      const hosts = Array.from({ length: count }, (_, n) => host({ host: name(n), port, routes }));
      return { name: `${count} hosts`, host: name(count - 1), port, hosts };
    }),
  ),
];

async function single(name: string, routes: Parameters<typeof host>[0]['routes'] & object): Promise<Variant> {
  const [port, its] = [await freePort(), 'bench.test'];
  return { name, host: its, port, hosts: [host({ host: its, port, routes })] };
}

function targeted(match: { readonly pattern: string }, port: number) {
  return { ...match, target_host: '127.0.0.1', target_port: String(port) };
}

function matching(
  name: string,
  title: string,
  base: string,
  variantsFor: (targetPort: number) => readonly Promise<Variant>[],
): Comparison {
  return {
    kind: 'comparison',
    name,
    title: `1 KB GET, ${title}`,
    unit: 'request',
    base,
    contenders: ['prproxy'],
    quickly: ['prproxy'],
    fine: true,
    cast: async (stage) => cast(stage, await Promise.all(variantsFor(stage.origins.ports.web))),
  };
}

async function cast(stage: Stage, variants: readonly Variant[]): Promise<Cast> {
  const agent = await startSeeded(variants.flatMap(({ hosts }) => hosts));
  const running = { roots: [agent.pid] };
  const subjects = variants.map(({ name, host: its, port }) =>
    httpSubject(stage, { name, running, host: its, port, workload: GET }),
  );
  return { subjects, dispose: () => agent.stop() };
}
