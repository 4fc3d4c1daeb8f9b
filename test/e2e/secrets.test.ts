// Secrets stay where they belong: files and folders are private, and neither the REST token nor a planted private key
// comes out of any command, answer, error or log, however it is asked for or got wrong.
import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { AgentHome } from '../support/agent-home.ts';
import { freePort } from '../support/data-plane.ts';
import { type PlantedKey, plantKey } from '../support/planted-key.ts';

const HOSTS = '/v1/reverse-proxy/hosts';
const port = await freePort();
/** For a test of many commands, on a busy machine, in milliseconds. */
const BUSY_LIMIT_MS = 180_000;

let home: AgentHome;
let folder: string;
let planted: PlantedKey;
/** Everything that was said, by whom. */
const said: { readonly who: string; readonly text: string }[] = [];

beforeAll(async () => {
  home = await AgentHome.empty();
  folder = await mkdtemp(join(tmpdir(), 'prproxy-key-'));
  planted = plantKey(folder);
  const env = { PRPROXY_LOG_LEVEL: 'trace' };
  expect((await home.cliWith(env, 'config', 'set', '--rest-port', String(home.restPort))).code).toBe(0);
  await cli('enable');
});
afterAll(async () => {
  await home.dispose();
  await rm(folder, { recursive: true });
});

async function cli(...args: string[]): Promise<void> {
  const { stdout, stderr } = await home.cli(...args);
  said.push({ who: `prproxy ${args.join(' ').slice(0, 60)}`, text: stdout + stderr });
}

async function rest(method: string, path: string, body?: unknown): Promise<number> {
  const { status, headers, text } = await home.rest(method, path, body);
  said.push({ who: `${method} ${path}`, text: `${JSON.stringify([...headers])}${text}` });
  return status;
}

test('everything in the home is private: 0700 for folders, 0600 for the config, the token, the socket and the logs', async () => {
  const mode = async (path: string) => ((await stat(path)).mode & 0o777).toString(8);
  expect(await mode(home.path)).toBe('700');
  expect(await mode(home.paths.logs)).toBe('700');
  const files = [home.paths.config, home.paths.token, home.paths.socket, home.paths.lock, home.paths.agentLog];
  expect(await Promise.all(files.map(mode))).toEqual(files.map(() => '600'));
  // The cache of compiled code is readable in itself; nobody else gets into its folder.
  const rest = (await readdir(home.path)).filter((name) => name !== 'cache');
  for (const name of rest) expect(await mode(join(home.path, name))).toMatch(/^[67]00$/);
});

test('the modes are kept by changes, and given back at a start', async () => {
  await home.ok('agent', 'stop');
  await Promise.all([chmod(home.path, 0o755), chmod(home.paths.config, 0o644), chmod(home.paths.token, 0o644)]);
  await home.ok('config', 'set', '--timeout', 'drain=1');
  const modes = await Promise.all(
    [home.path, home.paths.config, home.paths.token].map(async (path) => (await stat(path)).mode & 0o777),
  );
  expect(modes).toEqual([0o700, 0o600, 0o600]);
});

test(
  'a key and the token come out of nothing that is said',
  async () => {
    const { cert, key } = planted;
    const tls = { enabled: true, cert, key };
    const token = await home.token();
    expect(await rest('POST', HOSTS, { name: 'web', host: '127.0.0.1', port, tls })).toBe(201);
    expect(await home.saved()).toContain(planted.lines[3]);

    const bad: readonly unknown[] = [
      { tls: { ...tls, cert: key } },
      { tls: { ...tls, cert: cert + key } },
      { tls: { enabled: true, cert, key: [key] } },
      { tls: { enabled: true, cert, privateKey: key } },
      { tls: { enabled: true, cert, [key]: 1 } },
      { tls: key },
      { name: key },
      { host: key },
      { http_routes: [{ path: '/', target_host: 'h', target_port: 1, ca: key }] },
      { http_routes: [{ path: '/', target_host: 'h', target_port: 1, ca: cert + key }] },
      { http_routes: [{ path: '/', target_host: key, target_port: key }] },
      { cors: { enabled: true, allowed_origins: [key] } },
    ];
    for (const body of bad) await rest('PUT', `${HOSTS}/web`, body);
    await rest('PUT', `${HOSTS}/web`, { http_routes: [{ path: '/', target_host: '127.0.0.1', target_port: 1 }] });
    await cli(
      'host',
      'update',
      'web',
      '--tls-cert',
      join(folder, 'planted.crt'),
      '--tls-key',
      join(folder, 'planted.key'),
    );
    await cli(
      'route',
      'http',
      'add',
      'web',
      '--path',
      '/x',
      '--target-host',
      'h',
      '--port',
      '1',
      '--ca',
      join(folder, 'planted.key'),
    );
    await rest('PUT', `${HOSTS}/web`, { tls });

    for (const line of [
      'status',
      'host list',
      'host show web',
      'route http list web',
      'config show',
      'vm list',
      'restart',
      'agent status',
    ]) {
      await cli(...line.split(' '));
      await cli(...line.split(' '), '--json');
    }
    for (const path of [
      HOSTS,
      `${HOSTS}/web`,
      '/v1/reverse-proxy',
      '/v1/reverse-proxy/status',
      '/v1/openapi.json',
      '/v1/nope',
    ])
      await rest('GET', path);
    said.push({ who: 'RPC', text: JSON.stringify(await home.rpc('host.list', {})) });
    for (const headers of [
      { authorization: `Bearer ${token}x` },
      { authorization: token },
      { 'x-api-key': `${token} `, origin: 'https://evil.test' },
    ])
      said.push({
        who: 'a refusal',
        text: await (await fetch(`http://127.0.0.1:${home.restPort}${HOSTS}`, { headers })).text(),
      });
    const answer = await fetch(`http://127.0.0.1:${port}/`, { headers: { authorization: `Bearer ${token}` } }).catch(
      String,
    );
    said.push({ who: 'the host', text: typeof answer === 'string' ? answer : await answer.text() });

    // A file that holds the key and is corrupt is talked about too.
    await home.ok('agent', 'stop');
    await writeFile(home.paths.config, (await home.saved()).replace('"enabled":true', '"enabled":"yes"'));
    await cli('status');
    await cli('status', '--json');
    await cli('agent', 'logs', '-n', '100000');
    for (const name of await readdir(home.paths.logs))
      said.push({ who: name, text: await readFile(join(home.paths.logs, name), 'utf8') });

    expect(said.length).toBeGreaterThan(40);
    expect(said.some(({ text }) => text.includes('BEGIN CERTIFICATE'))).toBe(true);
    const secrets = [
      token,
      ...planted.lines,
      ...planted.lines.map((line) => Buffer.from(line).toString('base64').slice(0, 60)),
    ];
    const leaks = said.filter(({ text }) => secrets.some((secret) => text.includes(secret)));
    expect(leaks.map(({ who }) => who)).toEqual([]);
  },
  BUSY_LIMIT_MS,
);
