// The clients of the demo: one request as a person makes it, many requests at once, and a conversation by lines.
import { execFile } from 'node:child_process';
import { Agent, request } from 'node:http';
import { connect } from 'node:net';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { command, output, say, spoken } from './show.ts';

/** No answer of the demo takes longer; milliseconds. */
const LIMIT_MS = 15_000;

/** A host of the proxy, as a client must know it: the name, and where it really is. */
export interface Site {
  readonly name: string;
  readonly address: string;
  readonly port: number;
}

export interface Answer {
  readonly status: number;
  readonly body: string;
}

/** Requests a page as a person would, with curl if it is there, and shows that. @returns status line, fields and body */
export async function visit(site: Site, path: string): Promise<string> {
  const url = `http://${site.name}:${site.port}${path}`;
  const resolve = `${site.name}:${site.port}:${site.address}`;
  const text = await curl('-sSi', '--resolve', resolve, url);
  if (text !== undefined) return text;
  say(`(curl is not installed: the demo asks for ${url} itself)`);
  const { status, body } = await get(site, path);
  const answer = `HTTP/1.1 ${status}\n\n${body}`;
  output(answer);
  return answer;
}

/** Undefined: there is no curl here. */
function curl(...args: string[]): Promise<string | undefined> {
  // A proxy of the user's own has no business between the demo's client and server.
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(https?|all)_proxy$/i.test(name)));
  return new Promise((resolve, reject) => {
    execFile('curl', args, { env, timeout: LIMIT_MS }, (error, stdout, stderr) => {
      if (error?.code === 'ENOENT') return resolve(undefined);
      command(`curl ${args.join(' ')}`);
      const text = stdout.replaceAll('\r', '');
      output(text + stderr);
      if (error === null) resolve(text);
      else reject(new Error(`curl failed: ${stderr || error.message}`));
    });
  });
}

/** One GET over the demo's own client. */
export function get(site: Site, path: string, agent?: Agent): Promise<Answer> {
  const { address: host, port, name } = site;
  const headers = { Host: `${name}:${port}` };
  return new Promise((resolve, reject) => {
    const options = { host, port, path, headers, timeout: LIMIT_MS, ...(agent === undefined ? {} : { agent }) };
    const sent = request(options, (response) => {
      let body = '';
      response.setEncoding('utf8');
      response.on('data', (text: string) => {
        body += text;
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body }));
      response.on('error', reject);
    });
    sent.on('timeout', () => sent.destroy(new Error('no answer in time')));
    sent.on('error', reject);
    sent.end();
  });
}

export interface Tally {
  requests: number;
  /** What was wrong with each that failed. */
  readonly failures: string[];
  /** Answer → how often. */
  readonly answers: Map<string, number>;
  slowestMs: number;
}

/** Clients that ask for a page again and again until they are stopped. */
export class Crowd {
  readonly #agent: Agent;
  readonly #clients: Promise<void>[];
  readonly tally: Tally = { requests: 0, failures: [], answers: new Map(), slowestMs: 0 };
  #over = false;

  constructor(site: Site, path: string, size: number) {
    this.#agent = new Agent({ keepAlive: true, maxSockets: size });
    this.#clients = Array.from({ length: size }, () => this.#run(site, path));
  }

  async stop(): Promise<Tally> {
    this.#over = true;
    await Promise.all(this.#clients);
    this.#agent.destroy();
    return this.tally;
  }

  async #run(site: Site, path: string): Promise<void> {
    const { tally } = this;
    while (!this.#over) {
      const began = performance.now();
      const answer = await get(site, path, this.#agent).catch((error: Error) => ({ status: 0, body: error.message }));
      tally.requests++;
      tally.slowestMs = Math.max(tally.slowestMs, performance.now() - began);
      if (answer.status === 200) tally.answers.set(answer.body, (tally.answers.get(answer.body) ?? 0) + 1);
      else tally.failures.push(`${answer.status} ${answer.body}`);
      await sleep(5);
    }
  }
}

/** Says each line after the answer to the one before, and shows both sides. @returns what came back */
export async function converse(port: number, lines: readonly string[]): Promise<string[]> {
  say(`(the demo's own client connects to 127.0.0.1:${port})`);
  const socket = connect({ port, host: '127.0.0.1', timeout: LIMIT_MS });
  const broken = new Promise<never>((_, reject) => {
    socket.on('error', reject);
    socket.on('timeout', () => reject(new Error('the line service did not answer in time')));
  });
  const heard: string[] = [];
  const talk = async () => {
    const left = [...lines];
    for await (const line of createInterface({ input: socket })) {
      heard.push(line);
      spoken('<', line);
      const next = left.shift();
      if (next === undefined) continue;
      spoken('>', next);
      socket.write(`${next}\n`);
    }
  };
  try {
    await Promise.race([talk(), broken]);
  } finally {
    socket.destroy();
  }
  return heard;
}
