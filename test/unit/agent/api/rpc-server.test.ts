import { existsSync, lstatSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { RpcServer } from '../../../../agent/api/rpc-server.ts';
import { listenOnSocket } from '../../../../agent/api/socket.ts';
import { RpcClient } from '../../../../src/rpc/client.ts';
import { MAX_REQUEST_BYTES } from '../../../../src/rpc/framing.ts';
import { FakeLog } from '../control/fakes.ts';
import { type Bench, bench } from './support.ts';

let b: Bench;
let path: string;
let server: RpcServer;
let stops: number;
let resets: number;
const HELLO = { version: '0.1.0', pid: 7, started_at: '2026-01-31T12:00:00.000Z' };

function rpcServer(dispatch = b.dispatch): RpcServer {
  return new RpcServer({
    dispatch,
    hello: () => HELLO,
    stop: () => void stops++,
    reset: async () => void resets++,
    log: b.log,
  });
}

beforeEach(async () => {
  b = await bench();
  path = join(b.home, 'agent.sock');
  stops = 0;
  resets = 0;
  server = rpcServer();
  await server.listen(path);
});
afterEach(async () => {
  await server.close();
  b.close();
});

async function open(): Promise<Socket> {
  const socket = connect(path);
  socket.on('error', () => {});
  await new Promise((resolve) => socket.once('connect', resolve));
  return socket;
}

/** Sends bytes, then the end, and gives back the lines of all answers. */
async function exchange(bytes: string | Buffer): Promise<Record<string, unknown>[]> {
  const socket = await open();
  socket.end(bytes);
  return lines(socket);
}

async function lines(socket: Socket): Promise<Record<string, unknown>[]> {
  let text = '';
  for await (const chunk of socket) text += String(chunk);
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

const request = (method: string, params: unknown = {}, id: unknown = 1) =>
  `${JSON.stringify({ jsonrpc: '2.0', id, method, params })}\n`;

describe('calls', () => {
  test('of the table are answered, and errors carry code, message and body', async () => {
    const client = await RpcClient.connect(path);
    const host = await client.call('host.add', { host: 'web.local', port: 80 });
    expect(host).toMatchObject({ name: 'web.local:80' });
    await expect(client.call('host.show', { host_id: 'nope' })).rejects.toMatchObject({
      code: 'not_found',
      message: expect.stringMatching(/no host nope/),
    });
    await expect(client.call('host.add', { port: 0 })).rejects.toMatchObject({
      code: 'invalid',
      details: { problems: [{ path: 'port' }] },
    });
    client.close();
    expect(await exchange(request('host.show', { host_id: 'nope' }))).toEqual([
      {
        jsonrpc: '2.0',
        id: 1,
        error: {
          code: -32004,
          message: 'no host nope; see `prproxy host list`',
          data: { code: 404, error: 'not_found', message: 'no host nope; see `prproxy host list`' },
        },
      },
    ]);
  });

  test('of the process are answered', async () => {
    const client = await RpcClient.connect(path);
    expect(await client.hello('0.1.0')).toEqual(HELLO);
    expect(await client.callInternal('config.reset', {})).toBeNull();
    expect(await client.callInternal('agent.stop', {})).toBeNull();
    await vi.waitFor(() => expect({ stops, resets }).toEqual({ stops: 1, resets: 1 }));
    client.close();
  });

  test('of one connection run side by side, and half-closing it loses no answer', async () => {
    const answers = await exchange(
      request('host.list', {}, 'a') + request('vm.list', {}, 'b') + request('config.show', {}, 'c'),
    );
    expect(answers.map((answer) => answer.id).sort()).toEqual(['a', 'b', 'c']);
  });

  test('without an id are done and not answered', async () => {
    expect(await exchange('{"jsonrpc":"2.0","method":"enable"}\n{"jsonrpc":"2.0","method":"nope"}\n')).toEqual([]);
    expect(b.controller.config.proxy.enabled).toBe(true);
  });
});

describe('garbage', () => {
  test.each([
    ['no JSON', 'hello\n', -32700],
    ['no UTF-8', Buffer.from([0x22, 0xff, 0x22, 0x0a]), -32700],
    ['no object', '5\n', -32600],
    ['null', 'null\n', -32600],
    ['no version', '{"method":"status","id":1}\n', -32600],
    ['a batch', `[${request('status').trim()}]\n`, -32600],
    ['an unknown method', request('__proto__'), -32601],
    ['params that are a list', request('host.list', [1]), -32602],
  ])('%s is answered with an error, and the connection goes on', async (_, bytes, code) => {
    const answers = await exchange(Buffer.concat([Buffer.from(bytes), Buffer.from(request('host.list'))]));
    expect(answers).toHaveLength(2);
    expect(answers).toContainEqual(expect.objectContaining({ error: expect.objectContaining({ code }) }));
    expect(answers).toContainEqual({ jsonrpc: '2.0', id: 1, result: [] });
  });

  test('a line that is too long is answered, then the connection ends', async () => {
    const socket = await open();
    const answered = lines(socket);
    socket.write(Buffer.alloc(MAX_REQUEST_BYTES + 1, 'x'));
    expect(await answered).toEqual([
      expect.objectContaining({ id: null, error: expect.objectContaining({ code: -32013 }) }),
    ]);
  });

  test('a client that goes on sending after that is cut', async () => {
    const socket = await open();
    const closed = new Promise((resolve) => socket.once('close', resolve));
    const pump = setInterval(() => socket.write(Buffer.alloc(1024 * 1024, 'x')), 1);
    await closed;
    clearInterval(pump);
  });

  test('of any kind never stops the server', async () => {
    const message = fc.record(
      {
        jsonrpc: fc.constantFrom('2.0', 2),
        id: fc.jsonValue(),
        method: fc.constantFrom('host.add', 'x', 1),
        params: fc.jsonValue(),
      },
      { requiredKeys: [] },
    );
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 200 }),
      fc.json(),
      message.map((m) => `${JSON.stringify(m)}\n`),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(bytes, { maxLength: 5 }), async (parts) => {
        await exchange(Buffer.concat(parts.map((part) => Buffer.from(part as string))));
      }),
      { numRuns: 150 },
    );
    expect(await exchange(request('agent.hello'))).toEqual([{ jsonrpc: '2.0', id: 1, result: HELLO }]);
    expect(b.log.lines.filter((line) => line.level === 'error')).toEqual([]);
  });

  test('a client that hangs up in the middle disturbs nobody', async () => {
    for (let n = 0; n < 20; n++) {
      const socket = await open();
      socket.write(request('host.list').slice(0, n * 3));
      socket.destroy();
    }
    expect(await exchange(request('agent.hello'))).toHaveLength(1);
  });
});

test('while a client does not read, nothing more is read from it', async () => {
  await server.close();
  let calls = 0;
  const big = 'x'.repeat(100 * 1024);
  server = rpcServer(async () => {
    calls++;
    return big;
  });
  await server.listen(path);
  const socket = await open();
  socket.pause();
  for (let n = 0; n < 500; n++) socket.write(request('host.list', {}, n));
  // Whoever else asks is answered meanwhile: so often has the server been round to this one.
  for (let n = 0; n < 50; n++) await exchange(request('agent.hello'));
  expect(calls).toBeGreaterThan(0);
  expect(calls).toBeLessThan(100);
  socket.end();
  expect(await lines(socket)).toHaveLength(500);
});

test('an answer that is too long is an error', async () => {
  await server.close();
  server = rpcServer(async () => 'x'.repeat(17 * 1024 * 1024));
  await server.listen(path);
  expect(await exchange(request('host.list'))).toEqual([
    expect.objectContaining({ id: 1, error: expect.objectContaining({ code: -32013 }) }),
  ]);
});

test('closing lets a running call answer, and does not wait for a client that stays', async () => {
  await server.close();
  const called = Promise.withResolvers<void>();
  const answer = Promise.withResolvers<string>();
  server = rpcServer(() => {
    called.resolve();
    return answer.promise;
  });
  await server.listen(path);
  const idle = await open();
  const socket = await open();
  socket.write(request('host.list'));
  await called.promise;
  const closing = server.close();
  answer.resolve('late');
  expect(await lines(socket)).toEqual([{ jsonrpc: '2.0', id: 1, result: 'late' }]);
  await closing;
  idle.destroy();
});

describe('the socket', () => {
  test('is private and is removed at the end', async () => {
    expect(lstatSync(path).mode & 0o777).toBe(0o600);
    await server.close();
    expect(existsSync(path)).toBe(false);
  });

  test('that a killed agent left is taken over', async () => {
    renameSync(path, `${path}.stale`);
    await server.close();
    renameSync(`${path}.stale`, path);
    server = rpcServer();
    await server.listen(path);
    expect(await exchange(request('agent.hello'))).toHaveLength(1);
  });

  test('of another program that listens is left alone', async () => {
    await expect(listenOnSocket(path, () => {})).rejects.toMatchObject({ code: 'conflict' });
    expect(await exchange(request('agent.hello'))).toHaveLength(1);
  });

  test('a file in the way is told', async () => {
    const other = join(b.home, 'file');
    writeFileSync(other, '');
    await expect(listenOnSocket(other, () => {})).rejects.toMatchObject({
      code: 'conflict',
      message: expect.stringMatching(/is in the way/),
    });
  });

  test('is not removed when it is not ours any more', async () => {
    rmSync(path);
    const other = createServer().listen(path);
    await new Promise((resolve) => other.once('listening', resolve));
    await server.close();
    expect(existsSync(path)).toBe(true);
    other.close();
  });

  test.each([
    [103, true],
    [104, false],
  ])('a path of %i bytes is possible: %s', async (length, possible) => {
    const folder = mkdtempSync(join(tmpdir(), 'p-'));
    const long = join(folder, 'x'.repeat(length - folder.length - 1));
    const outcome = await listenOnSocket(long, () => {}).then(
      async (socket) => {
        await socket.close();
        return true;
      },
      (error: unknown) => {
        expect(error).toMatchObject({ code: 'invalid' });
        return false;
      },
    );
    expect(outcome).toBe(possible);
    rmSync(folder, { recursive: true });
  });
});

test('a bug inside is answered as internal and logged', async () => {
  await server.close();
  const log = new FakeLog();
  server = new RpcServer({
    dispatch: b.dispatch,
    hello: () => {
      throw new TypeError('oops');
    },
    stop() {},
    reset: async () => {},
    log,
  });
  await server.listen(path);
  expect(await exchange(request('agent.hello'))).toEqual([
    expect.objectContaining({ error: expect.objectContaining({ code: -32603 }) }),
  ]);
  expect(log.lines).toHaveLength(1);
});
