// The agent's life: how it starts, who may start it, how it ends, and who may talk to it.
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer as createHttpServer, type ServerResponse } from 'node:http';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { encodeLine } from '../../src/rpc/framing.ts';
import { AgentHome } from '../support/agent-home.ts';
import { AgentProcess } from '../support/agent-process.ts';
import { freePort } from '../support/data-plane.ts';
import { eventually } from '../support/eventually.ts';
import { isOpen } from '../support/ports.ts';

const port = await freePort();
/** For a test of many commands, on a busy machine, in milliseconds. */
const BUSY_LIMIT_MS = 180_000;

let home: AgentHome;
const homes: AgentHome[] = [];
async function newHome(): Promise<AgentHome> {
  const made = await AgentHome.empty();
  homes.push(made);
  return made;
}
afterAll(() => Promise.all(homes.map((each) => each.dispose())));

describe('with no agent running', () => {
  beforeAll(async () => {
    home = await newHome();
  });

  test('agent status, stop and logs say so and start none', async () => {
    const status = await home.cli('agent', 'status');
    expect(status).toMatchObject({ code: 6, stdout: expect.stringMatching(/not running.*`prproxy agent start`/) });
    expect(JSON.parse((await home.cli('agent', 'status', '--json')).stdout)).toMatchObject({ running: false });
    expect(await home.cli('agent', 'stop')).toMatchObject({ code: 0, stdout: 'the agent is not running\n' });
    expect(await home.cli('agent', 'logs')).toMatchObject({ code: 0, stdout: '' });
    expect((await home.cli('agent', 'status')).code).toBe(6);
  });

  test('PRPROXY_NO_AUTOSTART=1: a command ends with 6 and says how to start it', async () => {
    const env = { PRPROXY_NO_AUTOSTART: '1' };
    const { code, stdout, stderr } = await home.cliWith(env, 'host', 'list');
    expect({ code, stdout }).toEqual({ code: 6, stdout: '' });
    expect(stderr).toMatch(/not running.*`prproxy agent start`/);
    const json = await home.cliWith(env, 'status', '--json');
    expect(json).toMatchObject({ code: 6, stdout: '' });
    expect(JSON.parse(json.stderr)).toMatchObject({ code: 503, error: 'agent_unreachable' });
    expect((await home.cli('agent', 'status')).code).toBe(6);
  });

  test(
    '20 commands at once: one agent, 20 right answers',
    async () => {
      const outcomes = await Promise.all(Array.from({ length: 20 }, () => home.cli('status', '--json')));
      const said = outcomes.map(({ stderr }) => stderr).join('');
      expect(outcomes.map(({ code }) => code)).toEqual(Array(20).fill(0));
      const pids = outcomes.map(({ stdout }) => (JSON.parse(stdout) as { agent: { pid: number } }).agent.pid);
      expect(new Set(pids).size).toBe(1);
      expect(said).toBe(`prproxy: starting the agent (pid ${pids[0]})\n`);
    },
    BUSY_LIMIT_MS,
  );

  test('agent start with one that runs leaves it alone', async () => {
    const { pid } = await home.json('agent', 'status');
    expect(await home.json('agent', 'start')).toMatchObject({ running: true, started: false, pid });
  });

  test('agent run beside another says so in one line and ends with 0', async () => {
    const { pid } = await home.json('agent', 'status');
    const { code, stdout, stderr } = await home.cli('agent', 'run');
    expect({ code, stdout, stderr }).toEqual({
      code: 0,
      stdout: '',
      stderr: `another agent (pid ${pid}) is running for ${home.path}\n`,
    });
  });

  test('agent stop ends it, its socket is gone, and the next command starts a new one', async () => {
    const { pid } = await home.json('agent', 'status');
    expect(await home.json('agent', 'stop')).toEqual({ running: false, stopped: true, pid });
    expect(existsSync(home.paths.socket)).toBe(false);
    const { code, stderr } = await home.cli('host', 'list');
    expect(code).toBe(0);
    expect(stderr).toMatch(/^prproxy: starting the agent \(pid \d+\)\n$/);
  });
});

describe('an agent that gets a signal', () => {
  let agent: AgentProcess;
  const held: ServerResponse[] = [];
  const origin = createHttpServer((_request, response) => void held.push(response));

  beforeAll(async () => {
    home = await newHome();
    await new Promise<void>((resolve) => origin.listen(0, '127.0.0.1', resolve));
  });
  afterAll(() => origin.close());

  test('SIGTERM: the request in flight finishes, the exit code is 0, the socket is gone', async () => {
    agent = await AgentProcess.start(home);
    await home.rpc('config.set', { rest_port: String(home.restPort) });
    await home.rpc('enable', {});
    const target = { path: '/', target_host: '127.0.0.1', target_port: (origin.address() as AddressInfo).port };
    await home.rpc('host.add', { name: 'web', host: '127.0.0.1', port, http_routes: [target] });
    const answer = fetch(`http://127.0.0.1:${port}/slow`);
    await eventually(
      () => held.length,
      (length) => length === 1,
    );
    const ended = agent.kill('SIGTERM');
    await eventually(
      () => isOpen(port),
      (open) => !open,
    );
    held[0]!.end('late but whole');
    expect(await (await answer).text()).toBe('late but whole');
    expect(await ended).toEqual({ code: 0, signal: null });
    expect((await home.cli('agent', 'status')).code).toBe(6);
  });

  test('kill -9: its socket is taken over and its state is found again', async () => {
    agent = await AgentProcess.start(home);
    await agent.kill('SIGKILL');
    const status = await home.cli('agent', 'status');
    expect(status).toMatchObject({ code: 6, stdout: expect.stringContaining('not running') });
    const { code, stdout, stderr } = await home.cli('host', 'show', 'web', '--json');
    expect({ code, state: JSON.parse(stdout).state }).toEqual({ code: 0, state: 'listening' });
    expect(stderr).toMatch(/starting the agent/);
    await home.ok('agent', 'stop');
  });

  test('agent run in the foreground ends with 0 on SIGTERM, and its log is on stderr', async () => {
    agent = await AgentProcess.start(home, '--foreground');
    expect(await agent.kill('SIGTERM')).toEqual({ code: 0, signal: null });
    expect(agent.output).toContain('the agent is ready');
    expect(agent.output).toContain('the agent has ended');
  });
});

describe('a home that cannot be used', () => {
  test('a path that is too long for a socket: says so, and what to do', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'prproxy-'));
    const long = join(folder, 'x'.repeat(100));
    home = await newHome();
    for (const command of [['status'], ['agent', 'start'], ['agent', 'run']]) {
      const { code, stdout, stderr } = await home.cliWith({ PRPROXY_HOME: long }, ...command);
      expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
      expect(stderr).toMatch(/103 are possible.*set PRPROXY_HOME to a shorter folder/);
    }
    await rm(folder, { recursive: true });
  });
});

describe('an agent of another version', () => {
  let version: string;
  let server: Server;
  beforeAll(async () => {
    home = await newHome();
    server = createServer((socket) => {
      socket.on('data', (chunk) => {
        const { id, method } = JSON.parse(String(chunk)) as { id: number; method: string };
        const hello = { version, pid: process.pid, started_at: new Date().toISOString() };
        socket.write(encodeLine({ jsonrpc: '2.0', id, result: method === 'agent.hello' ? hello : [] }));
      });
    });
    await new Promise<void>((resolve) => server.listen(home.paths.socket, resolve));
  });
  afterAll(() => server.close());

  test('another release: exit 7, both versions, and what to do', async () => {
    version = '9.9.9';
    const { code, stdout, stderr } = await home.cli('host', 'list');
    expect({ code, stdout }).toEqual({ code: 7, stdout: '' });
    expect(stderr).toMatch(/9\.9\.9.*0\.1\.0.*`prproxy agent stop && prproxy agent start`/);
  });

  test('the same release: says so and goes on', async () => {
    version = '0.1.99';
    const { code, stdout, stderr } = await home.cli('host', 'list', '--json');
    expect({ code, stdout }).toEqual({ code: 0, stdout: '[]\n' });
    expect(stderr).toMatch(/0\.1\.99.*0\.1\.0.*`prproxy agent stop && prproxy agent start`/);
  });

  test('agent status works with it', async () => {
    version = '9.9.9';
    const { code, stdout } = await home.cli('agent', 'status', '--json');
    expect({ code, agent: JSON.parse(stdout) }).toMatchObject({ code: 0, agent: { running: true, version: '9.9.9' } });
  });
});
