// `npm run soak -- http [minutes]`: mixed traffic through a running agent, with clients and origins that abort, stall,
// reset and lie, and a config change every second. Nothing that was asked for rightly may fail; memory and handles must
// not grow in the second half; the log must hold no warning.
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readdir, readFile } from 'node:fs/promises';
import { Agent, type ClientRequest, type IncomingMessage, type RequestOptions, request } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { WebSocket } from 'ws';
import { freePort } from '../support/data-plane.ts';
import { BIG, MISDEED_PATHS, SMALL } from '../support/misbehaving-origin.ts';
import { MB, rssOf } from '../support/rss.ts';
import { type SoakWeb, withSoakWeb } from '../support/soak-web.ts';

const minutes = Number(process.argv[3] ?? 15);
const SAMPLE_MS = 2_000;
const CHANGE_MS = 1_000;
/** Growth from the third to the fourth quarter that counts as flat. */
const RSS_SLACK = 1.05;
const HANDLE_SLACK = 1.1;
/** A client of a misbehaving origin gives up after this long. */
const PATIENCE_MS = 3_000;

const BIG_HASH = createHash('sha256').update(BIG).digest('hex');
const counts = new Map<string, number>();
const failures: string[] = [];
const samples: { rss: number; handles: number }[] = [];

const agent = new Agent({ keepAlive: true, maxSockets: 32 });
let stopped = false;
let { home, port, originPort, pid } = {} as SoakWeb;

await withSoakWeb([], async (web) => {
  ({ home, port, originPort, pid } = web);
  console.log(`${minutes} min of mixed traffic; agent pid ${pid}`);
  await soak().finally(() => {
    stopped = true;
    agent.destroy();
  });
  await report();
});

async function soak(): Promise<void> {
  const jobs = [
    ...repeat(4, 'keep-alive GET', () => get(`/small`, SMALL, agent)),
    ...repeat(2, 'GET and close', () => get('/small', SMALL)),
    ...repeat(2, 'download', () => download('/big')),
    ...repeat(1, 'chunked download', () => download('/chunked')),
    ...repeat(1, 'upload by length', () => upload(false)),
    ...repeat(1, 'chunked upload', () => upload(true)),
    ...repeat(4, 'WebSocket', talk),
    ...repeat(4, 'aborted request', abort),
    ...repeat(3, 'misbehaving origin', misdeed),
    changes(),
    watch(),
  ];
  const all = Promise.all(jobs);
  await Promise.race([pause(minutes * 60_000), all]);
  stopped = true;
  await all;
}

/** Runs `job` again and again in so many loops; what it throws is a failure. */
function repeat(loops: number, name: string, job: () => Promise<void>): Promise<void>[] {
  return Array.from({ length: loops }, async () => {
    while (!stopped) {
      try {
        await job();
        counts.set(name, (counts.get(name) ?? 0) + 1);
      } catch (error) {
        failures.push(`${name}: ${error instanceof Error ? error.message : String(error)}`);
      }
    }
  });
}

function open(options: RequestOptions): ClientRequest {
  return request({ host: '127.0.0.1', port, agent: false, ...options });
}

async function answerOf(sent: ClientRequest): Promise<{ status: number; body: Buffer }> {
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  return { status: response.statusCode ?? 0, body: Buffer.concat(chunks) };
}

async function get(path: string, expected: string, via?: Agent): Promise<void> {
  const sent = open(via === undefined ? { path } : { path, agent: via });
  sent.end();
  const { status, body } = await answerOf(sent);
  if (status !== 200 || body.toString() !== expected) throw new Error(`status ${status}, ${body.length} bytes`);
}

async function download(path: string): Promise<void> {
  const sent = open({ path });
  sent.end();
  const { status, body } = await answerOf(sent);
  const hash = createHash('sha256').update(body).digest('hex');
  if (status !== 200 || hash !== BIG_HASH) throw new Error(`status ${status}, ${body.length} bytes, wrong hash`);
}

async function upload(chunked: boolean): Promise<void> {
  const body = randomBytes(1 + Math.floor(Math.random() * 300_000));
  const headers = chunked ? { 'transfer-encoding': 'chunked' } : { 'content-length': body.length };
  const sent = open({ method: 'POST', path: '/hash', headers });
  sent.write(body.subarray(0, body.length >> 1));
  sent.end(body.subarray(body.length >> 1));
  const { status, body: answer } = await answerOf(sent);
  const hash = createHash('sha256').update(body).digest('hex');
  if (status !== 200 || answer.toString() !== hash) throw new Error(`status ${status}, wrong hash`);
}

async function talk(): Promise<void> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/socket`);
  await once(socket, 'open');
  for (let i = 0; i < 20 && !stopped; i++) {
    const message = randomBytes(1 + Math.floor(Math.random() * 20_000));
    socket.send(message);
    const [echo] = (await once(socket, 'message')) as [Buffer];
    if (!message.equals(echo)) throw new Error('another message came back');
    await pause(Math.random() * 50);
  }
  if (Math.random() < 0.5) return socket.terminate();
  socket.close();
  await once(socket, 'close');
}

/** Goes away at a random moment of a request. */
async function abort(): Promise<void> {
  const big = Math.random() < 0.5;
  const sent = open({ method: big ? 'GET' : 'POST', path: big ? '/big' : '/hash' });
  sent.on('error', () => {});
  sent.on('response', (response) => response.on('error', () => {}).resume());
  sent.write(big ? '' : randomBytes(50_000));
  if (big) sent.end();
  await pause(Math.random() * 20);
  sent.destroy();
}

/** Any end will do, as long as there is one, and the next request is right again. */
async function misdeed(): Promise<void> {
  const path = `/${MISDEED_PATHS[Math.floor(Math.random() * MISDEED_PATHS.length)]}`;
  // Without `Connection: close`: a client that said it and then closed its side is owed an answer (docs/http.md), so
  // that one that waits for a stalled target would be kept until the response time limit.
  const kept = new Agent({ keepAlive: true });
  const sent = open({ path, agent: kept, signal: AbortSignal.timeout(PATIENCE_MS) });
  sent.end();
  const outcome = await answerOf(sent).catch(() => undefined);
  kept.destroy();
  if (outcome?.body.includes('EVIL')) throw new Error('bytes behind an answer came through');
  const allowed = path === '/twice' ? [200] : [502];
  if (outcome !== undefined && !allowed.includes(outcome.status)) throw new Error(`${path} gave ${outcome.status}`);
}

/** Adds, edits and removes other hosts and other routes, once a second. */
async function changes(): Promise<void> {
  const other = await freePort();
  for (let i = 0; !stopped; i++) {
    const value = String(i);
    await home.rpc('route.http.add', {
      host_id: 'web',
      path: '/edited',
      target_host: '127.0.0.1',
      target_port: originPort,
      response_headers: { 'X-Edit': value },
    });
    if (i % 3 === 0) await home.rpc('host.add', { name: 'other', host: '127.0.0.1', port: other });
    if (i % 3 === 1) await home.rpc('config.set', { timeouts: { keep_alive: 60 + (i % 20) } });
    if (i % 3 === 2) await home.rpc('host.remove', { host_id: 'other' });
    counts.set('config change', (counts.get('config change') ?? 0) + 2);
    await pause(CHANGE_MS);
  }
}

async function watch(): Promise<void> {
  const every = Math.max(1, Math.round((minutes * 60_000) / SAMPLE_MS / 20));
  while (!stopped) {
    const handles = (await readdir(`/proc/${pid}/fd`)).length;
    samples.push({ rss: await rssOf(pid), handles });
    const total = [...counts.values()].reduce((sum, count) => sum + count, 0);
    const { rss } = samples.at(-1)!;
    if (samples.length % every === 0)
      console.log(`  ${total} done, ${failures.length} failed, RSS ${(rss / MB).toFixed(0)} MB, ${handles} handles`);
    await pause(SAMPLE_MS);
  }
}

function mean(from: number, to: number, of: (sample: (typeof samples)[number]) => number): number {
  const part = samples.slice(Math.floor(samples.length * from), Math.ceil(samples.length * to)).map(of);
  return part.reduce((sum, value) => sum + value, 0) / part.length;
}

function least(from: number, to: number): number {
  const part = samples.slice(Math.floor(samples.length * from), Math.ceil(samples.length * to));
  return Math.min(...part.map(({ handles }) => handles));
}

async function report(): Promise<void> {
  for (const [name, count] of counts) console.log(`${name.padEnd(20)} ${count}`);
  const rss = [mean(0.5, 0.75, (s) => s.rss), mean(0.75, 1, (s) => s.rss)] as const;
  // Handles come and go with the traffic; a leak raises their least number.
  const handles = [least(0.5, 0.75), least(0.75, 1)] as const;
  console.log(`RSS, third and fourth quarter: ${rss.map((value) => (value / MB).toFixed(1)).join(' and ')} MB`);
  console.log(`least handles, third and fourth quarter: ${handles.join(' and ')}`);
  const log = await readFile(home.paths.agentLog, 'utf8');
  const loud = log.split('\n').filter((line) => /"level":"(warn|error|fatal)"/.test(line));
  console.log(`${failures.length} failures, ${loud.length} warnings in the log`);
  for (const line of [...failures.slice(0, 20), ...loud.slice(0, 20)]) console.log(`  ${line}`);
  const grew = rss[1] > rss[0] * RSS_SLACK || handles[1] > handles[0] * HANDLE_SLACK + 5;
  if (failures.length > 0 || loud.length > 0 || grew) process.exitCode = 1;
}
