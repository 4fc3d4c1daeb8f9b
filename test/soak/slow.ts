// `npm run soak -- slow`: the latency of ordinary clients, by turns without and with 200 clients that drip their heads
// and 200 that hardly read their answers. Prints p50 and p99 of each turn and the ratio of the medians.
import { once } from 'node:events';
import { Agent, type IncomingMessage, request } from 'node:http';
import { rssOf } from '../support/rss.ts';
import { SlowClients } from '../support/slow-clients.ts';
import { type SoakWeb, withSoakWeb } from '../support/soak-web.ts';

const TURNS = 4;
const REQUESTS_A_TURN = 3_000;
const CLIENTS = 8;
/** Beyond this ratio of p99 it is no noise. */
const LIMIT = 3;

const agent = new Agent({ keepAlive: true });
await withSoakWeb([], trial).finally(() => agent.destroy());

async function trial({ port, pid }: SoakWeb): Promise<void> {
  await latencies(port);
  const alone: number[] = [];
  const beside: number[] = [];
  for (let turn = 0; turn < TURNS; turn++) {
    alone.push(told('alone', await latencies(port)));
    const slow = new SlowClients(port);
    await slow.settled();
    beside.push(told('beside 400 slow clients', await latencies(port)));
    console.log(`  agent's RSS ${((await rssOf(pid)) / 1e6).toFixed(0)} MB`);
    slow.close();
  }
  const ratio = median(beside) / median(alone);
  console.log(`p99 beside slow clients is ${ratio.toFixed(2)} × p99 alone`);
  if (ratio > LIMIT) throw new Error(`slow clients slow others down: ${ratio.toFixed(2)} ×`);
}

/** Milliseconds of each request, sorted. */
async function latencies(port: number): Promise<number[]> {
  const all: number[] = [];
  const client = async () => {
    while (all.length < REQUESTS_A_TURN) {
      const began = performance.now();
      const sent = request({ host: '127.0.0.1', port, path: '/small', agent });
      sent.end();
      const [response] = (await once(sent, 'response')) as [IncomingMessage];
      await once(response.resume(), 'end');
      all.push(performance.now() - began);
    }
  };
  await Promise.all(Array.from({ length: CLIENTS }, client));
  return all.sort((a, b) => a - b);
}

/** @returns p99 */
function told(what: string, sorted: readonly number[]): number {
  const at = (share: number) => sorted[Math.floor(sorted.length * share)]!;
  console.log(`${what.padEnd(24)} p50 ${at(0.5).toFixed(2)} ms, p99 ${at(0.99).toFixed(2)} ms`);
  return at(0.99);
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1]!;
}
