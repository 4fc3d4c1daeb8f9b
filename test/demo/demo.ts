// `npm run demo`: the workflow of the reverse proxy from nothing to an answer, with the real CLI and agent and a
// simulated prlctl. Every step is checked, so exit 0 means that it worked; whatever happens, nothing is left behind.
import { constants } from 'node:os';
import { stripVTControlCharacters } from 'node:util';
import { AgentHome } from '../support/agent-home.ts';
import { freePort } from '../support/data-plane.ts';
import { Cli } from './cli.ts';
import { Crowd, converse, type Site, visit } from './clients.ts';
import { choosePlaces, type Places, Services, VM_ID, VM_NAME } from './machine.ts';
import { command, failure, heading, isColoured, output, say, success } from './show.ts';

/** The demo takes a few seconds; this is for a machine on which something hangs. */
const LIMIT_MS = 50_000;
const CROWD = 8;
/** How long requests run before the move, and after the first answer from the new address; milliseconds. */
const CALM_MS = 500;

class Demo {
  readonly #home: AgentHome;
  readonly #cli: Cli;
  readonly #places: Places;
  readonly #site: Site;
  readonly #linePort: number;
  #services: Services | undefined;

  constructor(home: AgentHome, places: Places, site: Site, linePort: number) {
    this.#home = home;
    this.#cli = new Cli(isColoured ? { ...home.env, FORCE_COLOR: '1', NO_COLOR: undefined } : home.env);
    this.#places = places;
    this.#site = site;
    this.#linePort = linePort;
  }

  async run(): Promise<void> {
    await this.#prepare();
    await this.#workflow();
    await this.#tcp();
    await this.#move();
    await this.#stop();
  }

  /** No command and no server of the demo runs when it resolves; the agent may. */
  async close(): Promise<void> {
    await this.#cli.close();
    await this.#services?.cut();
  }

  async #prepare(): Promise<void> {
    const { from, webPort, linePort } = this.#places;
    heading('Before: a virtual machine');
    say('There need be no Parallels Desktop here: a simulated prlctl reports one VM, and small servers of this');
    say(
      `process on ${from} stand for its services: a web server on port ${webPort}, a line service on port ${linePort}.`,
    );
    if (from !== '127.0.0.2')
      say('(127.0.0.2 cannot be used on this machine, so the VM shares 127.0.0.1 with the proxy.)');
    this.#services = await Services.start(from, this.#places);
    this.#home.prlctl.addVm({ id: VM_ID, name: VM_NAME, addresses: [from] });
    say('Settings for the demo: stay on this machine, use a free REST port, allow VM addresses on loopback.');
    const networks = '127.0.0.0/8,::1/128';
    const settings = ['--host', '127.0.0.1', '--rest-port', String(this.#home.restPort), '--vm-networks', networks];
    check(await this.#prproxy('config', 'set', ...settings), /^vm networks +127\.0\.0\.0\/8, ::1\/128$/m);
    check(await this.#prproxy('vm', 'list'), new RegExp(`^${VM_NAME} +running +${from} .*${VM_ID}$`, 'm'));
  }

  async #workflow(): Promise<void> {
    const { name, port } = this.#site;
    heading('1. Start the proxy');
    check(await this.#prproxy('enable'), /the proxy is enabled/);

    heading(`2. Create a host: ${name}:${port}`);
    check(await this.#prproxy('host', 'add', `${name}:${port}`, '--name', 'web'), /^host web listens on/m);

    heading(`3. Attach an HTTP route: /app leads to the VM, port ${this.#places.webPort}`);
    const target = ['--vm', VM_ID, '--port', String(this.#places.webPort)];
    const added = await this.#prproxy('route', 'http', 'add', 'web', '--path', '/app', ...target);
    check(added, new RegExp(`^/app leads to VM ${VM_NAME} port `, 'm'));

    heading('4. Access the app');
    const answer = await visit(this.#site, '/app');
    check(answer, /^HTTP\/1\.1 200/);
    check(answer, greeting(this.#places.from));
  }

  async #tcp(): Promise<void> {
    const { linePort, from } = this.#places;
    heading("A TCP route to the VM's second service");
    check(
      await this.#prproxy('host', 'add', `127.0.0.1:${this.#linePort}`, '--name', 'lines'),
      /^host lines listens on/m,
    );
    const set = await this.#prproxy('route', 'tcp', 'set', 'lines', '--vm', VM_NAME, '--port', String(linePort));
    check(set, /^all traffic leads to VM /m);
    await this.#talk(from);
  }

  /** A conversation through the TCP route, with the service at that address. */
  async #talk(address: string): Promise<void> {
    const heard = await converse(this.#linePort, ['hello', 'is anybody there?', 'quit']);
    const expected = [`this is the line service at ${address}`, 'HELLO', 'IS ANYBODY THERE?', 'bye'];
    if (heard.join() !== expected.join()) throw new Error(`the line service said ${JSON.stringify(heard)}`);
  }

  async #move(): Promise<void> {
    const { from, to } = this.#places;
    heading('The VM changes its address while requests run');
    if (to === undefined) {
      say('(left out: this machine has no second loopback address)');
      return;
    }
    say(`${CROWD} clients ask for /app all the time; then ${from} goes away, and prlctl reports ${to}.`);
    const crowd = new Crowd(this.#site, '/app', CROWD);
    await pause(CALM_MS);
    const old = this.#services;
    this.#services = await Services.start(to, this.#places);
    this.#home.prlctl.setAddress(VM_ID, to);
    await old?.cut();
    const isThere = () => [...crowd.tally.answers.keys()].some((body) => body.includes(`at ${to}\n`));
    for (const limit = performance.now() + 10_000; !isThere() && performance.now() < limit; ) await pause(10);
    await pause(CALM_MS);
    const { requests, failures, answers, slowestMs } = await crowd.stop();
    output(`${requests} requests, ${failures.length} failed; the longest took ${Math.round(slowestMs)} ms`);
    for (const [body, count] of answers) output(`${String(count).padStart(5)} × ${body}`);
    if (failures.length > 0) throw new Error(`requests failed: ${failures.slice(0, 3).join('; ')}`);
    if (!isThere()) throw new Error(`no request was answered by ${to}`);
    check(await this.#prproxy('vm', 'list'), new RegExp(`^${VM_NAME} +running +${to} `, 'm'));
    say('New TCP connections reach it there as well:');
    await this.#talk(to);
  }

  async #stop(): Promise<void> {
    heading('The VM stops');
    await this.#services?.cut();
    this.#services = undefined;
    command(`prlctl stop ${VM_NAME}`);
    const { code, stdout, stderr } = await this.#home.prlctl.run('stop', VM_NAME);
    output(stdout + stderr);
    if (code !== 0) throw new Error(`prlctl stop ended with ${code}`);
    const answer = await visit(this.#site, '/app');
    check(answer, /^HTTP\/1\.1 503/);
    // prlctl may have been read a moment ago, while the VM was on its way.
    check(answer, new RegExp(`VM ${VM_NAME} is stop(ping|ped)`));
    const status = await this.#prproxy('status');
    check(status, new RegExp(`^web +/app +VM ${VM_NAME} port \\d+ +down +VM ${VM_NAME} is stop(ping|ped)$`, 'm'));
    check(status, /^lines +127\.0\.0\.1:\d+ +listening/m);
  }

  /** Runs the CLI, shows the command and what it printed. @returns that, without colours */
  async #prproxy(...args: string[]): Promise<string> {
    command(`prproxy ${args.join(' ')}`);
    const { code, stdout, stderr } = await this.#cli.run(args);
    output(stderr + stdout);
    if (code !== 0) throw new Error(`prproxy ${args.join(' ')} ended with exit code ${code}`);
    return stripVTControlCharacters(stdout);
  }
}

/** What the web server says from that address. */
function greeting(address: string): RegExp {
  return new RegExp(`^GET /app: hello 127\\.0\\.0\\.1, from VM ${VM_NAME} at ${address.replaceAll('.', '\\.')}$`, 'm');
}

function check(text: string, expected: RegExp): void {
  if (!expected.test(text)) throw new Error(`the output should match ${expected}`);
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Rejects when the user or the system wants an end, or when it takes too long. */
function interruption(): Promise<never> {
  return new Promise((_, reject) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      process.on(signal, () => {
        process.exitCode = 128 + constants.signals[signal];
        reject(new Error(`stopped by ${signal}`));
      });
    }
    setTimeout(() => reject(new Error(`not done after ${LIMIT_MS / 1000} s`)), LIMIT_MS).unref();
  });
}

async function main(): Promise<void> {
  const began = performance.now();
  const stopped = interruption();
  stopped.catch(() => {});
  const home = await AgentHome.empty();
  let demo: Demo | undefined;
  try {
    const site = { name: 'proxy.local', address: '127.0.0.1', port: await freePort() };
    demo = new Demo(home, await choosePlaces(), site, await freePort());
    const run = demo.run();
    // When it is stopped, what becomes of its present step is of no interest.
    run.catch(() => {});
    await Promise.race([run, stopped]);
    success(`The demo worked: every step was checked, in ${((performance.now() - began) / 1000).toFixed(1)} s.`);
  } catch (error) {
    process.exitCode ||= 1;
    failure(`The demo failed: ${error instanceof Error ? error.message : String(error)}`);
  } finally {
    await demo?.close();
    await home.dispose();
  }
  // A client that still waits for an answer must not keep the process alive.
  process.exit();
}

await main();
