// TCP through a forwarder: many bytes, and many connections.
import { MIB, receiptFor, tcpDownload, tcpUpload } from '../../support/bulk.ts';
import { runGenerator } from '../load/told.ts';
import { type Sample, type Subject, subjectOr } from '../measure.ts';
import type { Stage } from '../stage.ts';
import type { Comparison } from '../workload.ts';

const ALL = ['prproxy', 'nginx', 'haproxy', 'go-copy', 'go-32k-loop'];
const PROOF = 3 * MIB + 1;

type Load = (port: number, seconds: number) => Promise<Sample>;

export const tcpWorkloads: readonly Comparison[] = [
  bulk('down', 1),
  bulk('up', 1),
  bulk('down', 8),
  bulk('up', 8),
  {
    kind: 'comparison',
    name: 'tcp-connect',
    title: 'TCP connections, one line each way',
    unit: 'connection',
    base: 'nginx',
    contenders: ALL,
    quickly: ['prproxy', 'nginx'],
    cast: castWith((port, seconds) => runGenerator('tcp-connect.ts', [port], seconds)),
  },
];

function bulk(direction: 'down' | 'up', streams: number): Comparison {
  return {
    kind: 'comparison',
    name: `tcp-${direction}-${streams}`,
    title: `TCP ${direction === 'down' ? 'download' : 'upload'}, ${streams === 1 ? '1 stream' : `${streams} streams`}`,
    unit: 'GB',
    base: 'go-32k-loop',
    contenders: ALL,
    quickly: ['prproxy', 'go-32k-loop'],
    cast: castWith((port, seconds) => runGenerator('tcp-bulk.ts', [port, direction, streams], seconds)),
  };
}

function castWith(load: Load): Comparison['cast'] {
  return async (stage, names) => ({
    subjects: await Promise.all(names.map((name) => subjectOr(name, () => subjectOf(stage, name, load)))),
  });
}

async function subjectOf(stage: Stage, name: string, load: Load): Promise<Subject> {
  const { roots, layout } = await stage.running(name);
  const { port } = layout.tcp;
  return {
    name,
    roots,
    warms: stage.contenders.get(name)!.warms,
    prove: () => prove(port),
    load: (seconds) => load(port, seconds),
  };
}

/** Every byte arrives, both ways, and so do both ends. */
async function prove(port: number): Promise<void> {
  const { bytes, sha256 } = receiptFor(PROOF);
  for (const move of [tcpDownload, tcpUpload]) {
    const receipt = await move(port, PROOF);
    if (receipt.sha256 !== sha256) throw new Error(`${receipt.bytes} of ${bytes} bytes arrived, with a wrong hash`);
  }
}
