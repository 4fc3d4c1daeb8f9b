// `prproxy logs`: what the access log of a real agent has of each request and TCP connection, and how it is read back.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { AgentHome, CLI } from '../support/agent-home.ts';
import { freePort } from '../support/data-plane.ts';
import { eventually } from '../support/eventually.ts';
import { exchange } from '../support/raw.ts';
import { WebOrigin } from '../support/web-origin.ts';

let home: AgentHome;
let origin: WebOrigin;
const port = await freePort();
const tcpPort = await freePort();
const dead = await freePort();

// biome-ignore lint/suspicious/noExplicitAny: tests look into JSON of many shapes
type Entry = any;

beforeAll(async () => {
  [home, origin] = await Promise.all([AgentHome.running(), WebOrigin.start('web')]);
  const to = (target_port: number) => ({ target_host: '127.0.0.1', target_port });
  const app = [{ path: '/app', ...to(origin.port) }];
  await home.rpc('host.add', { name: 'web', host: 'web.test', port, http_routes: app });
  await home.rpc('host.add', { name: 'down', host: 'down.test', port, http_routes: [{ path: '/', ...to(dead) }] });
  await home.rpc('host.add', { name: 'tcp', host: '127.0.0.1', port: tcpPort, tcp_route: to(origin.port) });
  expect(await ask('web.test', '/app?x="y"')).toMatch(/^HTTP\/1\.1 200 /);
  expect(await ask('web.test', '/nowhere')).toMatch(/^HTTP\/1\.1 404 /);
  expect(await ask('down.test', '/')).toMatch(/^HTTP\/1\.1 502 /);
  expect(await exchange(tcpPort, 'GET /none HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n')).toMatch(/ 204 /);
  await eventually(entries, (all) => all.length === 4);
});
afterAll(async () => {
  await home.dispose();
  await origin.close();
});

const ask = (host: string, path: string) =>
  exchange(port, `GET ${path} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);

async function entries(...flags: string[]): Promise<Entry[]> {
  const { code, stdout } = await home.cli('logs', '--json', ...flags);
  expect(code).toBe(0);
  return stdout
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line));
}

test('has one line of JSON for each request and each TCP connection', async () => {
  const [ok, nowhere, down, tcp] = await entries();
  expect(ok).toEqual({
    time: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
    client: '127.0.0.1',
    host: 'web',
    route: '/app',
    target: `127.0.0.1:${origin.port}`,
    method: 'GET',
    path: '/app?x="y"',
    status: 200,
    bytes_in: 0,
    bytes_out: expect.any(Number),
    duration_ms: expect.any(Number),
    upstream_ms: expect.any(Number),
    request_id: expect.stringMatching(/^[\w-]+$/),
  });
  expect(nowhere).toMatchObject({ host: 'web', path: '/nowhere', status: 404, failure: 'no_route' });
  expect(down).toMatchObject({ host: 'down', route: '/', status: 502, failure: 'dial_econnrefused' });
  expect(tcp).toMatchObject({ host: 'tcp', target: `127.0.0.1:${origin.port}`, client: '127.0.0.1' });
  expect(Object.keys(tcp)).not.toContain('method');
});

test.each([
  [
    ['--host', 'web'],
    [200, 404],
  ],
  [['--host', 'WEB', '--status', '200'], [200]],
  [['--status', '5xx'], [502]],
  [
    ['--status', 'x0x'],
    [200, 404, 502],
  ],
  [['--status', '503'], []],
  [['--host', 'tcp'], [undefined]],
  [['-n', '1', '--status', '4xx'], [404]],
  [
    ['-n', '2'],
    [502, undefined],
  ],
])('gives with %j only those entries', async (flags, statuses) => {
  expect((await entries(...flags)).map(({ status }) => status)).toEqual(statuses);
});

test('refuses a status that is none', async () => {
  expect(await home.cli('logs', '--status', '6xx')).toMatchObject({
    code: 2,
    stdout: '',
    stderr: expect.stringContaining('--status'),
  });
});

test('follows what is added, and only what is wanted of it', async () => {
  const child = spawn(process.execPath, [CLI, 'logs', '--follow', '--host', 'web', '--status', '2xx'], {
    env: home.env,
  });
  let printed = '';
  child.stdout.on('data', (chunk) => (printed += String(chunk)));
  const lines = (count: number) =>
    eventually(
      () => printed.split('\n').slice(0, -1),
      (all) => all.length >= count,
    );
  await lines(1);
  await ask('web.test', '/nowhere');
  await ask('down.test', '/');
  await ask('web.test', '/app/later');
  expect((await lines(2)).map((line) => (JSON.parse(line) as Entry).path)).toEqual(['/app?x="y"', '/app/later']);
  await end(child);
});

async function end(child: ChildProcess): Promise<void> {
  const closed = once(child, 'close');
  child.kill('SIGINT');
  await closed;
}

test('is private to the user, and readable without an agent', async () => {
  const before = await entries();
  await home.ok('agent', 'stop');
  expect(await entries()).toEqual(before);
  expect((await home.cli('agent', 'status')).code).toBe(6);
});
