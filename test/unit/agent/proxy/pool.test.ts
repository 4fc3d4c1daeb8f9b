import { once } from 'node:events';
import { connect } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { MAX_IDLE, MAX_IDLE_PER_KEY, Pool } from '../../../../agent/proxy/pool.ts';
import { Sweep } from '../../../../agent/proxy/sweep.ts';
import { Turn } from '../../../../agent/proxy/turn.ts';
import type { UpstreamConnection } from '../../../../agent/proxy/upstream-connection.ts';
import { RawOrigin } from '../../../support/raw.ts';

let pool: Pool;
let origin: RawOrigin;

beforeEach(async () => {
  pool = new Pool(new Sweep(), new Turn());
  origin = await new RawOrigin().listen();
});
afterEach(async () => {
  pool.close();
  await origin.close();
});

const address = () => ({ ip: '127.0.0.1', port: origin.port });

/** A connection that has done its work and is given back. */
async function idle(key: string): Promise<UpstreamConnection> {
  const socket = connect(origin.port, '127.0.0.1');
  await once(socket, 'connect');
  const connection = pool.adopt(socket, key, address());
  connection.release();
  return connection;
}

test('keeps so many idle connections to one target, and so many in all', async () => {
  const keys = Array.from({ length: MAX_IDLE / MAX_IDLE_PER_KEY + 1 }, (_, i) => `key ${i}`);
  const alive = async (key: string, count: number) => {
    const connections = await Promise.all(Array.from({ length: count }, () => idle(key)));
    return connections.filter((connection) => connection.alive).length;
  };
  expect(await alive(keys[0]!, MAX_IDLE_PER_KEY + 1)).toBe(MAX_IDLE_PER_KEY);
  for (const key of keys.slice(1, -1)) expect(await alive(key, MAX_IDLE_PER_KEY)).toBe(MAX_IDLE_PER_KEY);
  const last = keys.at(-1)!;
  expect(await alive(last, 1)).toBe(0);
  // One that is taken makes room.
  expect(pool.take(keys[0]!, [address()])?.alive).toBe(true);
  expect(await alive(last, 2)).toBe(1);
});

test('gives the one that was used last, and none of another key or address', async () => {
  await idle('a');
  const second = await idle('a');
  expect(pool.take('b', [address()])).toBeUndefined();
  expect(pool.take('a', [{ ...address(), ip: '127.0.0.2' }])).toBeUndefined();
  expect(pool.take('a', [{ ...address(), ip: '127.0.0.2' }, address()])).toBe(second);
});
