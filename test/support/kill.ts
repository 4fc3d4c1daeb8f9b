// Kills the agent with SIGKILL at random moments of a stream of changes, and checks after each kill that the saved file
// is whole, that it holds the last acknowledged change or the one being made, and that traffic resumes.

import { readdir } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { isDeepStrictEqual } from 'node:util';
import { configFromRaw } from '../../agent/control/saved.ts';
import type { ProxyConfig } from '../../src/model/config.ts';
import { RpcClient } from '../../src/rpc/client.ts';
import type { AgentHome } from './agent-home.ts';
import { AgentProcess } from './agent-process.ts';
import { type Change, nextChange, type Snapshot, snapshotOf } from './changes.ts';
import { freePort } from './data-plane.ts';
import { Random } from './random.ts';

export interface KillOptions {
  readonly rounds: number;
  readonly seed: number;
  /** Told after each round. */
  readonly onRound?: (round: Round) => void;
}

export interface Round {
  readonly number: number;
  /** Acknowledged before the kill. */
  readonly changes: number;
  /** The change that was being made was on the disk, or not. */
  readonly lastChange: 'saved' | 'lost';
  /** From the start of the new agent's process to the first answer of the origin through it. */
  readonly resumedMs: number;
}

/** Most changes that are acknowledged before a kill. */
const MOST_CHANGES = 8;
const PORTS = 6;
const ANSWER = 'the origin is here';

/**
 * @param home without an agent, or with one that is stopped by the caller before
 * @throws when anything is not as it should be; the message says with which seed and in which round
 */
export async function killAgain(home: AgentHome, options: KillOptions): Promise<Round[]> {
  const rounds: Round[] = [];
  const origin = await startOrigin();
  const run = await Run.prepare(home, new Random(options.seed), (origin.address() as AddressInfo).port);
  try {
    for (let number = 1; number <= options.rounds; number++) {
      rounds.push(await run.round(number));
      options.onRound?.(rounds.at(-1)!);
    }
  } catch (error) {
    const text = `seed ${options.seed} (PRPROXY_SEED repeats it), round ${rounds.length + 1}`;
    throw new Error(`${text}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  } finally {
    await run.end();
    origin.close();
  }
  return rounds;
}

class Run {
  readonly #home: AgentHome;
  readonly #random: Random;
  readonly #webPort: number;
  readonly #ports: readonly string[];
  #agent: AgentProcess;
  #client: RpcClient;
  /** As it must be on the disk now. */
  #acknowledged: Snapshot;
  /** What a change takes, in milliseconds; kills are spread over it. */
  #changeMs = 5;

  private constructor(home: AgentHome, random: Random, webPort: number, ports: string[], parts: Connected) {
    this.#home = home;
    this.#random = random;
    this.#webPort = webPort;
    this.#ports = ports;
    this.#agent = parts.agent;
    this.#client = parts.client;
    this.#acknowledged = parts.present;
  }

  /** A host with a static target, whose traffic must resume after each kill. */
  static async prepare(home: AgentHome, random: Random, originPort: number): Promise<Run> {
    const webPort = await freePort();
    const ports: string[] = [];
    for (let n = 0; n < PORTS; n++) ports.push(String(await freePort()));
    const first = await connect(home);
    await first.client.call('config.set', { rest_port: String(home.restPort) });
    await first.client.call('enable', {});
    const target = { path: '/', target_host: '127.0.0.1', target_port: String(originPort) };
    await first.client.call('host.add', {
      host: '127.0.0.1',
      port: String(webPort),
      name: 'web',
      http_routes: [target],
    });
    return new Run(home, random, webPort, ports, { ...first, present: await saved(home) });
  }

  async round(number: number): Promise<Round> {
    const changes = this.#random.below(MOST_CHANGES);
    for (let n = 0; n < changes; n++) await this.#acknowledge(this.#change());
    const last = this.#change();
    const answered = last.call(this.#client).then(
      () => true,
      () => false,
    );
    await moment(this.#random.next() * 1.5 * this.#changeMs);
    await this.#agent.kill('SIGKILL');
    if (await answered) this.#acknowledged = last.next;
    const lastChange = await this.#checkFile(last.next);
    const began = performance.now();
    await this.#startAgain();
    return { number, changes, lastChange, resumedMs: performance.now() - began };
  }

  #change(): Change {
    return nextChange(this.#acknowledged, this.#random, this.#ports);
  }

  async #acknowledge(change: Change): Promise<void> {
    const began = performance.now();
    await change.call(this.#client);
    this.#acknowledged = change.next;
    this.#changeMs = 0.9 * this.#changeMs + 0.1 * (performance.now() - began);
  }

  /** Right after the kill, before anything could repair it. */
  async #checkFile(inFlight: Snapshot): Promise<Round['lastChange']> {
    const found = await saved(this.#home);
    const isNew = isDeepStrictEqual(found, inFlight);
    if (!isNew) expectSame(found, this.#acknowledged, 'the saved file is not what was acknowledged last');
    this.#acknowledged = found;
    return isNew ? 'saved' : 'lost';
  }

  async #startAgain(): Promise<void> {
    const { agent, client, present } = await connect(this.#home);
    this.#agent = agent;
    this.#client = client;
    const response = await fetch(`http://127.0.0.1:${this.#webPort}/`);
    const text = await response.text();
    if (text !== ANSWER) throw new Error(`no traffic after the restart: ${response.status} ${text}`);
    expectSame(present, this.#acknowledged, 'the agent runs something else than what was saved');
    const files = await readdir(this.#home.path);
    const odd = files.filter((file) => /corrupt|\.tmp-|previous/.test(file));
    if (odd.length > 0) throw new Error(`left after the restart: ${odd.join(', ')}`);
  }

  async end(): Promise<void> {
    this.#client.close();
    await this.#agent.kill('SIGTERM');
  }
}

interface Connected {
  readonly agent: AgentProcess;
  readonly client: RpcClient;
  readonly present: Snapshot;
}

/** A new agent, and what it runs. */
async function connect(home: AgentHome): Promise<Connected> {
  const agent = await AgentProcess.start(home);
  const client = await RpcClient.connect(home.paths.socket);
  const proxy = await client.call('config.show', {});
  const hosts = await client.call('host.list', {});
  const down = hosts.find((host) => proxy.enabled && host.state !== 'listening');
  if (down !== undefined) throw new Error(`host ${down.name} is ${down.state}: ${down.error}`);
  return { agent, client, present: snapshotOf({ proxy, hosts }) };
}

/** The file as a valid config; throws when it is torn or holds nonsense. */
async function saved(home: AgentHome): Promise<Snapshot> {
  const config: ProxyConfig = configFromRaw(JSON.parse(await home.saved()) as Record<string, unknown>);
  return snapshotOf(config);
}

function expectSame(found: Snapshot, wanted: Snapshot, what: string): void {
  if (isDeepStrictEqual(found, wanted)) return;
  throw new Error(`${what}: ${JSON.stringify(found)} instead of ${JSON.stringify(wanted)}`);
}

/** Some way into a change: turns of the loop, since a timer knows whole milliseconds only. */
function moment(ms: number): Promise<void> {
  const end = performance.now() + ms;
  return new Promise((resolve) => {
    const turn = () => (performance.now() < end ? void setImmediate(turn) : resolve());
    turn();
  });
}

function startOrigin(): Promise<Server> {
  return new Promise((resolve) => {
    const server = createServer((_request, response) => response.end(ANSWER));
    server.listen(0, '127.0.0.1', () => resolve(server));
  });
}
