// `npm run soak -- transfer [MiB]`: 1 GiB (or so many MiB) down and up, by HTTP and by TCP, one after another through a
// running agent. Prints speed and the agent's memory; fails on a wrong byte or over 200 MB.
import { AgentHome } from '../support/agent-home.ts';
import {
  BulkOrigin,
  httpDownload,
  httpUpload,
  MIB,
  type OnBytes,
  type Receipt,
  receiptFor,
  tcpDownload,
  tcpUpload,
} from '../support/bulk.ts';
import { freePort } from '../support/data-plane.ts';
import { MB, RssWatch, rssOf } from '../support/rss.ts';

const RSS_LIMIT = 200 * MB;
const STEPS = 10;

const size = Number(process.argv[3] ?? 1024) * MIB;
const origin = await BulkOrigin.start();
const home = await AgentHome.running();
try {
  await soak();
} finally {
  await home.dispose();
  await origin.close();
}

async function soak(): Promise<void> {
  const [httpPort, tcpPort] = [await freePort(), await freePort()];
  await home.ok('host', 'add', `127.0.0.1:${httpPort}`, '--name', 'web');
  await home.ok('route', 'http', 'add', 'web', '--path', '/', ...target(origin.httpPort));
  await home.ok('host', 'add', `127.0.0.1:${tcpPort}`, '--name', 'tcp');
  await home.ok('route', 'tcp', 'set', 'tcp', ...target(origin.tcpPort));
  const { pid } = (await home.json('status')).agent;
  const web = { port: httpPort, host: '127.0.0.1' };

  console.log(`${size / MIB} MiB each; client and origin share one process; agent pid ${pid}`);
  console.log(`agent's RSS before: ${mb(await rssOf(pid))} MB`);
  await trial(pid, 'HTTP download, by length', (onBytes) => httpDownload(web, 'length', size, onBytes));
  await trial(pid, 'HTTP download, chunked', (onBytes) => httpDownload(web, 'chunked', size, onBytes));
  await trial(pid, 'HTTP upload, by length', (onBytes) => httpUpload(web, 'length', size, onBytes));
  await trial(pid, 'HTTP upload, chunked', (onBytes) => httpUpload(web, 'chunked', size, onBytes));
  await trial(pid, 'TCP download', (onBytes) => tcpDownload(tcpPort, size, onBytes));
  await trial(pid, 'TCP upload', (onBytes) => tcpUpload(tcpPort, size, onBytes));
  console.log(`agent's RSS after: ${mb(await rssOf(pid))} MB`);
}

function target(port: number): string[] {
  return ['--target-host', '127.0.0.1', '--port', String(port)];
}

async function trial(pid: number, name: string, transfer: (onBytes: OnBytes) => Promise<Receipt>): Promise<void> {
  const expected = receiptFor(size);
  const watch = await RssWatch.start(pid);
  process.stdout.write(`${name.padEnd(26)}`);
  let bytes = 0;
  let steps = 0;
  const beganAt = performance.now();
  const receipt = await transfer((count) => {
    bytes += count;
    for (; steps < Math.floor((bytes / size) * STEPS); steps++) process.stdout.write('.');
  });
  const seconds = (performance.now() - beganAt) / 1000;
  const peak = await watch.peak();
  console.log(`  ${(size / MB / seconds).toFixed(0).padStart(5)} MB/s  agent's peak RSS ${mb(peak)} MB`);
  if (receipt.bytes !== expected.bytes || receipt.sha256 !== expected.sha256) {
    throw new Error(`${name}: ${receipt.bytes} bytes with hash ${receipt.sha256}, not ${expected.sha256}`);
  }
  if (peak >= RSS_LIMIT)
    throw new Error(`${name}: the agent's RSS reached ${mb(peak)} MB, the limit is ${mb(RSS_LIMIT)}`);
}

function mb(bytes: number): string {
  return (bytes / MB).toFixed(0);
}
