// The CLI's end of the socket, against servers that behave in every way a server can.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { errorBody, ProxyError } from '../../../../src/errors.ts';
import { RpcClient } from '../../../../src/rpc/client.ts';
import { encodeLine, LineReader, MAX_REQUEST_BYTES, MAX_RESPONSE_BYTES } from '../../../../src/rpc/framing.ts';

type Message = { id: number; method: string; params: unknown };

let folder: string;
let path: string;
let server: Server;
let sockets: Socket[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'prproxy-rpc-'));
  path = join(folder, 's');
  sockets = [];
});

afterEach(() => {
  for (const socket of sockets) socket.destroy();
  server?.close();
  rmSync(folder, { recursive: true, force: true });
});

/** A server that does this with every message, and a client of it. */
async function connectTo(onMessage: (message: Message, socket: Socket) => void): Promise<RpcClient> {
  server = createServer((socket) => {
    sockets.push(socket);
    socket.on('error', () => {});
    const reader = new LineReader(
      (line) => onMessage(JSON.parse(line), socket),
      () => {},
      2 * MAX_REQUEST_BYTES,
    );
    socket.on('data', (chunk: Buffer) => reader.feed(chunk));
  });
  await new Promise<void>((resolve) => server.listen(path, resolve));
  return RpcClient.connect(path);
}

const answer = (socket: Socket, id: number, result: unknown) =>
  socket.write(encodeLine({ jsonrpc: '2.0', id, result }));
const unreachable = expect.objectContaining({ name: 'ProxyError', code: 'agent_unreachable' });

describe('RpcClient', () => {
  it('sends the name of the row and params by name, and gives the result', async () => {
    const client = await connectTo(({ id, ...message }, socket) => answer(socket, id, [message]));
    const sent = { jsonrpc: '2.0', method: 'host.show', params: { host_id: 'web' } };
    expect(await client.call('host.show', { host_id: 'web' })).toEqual([sent]);
    client.close();
  });

  it('matches answers that come in another order to their calls', async () => {
    const waiting: Message[] = [];
    const client = await connectTo((message, socket) => {
      waiting.push(message);
      if (waiting.length === 2) for (const { id, method } of waiting.reverse()) answer(socket, id, method);
    });
    expect(await Promise.all([client.call('status', {}), client.call('vm.list', {})])).toEqual(['status', 'vm.list']);
    client.close();
  });

  it('gives null as a result', async () => {
    const client = await connectTo(({ id }, socket) => answer(socket, id, null));
    expect(await client.call('host.remove', { host_id: 'web' })).toBeNull();
    client.close();
  });

  it('rejects with the very error that the agent sent', async () => {
    const error = new ProxyError('conflict', 'port 80 is taken', { problems: [{ path: 'port', message: 'taken' }] });
    const client = await connectTo(({ id }, socket) => {
      socket.write(encodeLine({ jsonrpc: '2.0', id, error: { code: -32009, message: 'm', data: errorBody(error) } }));
    });
    await expect(client.call('status', {})).rejects.toMatchObject({
      code: 'conflict',
      message: 'port 80 is taken',
      details: error.details,
    });
    client.close();
  });

  it('reads an error without a body by its number', async () => {
    const codes = [-32601, -32700];
    const client = await connectTo(({ id }, socket) => {
      socket.write(encodeLine({ jsonrpc: '2.0', id, error: { code: codes.shift(), message: 'm' } }));
    });
    await expect(client.call('status', {})).rejects.toMatchObject({ code: 'unknown_method' });
    await expect(client.call('status', {})).rejects.toMatchObject({ code: 'internal', message: 'm' });
    client.close();
  });

  it('rejects a call after close', async () => {
    const client = await connectTo(() => {});
    client.close();
    await expect(client.call('status', {})).rejects.toEqual(unreachable);
    await client.closed;
  });

  it('rejects the calls that wait when the client closes', async () => {
    const client = await connectTo(() => {});
    const call = client.call('status', {});
    client.close();
    await expect(call).rejects.toEqual(unreachable);
  });

  it('rejects all calls, made before and after, when the agent drops the connection', async () => {
    const client = await connectTo((_message, socket) => socket.destroy());
    const calls = [client.call('status', {}), client.call('vm.list', {})];
    for (const call of calls) await expect(call).rejects.toEqual(unreachable);
    await client.closed;
    await expect(client.call('status', {})).rejects.toEqual(unreachable);
  });

  it('rejects the calls that wait when an answer is no JSON', async () => {
    const client = await connectTo((_message, socket) => socket.write('hello\n'));
    await expect(client.call('status', {})).rejects.toMatchObject({ code: 'internal' });
  });

  it('refuses an answer that is longer than the limit, and takes one at the limit', async () => {
    const frame = encodeLine({ jsonrpc: '2.0', id: 1, result: '' }).length - 1;
    const lengths = [MAX_RESPONSE_BYTES - frame, MAX_RESPONSE_BYTES - frame + 1];
    const client = await connectTo(({ id }, socket) => answer(socket, id, 'a'.repeat(lengths.shift()!)));
    expect(String(await client.call('status', {})).length).toBe(MAX_RESPONSE_BYTES - frame);
    await expect(client.call('status', {})).rejects.toMatchObject({ code: 'too_large' });
  });

  it('refuses to send a request that is longer than the limit, and sends one at the limit; the connection stays', async () => {
    const client = await connectTo(({ id }, socket) => answer(socket, id, 'taken'));
    const request = (length: number) => client.call('host.show', { host_id: 'a'.repeat(length) });
    const frame = encodeLine({ jsonrpc: '2.0', id: 1, method: 'host.show', params: { host_id: '' } }).length - 1;
    expect(await request(MAX_REQUEST_BYTES - frame)).toBe('taken');
    await expect(request(MAX_REQUEST_BYTES - frame + 1)).rejects.toMatchObject({ code: 'too_large' });
    expect(await request(10)).toBe('taken');
    client.close();
  });

  it('says why it cannot connect: no socket, and one that a killed process left behind', async () => {
    const refused = (reason: string) => ({ code: 'agent_unreachable', details: { reason } });
    await expect(RpcClient.connect(path)).rejects.toMatchObject(refused('ENOENT'));
    const listener = `require('node:net').createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, 9))`;
    spawnSync(process.execPath, ['-e', listener]);
    await expect(RpcClient.connect(path)).rejects.toMatchObject(refused('ECONNREFUSED'));
  });

  it('refuses a path that no socket can have before it connects, and names the remedy', async () => {
    const long = join(folder, 'x'.repeat(104 - folder.length - 1));
    expect(Buffer.byteLength(long)).toBe(104);
    await expect(RpcClient.connect(long)).rejects.toMatchObject({
      code: 'invalid',
      message: expect.stringContaining('PRPROXY_HOME'),
    });
    await expect(RpcClient.connect(long.slice(0, -1))).rejects.toMatchObject({ details: { reason: 'ENOENT' } });
    await expect(RpcClient.connect(join(folder, 'é'.repeat(50)))).rejects.toMatchObject({ code: 'invalid' });
  });
});
