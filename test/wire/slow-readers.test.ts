// Clients that read slowly, or not at all: nothing that is being taken is ever cut, nothing that is not is kept for ever.
import { afterEach, beforeEach, expect, test } from 'vitest';
import { LINGER_MS } from '../../agent/proxy/connection.ts';
import { DataPlane, freePort, host } from '../support/data-plane.ts';
import { eventually } from '../support/eventually.ts';
import { type OriginConnection, RawClient, RawOrigin } from '../support/raw.ts';

/** More than the kernel's buffers on both sides hold. */
const BIG = 16 * 1024 * 1024;

let plane: DataPlane;
let origin: RawOrigin;
let port: number;

beforeEach(async () => {
  plane = new DataPlane();
  origin = await new RawOrigin().listen();
  port = await freePort();
});
afterEach(async () => {
  await plane.close();
  await origin.close();
});

function run(timeouts = {}): Promise<void> {
  const routes = [{ target_host: '127.0.0.1', target_port: String(origin.port) }];
  return plane.run([host({ port, routes })], { timeouts: timeouts as never });
}

async function ask(request: string): Promise<[RawClient, OriginConnection]> {
  const next = origin.next();
  const client = new RawClient(port).send(request);
  const connection = await next;
  await connection.head();
  return [client, connection];
}

const later = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

test.each([
  ['HTTP/1.0', 'GET / HTTP/1.0\r\n\r\n', {}],
  ['HTTP/1.1 with a short keep-alive time', 'GET / HTTP/1.1\r\nHost: x\r\n\r\n', { keep_alive: 0.5 }],
])(
  'delivers the whole answer to a client of %s that rests longer than any of our times',
  async (_, request, timeouts) => {
    await run(timeouts);
    const [client, connection] = await ask(request);
    client.socket.pause();
    connection.write(`HTTP/1.1 200 OK\r\nContent-Length: ${BIG}\r\n\r\n${'x'.repeat(BIG)}`);
    // A rest on purpose: what is tested is that time passes without harm.
    await later(LINGER_MS + 1_500);
    client.socket.resume();
    const received = await client.until((text) => text.length >= BIG);
    expect(received.length - received.indexOf('\r\n\r\n') - 4).toBe(BIG);
    client.close();
  },
);

test.each(['Transfer-Encoding: chunked\r\n\r\n1000000\r\n', `Content-Length: ${BIG}\r\n\r\n`])(
  'gives up a client that takes nothing at all: %j',
  async (framing) => {
    await run({ body_idle: 0.5 });
    const [client, connection] = await ask('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
    client.socket.pause();
    connection.write(`HTTP/1.1 200 OK\r\n${framing}${'x'.repeat(BIG)}`);
    await connection.until(({ closed, ended }) => closed || ended);
    expect(plane.accessed).toMatchObject([{ failure: 'client_stalled' }]);
    client.close();
  },
);

test.each(['a host without routes', 'a target'])(
  'reads no further requests of a client that does not take its answers: of %s',
  async (what) => {
    const big = `HTTP/1.1 200 OK\r\nContent-Length: 2000\r\n\r\n${'x'.repeat(2_000)}`;
    const target = await new RawOrigin(({ socket }) => {
      // One request at a time comes on a connection; what came is not kept.
      socket.removeAllListeners('data').on('data', () => socket.write(big));
    }).listen();
    const routes = what === 'a target' ? [{ target_host: '127.0.0.1', target_port: String(target.port) }] : [];
    await plane.run([host({ port, routes })]);
    const client = new RawClient(port);
    client.socket.pause();
    const count = what === 'a target' ? 30_000 : 200_000;
    client.socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(count));
    let before = -1;
    await eventually(async () => {
      const still = before === plane.accessed.length;
      before = plane.accessed.length;
      await later(500);
      return still;
    }, Boolean);
    expect(plane.accessed.length).toBeLessThan(count / 2);
    client.socket.resume();
    await eventually(
      () => plane.accessed.length,
      (answered) => answered === count,
    );
    client.close();
    await target.close();
  },
);
