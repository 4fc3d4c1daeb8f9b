// Every response case over the wire: an origin that sends the bytes, whole and split, and a client that must get what
// the case says. A second request on the same client connection, or a new one, proves that nothing is out of step.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { DataPlane, freePort, host } from '../support/data-plane.ts';
import { type OriginConnection, RawClient, RawOrigin } from '../support/raw.ts';
import { type Answer, parseAnswers } from './answers.ts';
import { type ResponseCase, responseCases } from './response-cases.ts';
import { splitPlaces } from './split.ts';

const CANARY = 'GET /canary HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n';
const CANARY_ANSWER = 'HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\ncanary';

let plane: DataPlane;
let origin: RawOrigin;
let port: number;
let script: { readonly answer: string; readonly at: number; readonly closes: boolean };

beforeAll(async () => {
  plane = new DataPlane();
  origin = await new RawOrigin(serve).listen();
  port = await freePort();
  await plane.run([host({ port, routes: [{ target_host: '127.0.0.1', target_port: String(origin.port) }] })]);
});
afterAll(async () => {
  await plane.close();
  await origin.close();
});

/** Answers the case's request with the script, and every canary with its own bytes. */
function serve(connection: OriginConnection): void {
  let seen = 0;
  connection.socket.on('data', async () => {
    for (const request of connection.received.split('\r\n\r\n').slice(seen, -1)) {
      seen++;
      if (request.includes('/canary')) connection.write(CANARY_ANSWER);
      else await play(connection);
    }
  });
}

async function play(connection: OriginConnection): Promise<void> {
  const { answer, at, closes } = script;
  if (at > 0) {
    await new Promise((resolve) => connection.socket.write(Buffer.from(answer.slice(0, at), 'latin1'), resolve));
    await new Promise(setImmediate);
  }
  connection.write(answer.slice(at));
  if (closes) connection.socket.end();
}

async function fetchRaw(request: string): Promise<RawClient> {
  const client = new RawClient(port);
  const line = request.endsWith('HTTP/1.0')
    ? `${request}\r\nHost: x\r\n\r\n`
    : `${request}\r\nHost: x\r\nConnection: close\r\n\r\n`;
  client.send(line);
  await client.end().catch(() => '');
  client.close();
  return client;
}

function check(one: ResponseCase, client: RawClient, before: number): void {
  const request = one.request ?? 'GET / HTTP/1.1';
  const answers = parseAnswers(client.received, request.startsWith('HEAD'), client.wasReset);
  const final = answers.at(-1)!;
  expect(final.status).toBe(one.status);
  if (one.interim !== undefined) expect(answers.slice(0, -1).map(({ status }) => status)).toEqual(one.interim);
  expect(final.complete).toBe(one.cut !== true);
  if (one.body !== undefined) expect(final.body).toBe(one.body);
  if (one.trailers !== undefined) expect(final.trailers).toEqual(one.trailers);
  checkHeaders(one, final);
  expect(client.received).not.toContain('EVIL');
  if (one.once === true) expect(origin.connections[before]!.received).not.toContain('/canary');
}

function checkHeaders(one: ResponseCase, final: Answer): void {
  for (const [name, values] of Object.entries(one.headers ?? {})) {
    expect([name, ...final.values(name)]).toEqual([name, ...values]);
  }
  // RFC 9110 6.6.1: every answer has a Date, the target's or ours.
  expect(final.values('date')).toHaveLength(1);
}

async function run(one: ResponseCase, at: number): Promise<void> {
  script = { answer: one.answer, at, closes: one.closes === true };
  // Nothing of an earlier case is in the pool: each begins with a connection of its own.
  for (const { socket } of origin.connections) socket.destroy();
  await Promise.all(origin.connections.map((connection) => connection.until(({ closed }) => closed)));
  origin.connections.length = 0;
  plane.core.pool.close();
  const client = await fetchRaw(one.request ?? 'GET / HTTP/1.1');
  const canary = new RawClient(port).send(CANARY);
  expect(await canary.end()).toMatch(/^HTTP\/1\.1 200 [\s\S]*\r\n\r\ncanary$/);
  canary.close();
  check(one, client, 0);
}

test.each(responseCases.map((one) => [one.name, one] as const))('%s', async (_, one) => {
  await run(one, 0);
  if (one.answer.length > 1) for (const at of splitPlaces(one.answer)) await run(one, at);
});
