// How output is gathered: what leaves when, and that nothing is lost or out of order whatever the sizes.
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import fc from 'fast-check';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { GATHER_BYTES } from '../../../../agent/proxy/blocks.ts';
import { Outbox } from '../../../../agent/proxy/outbox.ts';
import { MAX_WAITING, Turn } from '../../../../agent/proxy/turn.ts';

let turn: Turn;
let sender: Socket;
let receiver: Socket;

beforeEach(async () => {
  turn = new Turn();
  const server = createServer();
  await once(server.listen(0, '127.0.0.1'), 'listening');
  sender = connect((server.address() as { port: number }).port, '127.0.0.1');
  [receiver] = (await once(server, 'connection')) as [Socket];
  server.close();
});
afterEach(() => {
  sender.destroy();
  receiver.destroy();
});

async function received(): Promise<string> {
  let text = '';
  receiver.setEncoding('latin1').on('data', (chunk: string) => {
    text += chunk;
  });
  await once(receiver, 'end');
  return text;
}

test('text and data of one turn leave in one write, at its end', async () => {
  const out = new Outbox(sender, turn);
  out.text('head ');
  out.data(Buffer.from('body'));
  out.text(' end');
  expect([out.writes, out.unsent]).toEqual([0, 13]);
  await new Promise(setImmediate);
  expect(out.writes).toBe(1);
  out.end();
  expect(await received()).toBe('head body end');
});

test('data leaves at once as soon as enough has gathered, and not before', () => {
  const out = new Outbox(sender, turn);
  out.text('x');
  out.data(Buffer.alloc(GATHER_BYTES - 2));
  expect(out.writes).toBe(0);
  out.data(Buffer.alloc(1));
  expect(out.writes).toBe(1);
});

test('with many sockets waiting, nobody waits for the end of a long turn', () => {
  const turned: number[] = [];
  for (let i = 1; i < MAX_WAITING; i++) turn.add({ turned: () => turned.push(i) });
  expect(turned).toEqual([]);
  turn.add({ turned: () => turned.push(MAX_WAITING) });
  expect(turned).toHaveLength(MAX_WAITING);
});

test('whatever the sizes, everything arrives, in order, though the memory it came in changes at once', async () => {
  const piece = fc.record({ size: fc.oneof(fc.nat(40), fc.nat(70_000), fc.nat(400_000)), text: fc.boolean() });
  const pieces = fc.sample(fc.array(piece, { minLength: 60, maxLength: 60 }), { numRuns: 1, seed: 7 })[0]!;
  const out = new Outbox(sender, turn);
  const all = received();
  let meant = '';
  for (const [index, { size, text }] of pieces.entries()) {
    const content = String.fromCharCode(65 + (index % 26)).repeat(size);
    meant += content;
    if (text) out.text(content);
    else {
      const memory = Buffer.from(content);
      const more = out.data(memory);
      memory.fill(33);
      if (!more) await once(sender, 'drain');
    }
    if (index % 7 === 0) await new Promise(setImmediate);
  }
  out.end();
  const text = await all;
  expect(text.length).toBe(meant.length);
  expect(text === meant).toBe(true);
});
