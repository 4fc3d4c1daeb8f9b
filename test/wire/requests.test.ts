// Every request case over the wire, against an origin that records: whole, and split in two at many places. After each,
// a canary on a new connection proves that no pooled connection is out of step.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { DataPlane, freePort, host } from '../support/data-plane.ts';
import { exchange, RawClient } from '../support/raw.ts';
import { RecordingOrigin, valuesOf } from '../support/recording-origin.ts';
import { brokenUploads, type RequestCase, requestCases, type Seen } from './request-cases.ts';
import { splitPlaces } from './split.ts';

const CANARY = 'GET /canary HTTP/1.1\r\nHost: canary.test\r\nConnection: close\r\n\r\n';

let plane: DataPlane;
let origin: RecordingOrigin;
let port: number;

beforeAll(async () => {
  plane = new DataPlane();
  origin = await new RecordingOrigin().listen();
  port = await freePort();
  await plane.run([host({ port, routes: [{ target_host: '127.0.0.1', target_port: String(origin.port) }] })]);
});
afterAll(async () => {
  await plane.close();
  await origin.close();
});

/** Sends `text` in two parts that arrive apart, and gives all that comes back. */
async function sendSplit(text: string, at: number): Promise<string> {
  const client = new RawClient(port);
  client.send(text.slice(0, at));
  await new Promise((resolve) => client.socket.write('', resolve));
  await new Promise(setImmediate);
  if (!client.ended) client.send(text.slice(at));
  try {
    return await client.end();
  } finally {
    client.close();
  }
}

/** Final statuses; interim answers are left out. A body of our own making never looks like a status line. */
function statuses(received: string): number[] {
  return [...received.matchAll(/HTTP\/1\.1 (\d{3}) /g)]
    .map((match) => Number(match[1]))
    .filter((status) => status >= 200);
}

function checkSeen(seen: Seen, index: number): void {
  const request = origin.requests[index]!;
  if (seen.method !== undefined) expect(request.method).toBe(seen.method);
  if (seen.url !== undefined) expect(request.url).toBe(seen.url);
  if (seen.body !== undefined) expect(request.body).toBe(seen.body);
  for (const [name, values] of Object.entries(seen.headers ?? {})) {
    expect([name, ...valuesOf(request.rawHeaders, name)]).toEqual([name, ...values]);
  }
  if (seen.trailers !== undefined) expect(request.rawTrailers).toEqual(Object.entries(seen.trailers).flat());
}

async function canary(): Promise<void> {
  expect(statuses(await exchange(port, CANARY))).toEqual([200]);
  expect(origin.requests.pop()!.url).toBe('/canary');
}

async function check({ answers, origin: seen = [] }: RequestCase, received: string): Promise<void> {
  expect(statuses(received)).toEqual(answers);
  await canary();
  expect(origin.requests).toHaveLength(seen.length);
  seen.forEach(checkSeen);
  expect(origin.broken).toBe(0);
}

async function run(one: RequestCase, send: (text: string) => Promise<string>): Promise<void> {
  origin.requests.length = 0;
  origin.broken = 0;
  await check(one, await send(one.send));
}

describe('a request', () => {
  test.each(requestCases.map((one) => [one.name, one] as const))('%s', async (_, one) => {
    await run(one, (text) => exchange(port, text));
    for (const at of splitPlaces(one.send)) await run(one, (text) => sendSplit(text, at));
  });
});

describe('an upload', () => {
  test.each(brokenUploads.map((one) => [one.name, one] as const))(
    '%s, and never completes it at the origin',
    async (_, one) => {
      for (const at of [0, ...splitPlaces(one.send)]) {
        origin.requests.length = 0;
        const received = await sendSplit(one.send, at);
        expect(statuses(received)).toEqual(one.answers);
        await canary();
        expect(origin.requests).toEqual([]);
      }
    },
  );
});
