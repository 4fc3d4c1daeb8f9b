// The HTTP workloads: one request again and again, by wrk.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Running } from '../contender.ts';
import { runWrk, type WrkLoad } from '../load/wrk.ts';
import { type Subject, subjectOr } from '../measure.ts';
import { KB } from '../origins.ts';
import { type Place, proveFile, proveForwarding, proveUpload } from '../prove.ts';
import type { Stage } from '../stage.ts';
import type { Comparison } from '../workload.ts';

export const HTTP_PEERS = ['nginx', 'haproxy', 'caddy', 'go-httputil', 'http-proxy-3', 'fastify-http-proxy'];
const ALL = ['prproxy', ...HTTP_PEERS];
const UPLOAD = 100 * KB;

interface HttpWorkload extends Omit<WrkLoad, 'port' | 'host'> {
  readonly name: string;
  readonly title: string;
  readonly site?: 'plain' | 'routes' | 'tls';
  /** Which of the web servers answers. */
  readonly origin?: string;
  readonly contenders?: readonly string[];
  readonly quickly?: readonly string[];
}

export const httpWorkloads: readonly Comparison[] = (
  [
    { name: 'get-1k', title: '1 KB GET, kept connections', path: '/1k', quickly: ALL },
    {
      name: 'routes-1k',
      title: '1 KB GET, 10 paths and 10 patterns on the host',
      path: '/app10/1k',
      site: 'routes',
      origin: 'other',
      contenders: ALL.filter((name) => name !== 'fastify-http-proxy'),
    },
    { name: 'get-100k', title: '100 KB download', path: '/100k' },
    { name: 'get-10m', title: '10 MB download', path: '/10m', connections: 8 },
    { name: 'put-100k', title: '100 KB upload, Content-Length', ...upload('length') },
    { name: 'put-100k-chunked', title: '100 KB upload, chunked', ...upload('chunked') },
    {
      name: 'close-1k',
      title: '1 KB GET, a connection for each request',
      path: '/1k',
      close: true,
      quickly: ['prproxy', 'nginx', 'go-httputil'],
    },
    { name: 'tls-1k', title: '1 KB GET over TLS, kept connections', path: '/1k', tls: true, site: 'tls' },
  ] satisfies HttpWorkload[]
).map(comparison);

function upload(framing: 'length' | 'chunked') {
  return { method: 'PUT', path: '/up/load', framing, bodyBytes: UPLOAD };
}

function comparison(workload: HttpWorkload): Comparison {
  const { name, title, contenders = ALL, quickly = ['prproxy', 'nginx'] } = workload;
  return {
    kind: 'comparison',
    name,
    title,
    unit: 'request',
    base: 'nginx',
    contenders,
    quickly,
    cast: async (stage, names) => ({
      subjects: await Promise.all(names.map((each) => subjectOr(each, () => subjectOf(stage, each, workload)))),
    }),
  };
}

async function subjectOf(stage: Stage, name: string, workload: HttpWorkload): Promise<Subject> {
  const running = await stage.running(name);
  return httpSubject(stage, { name, running, ...running.layout[workload.site ?? 'plain'], workload });
}

export interface HttpSubject {
  readonly name: string;
  readonly running: Pick<Running, 'roots'>;
  readonly port: number;
  readonly workload: Omit<HttpWorkload, 'name' | 'title'>;
  readonly host: string;
}

export function httpSubject(stage: Stage, { name, running, port, workload, host }: HttpSubject): Subject {
  return {
    name,
    roots: running.roots,
    warms: stage.contenders.get(name)?.warms ?? true,
    prove: () => prove(stage, { host, port }, workload),
    load: (seconds) => runWrk({ ...workload, port, host }, seconds),
  };
}

async function prove(stage: Stage, at: Place, workload: HttpSubject['workload']): Promise<void> {
  const { path, framing = 'none', origin = 'web' } = workload;
  const ca = workload.tls === true ? await readFile(stage.certificate.cert, 'utf8') : undefined;
  if (framing !== 'none') return proveUpload(at, framing, UPLOAD, join(stage.folder, 'web'));
  await proveFile({ ...at, path, ca }, stage.origins.files.get(path)!, origin);
  if (workload.site !== 'routes') await proveForwarding(at, ca);
}
