import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { expect, test } from 'vitest';
import { acceptShared, SHARED_READ } from '../../../../agent/proxy/intake.ts';
import { own } from '../../../../agent/proxy/wire.ts';

test('both ends of a connection read into one buffer, and both notice its end', async () => {
  const memory = new Set<unknown>();
  const received: string[] = [];
  let ended = 0;
  let wake = () => {};
  const done = new Promise<void>((resolve) => {
    wake = () => received.length === 2 && ended === 2 && resolve();
  });
  const owner = (socket: Socket, answer: string) => ({
    onData(chunk: Buffer) {
      memory.add(chunk.buffer);
      received.push(chunk.toString());
      if (answer !== '') socket.write(answer);
      else socket.end();
      wake();
    },
    onEnd() {
      ended++;
      socket.end();
      wake();
    },
    onDrain() {},
    onClose() {},
  });
  const server = createServer();
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const usual: Socket[] = [];
  server.on('connection', (socket) => usual.push(socket));
  acceptShared(
    server,
    () => true,
    (socket) => own(socket, owner(socket, 'answer')),
  );
  const { port } = server.address() as { port: number };
  const client = connect({ port, host: '127.0.0.1', allowHalfOpen: true, onread: SHARED_READ });
  own(client, owner(client, ''));
  client.write('question');
  await done;
  expect(received).toEqual(['question', 'answer']);
  expect(memory.size).toBe(1);
  expect(usual).toEqual([]);
  server.close();
});
