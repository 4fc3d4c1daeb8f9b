// Getting to an agent: when one is started, when not, and what versions may talk to each other.
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type ConnectOptions, connectAgent } from '../../../../src/cli/agent-process.ts';
import { pathsFromEnv } from '../../../../src/paths.ts';
import { encodeLine, LineReader } from '../../../../src/rpc/framing.ts';

const VERSION = '1.2.3';

let folder: string;
let server: Server | undefined;
let said: string[];
let starts: number;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'prproxy-cli-'));
  said = [];
  starts = 0;
});

afterEach(() => {
  server?.close();
  server = undefined;
  rmSync(folder, { recursive: true, force: true });
});

/** An agent of this version, as far as hello goes. */
function listen(version: string): Promise<void> {
  const listening = createServer((socket) => {
    const reader = new LineReader(
      (line) => answer(JSON.parse(line)),
      () => {},
      1000,
    );
    const answer = ({ id }: { id: number }) => {
      socket.write(encodeLine({ jsonrpc: '2.0', id, result: { version, pid: 7, started_at: 'now' } }));
    };
    socket.on('data', (chunk: Buffer) => reader.feed(chunk));
    socket.on('error', () => {});
  });
  server = listening;
  return new Promise((resolve) => listening.listen(join(folder, 'agent.sock'), resolve));
}

function connect(options: Partial<ConnectOptions> = {}, onStart = () => listen(VERSION)) {
  const starter = {
    start: async () => {
      starts++;
      await onStart();
      return { pid: 7 };
    },
  };
  const paths = pathsFromEnv({ PRPROXY_HOME: folder });
  const say = (line: string) => said.push(line);
  return connectAgent({ paths, env: {}, version: VERSION, autostart: 'unless-off', say, starter, ...options });
}

describe('connectAgent', () => {
  it('uses the agent that runs, without a word', async () => {
    await listen(VERSION);
    const { client, agent, started } = await connect();
    expect({ agent, started, starts, said }).toEqual({
      agent: { version: VERSION, pid: 7, started_at: 'now' },
      started: false,
      starts: 0,
      said: [],
    });
    client.close();
  });

  it('starts one when none runs, and says so', async () => {
    const { client, started } = await connect();
    expect({ started, starts, said }).toEqual({
      started: true,
      starts: 1,
      said: ['prproxy: starting the agent (pid 7)'],
    });
    client.close();
  });

  it.each([
    ['autostart is turned off', { env: { PRPROXY_NO_AUTOSTART: '1' } }],
    ['the command must not start one', { autostart: 'never' as const }],
  ])('starts none when %s, and says how to', async (_when, options) => {
    await expect(connect(options)).rejects.toMatchObject({
      code: 'agent_unreachable',
      message: expect.stringContaining('prproxy agent start'),
    });
    expect(starts).toBe(0);
  });

  it('starts one for `agent start` although autostart is turned off', async () => {
    const { client } = await connect({ env: { PRPROXY_NO_AUTOSTART: '1' }, autostart: 'always' });
    client.close();
    expect(starts).toBe(1);
  });

  it('gives up when a started agent is never there', async () => {
    await expect(connect({}, async () => {})).rejects.toMatchObject({ code: 'agent_unreachable' });
    expect(starts).toBe(2);
  });

  it('warns when the agent has another patch version, and works', async () => {
    await listen('1.2.9');
    const { client } = await connect();
    client.close();
    expect(said).toEqual([
      'prproxy: the agent runs version 1.2.9, this command is 1.2.3; run `prproxy agent stop && prproxy agent start`',
    ]);
  });

  it('refuses an agent of another release, except to manage it', async () => {
    await listen('1.3.0');
    await expect(connect()).rejects.toMatchObject({
      code: 'version_mismatch',
      message: expect.stringContaining('1.3.0'),
    });
    const { client } = await connect({ anyVersion: true });
    client.close();
    expect(said).toEqual([expect.stringContaining('1.3.0')]);
  });
});
