// One edit of a big config, at a running agent: how long until it is acknowledged, which is when it is saved and runs,
// and how long nobody was served meanwhile.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as pause } from 'node:timers/promises';
import type { Host } from '../../../src/model/host.ts';
import { RpcClient } from '../../../src/rpc/client.ts';
import type { Gaps } from '../load/gaps.ts';
import { startSeeded } from '../seeded-agent.ts';
import { median } from '../stats.ts';

export interface OutsideFigures {
  readonly acknowledgedMs: number;
  readonly slowestMs: number;
  /** The longest wait of a request during an edit: their median, and the worst. */
  readonly blockedMs: number;
  readonly longestBlockMs: number;
  /** The median of longest waits in equal times without an edit: what the machine itself does. */
  readonly quietMs: number;
}

/** Short, and not from a disk. */
const PATH = '/seen';
const PAUSE_MS = 150;
/** Between an edit and the time without one that it is compared with. */
const LEAD_MS = 20;

/** @param hosts of one port, leading to a web origin; the first is edited, the second is not */
export async function measureOutside(hosts: readonly Host[], edits: number): Promise<OutsideFigures> {
  const agent = await startSeeded(hosts);
  const watched = hosts.slice(0, 2).map(({ host }) => host);
  const { port } = hosts[0]!;
  const seconds = Math.ceil((edits * (PAUSE_MS + 150)) / 1000) + 2;
  const program = join(import.meta.dirname, '..', 'load', 'gaps.ts');
  const args = [program, port, watched.join(','), PATH, String(seconds)];
  const probe = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  try {
    const told = text(probe.stdout);
    await connected(probe);
    const spans = await edit(agent.home.paths.socket, hosts[0]!, edits);
    const { gaps, failure, answers } = JSON.parse(await told) as Gaps;
    if (failure !== undefined || answers === 0) throw new Error(`an edit touched a connection: ${failure}`);
    const longest = (from: number, to: number) =>
      Math.max(0, ...gaps.filter(({ atMs, ms }) => atMs < to && atMs + ms > from).map(({ ms }) => ms));
    const worst = spans.map(([from, to]) => longest(from, to));
    const quiet = spans.map(([from, to]) => longest(from - LEAD_MS - (to - from), from - LEAD_MS));
    const times = spans.map(([from, to]) => to - from);
    return {
      acknowledgedMs: median(times),
      slowestMs: Math.max(...times),
      blockedMs: median(worst),
      longestBlockMs: Math.max(...worst),
      quietMs: median(quiet),
    };
  } finally {
    probe.kill('SIGKILL');
    await agent.stop();
  }
}

/** @returns when each began and was acknowledged, in milliseconds since 1970 */
async function edit(socket: string, { name, http_routes: routes }: Host, edits: number): Promise<[number, number][]> {
  const client = await RpcClient.connect(socket);
  const now = () => performance.timeOrigin + performance.now();
  const spans: [number, number][] = [];
  const [{ path, target_host, target_port }] = routes as [Host['http_routes'][number]];
  for (let n = 0; n < edits; n++) {
    await pause(PAUSE_MS);
    const from = now();
    const draft = { path, target_host, target_port, response_headers: { 'X-Edit': String(n) } };
    await client.call('route.http.add', { host_id: name, ...draft });
    spans.push([from, now()]);
  }
  client.close();
  return spans;
}

/** Resolves when the probe has its connections. */
async function connected(probe: ChildProcess): Promise<void> {
  const ended = once(probe, 'close').then(() => Promise.reject(new Error('the probe ended early')));
  await Promise.race([once(probe.stderr!, 'data'), ended]);
  ended.catch(() => {});
}
