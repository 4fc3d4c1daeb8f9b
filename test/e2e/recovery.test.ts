// What is found again: state after the agent's restart, ports that were taken, and the saved file when it was edited, torn
// or written by a newer prproxy.
import { execFile } from 'node:child_process';
import { readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { AgentHome, CLI } from '../support/agent-home.ts';
import { freePort } from '../support/data-plane.ts';
import { eventually } from '../support/eventually.ts';
import { holdPort, isOpen, release } from '../support/ports.ts';
import { RawClient } from '../support/raw.ts';

const port = await freePort();
const otherPort = await freePort();

describe('what a restart of the agent finds', () => {
  let home: AgentHome;
  beforeAll(async () => {
    home = await AgentHome.empty();
    await home.ok('config', 'set', '--rest-port', String(home.restPort));
    await home.ok('enable');
    await home.rpc('host.add', { name: 'web', host: '127.0.0.1', port });
    await home.rpc('host.add', { name: 'other', host: '127.0.0.1', port: otherPort });
  });
  beforeEach(async () => {
    await home.ok('agent', 'stop');
  });
  afterAll(() => home.dispose());

  test('it is enabled still, with the same hosts, and they listen', async () => {
    await home.ok('agent', 'start');
    expect(await home.rpc('host.list', {})).toMatchObject([
      { name: 'web', state: 'listening' },
      { name: 'other', state: 'listening' },
    ]);
    expect([await isOpen(port), await isOpen(otherPort)]).toEqual([true, true]);
    expect(await home.json('config', 'show')).toMatchObject({ enabled: true, rest_port: String(home.restPort) });
  });

  test('a host whose port is taken is failed, with the reason, and listens when the port is free', async () => {
    const taken = await holdPort(port);
    await home.ok('agent', 'start');
    const [web, other] = await home.rpc('host.list', {});
    expect(web).toMatchObject({
      state: 'failed',
      error: expect.stringMatching(`${port} is used by .*pid ${process.pid}`),
    });
    expect(other).toMatchObject({ state: 'listening' });
    expect(await home.ok('status')).toMatch(new RegExp(`web +127.0.0.1:${port} +failed .*pid ${process.pid}`));
    await release(taken);
    const after = await eventually(
      () => home.rpc('host.show', { host_id: 'web' }),
      ({ state }) => state === 'listening',
    );
    expect(after).not.toHaveProperty('error');
    expect(await isOpen(port)).toBe(true);
  });

  test('a REST port that is taken: the agent runs, status says so, and REST comes when the port is free', async () => {
    const taken = await holdPort(home.restPort);
    await home.ok('agent', 'start');
    const { agent, hosts } = await home.rpc('status', {});
    expect(agent.rest).toMatchObject({ state: 'failed', error: expect.stringContaining(String(home.restPort)) });
    expect(hosts).toMatchObject([{ state: 'listening' }, { state: 'listening' }]);
    expect(await home.ok('status')).toMatch(/rest .*failed: .*another program/);
    await release(taken);
    await eventually(
      () => home.rpc('status', {}),
      (status) => status.agent.rest.state === 'listening',
    );
    expect((await home.rest('GET', '/v1/reverse-proxy')).status).toBe(200);
  });

  test('disable closes the listeners and survives; enable opens them again', async () => {
    await home.ok('disable');
    expect([await isOpen(port), await isOpen(otherPort)]).toEqual([false, false]);
    expect(await home.rpc('host.list', {})).toMatchObject([{ state: 'off' }, { state: 'off' }]);
    await home.ok('agent', 'stop');
    expect(await home.json('host', 'show', 'web')).toMatchObject({ state: 'off' });
    const { code, stderr } = await home.cli('restart');
    expect({ code, stderr }).toMatchObject({ code: 4, stderr: expect.stringMatching(/disabled.*`prproxy enable`/) });
    await home.ok('enable');
    expect([await isOpen(port), await isOpen(otherPort)]).toEqual([true, true]);
  });
});

/** One HTTP request on a connection that stays open. */
async function ask(client: RawClient): Promise<string> {
  const seen = client.received.length;
  client.send('GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n');
  return (await client.until((text) => text.length > seen && text.endsWith('\n'))).slice(seen);
}

describe('restart', () => {
  let home: AgentHome;
  let client: RawClient;
  const write = (text: string) => writeFile(home.paths.config, text);
  beforeAll(async () => {
    home = await AgentHome.running();
    await home.rpc('host.add', { name: 'web', host: '127.0.0.1', port });
  });
  beforeEach(async () => {
    client = new RawClient(port);
    expect(await ask(client)).toMatch(/^HTTP\/1\.1 404 /);
  });
  afterEach(() => client.close());
  afterAll(() => home.dispose());

  test('reads the saved file again, as it was edited by hand, and cuts every connection', async () => {
    await write((await home.saved()).replace('"web"', '"edited"'));
    await home.ok('restart');
    await client.end();
    expect(await home.rpc('host.list', {})).toMatchObject([{ name: 'edited', state: 'listening' }]);
  });

  const invalid: readonly (readonly [what: string, edit: (text: string) => string, says: RegExp])[] = [
    ['torn', (text) => text.slice(0, text.length / 2), /not JSON/],
    ['of a wrong shape', (text) => text.replace(`"${port}"`, '"0"'), /hosts\[0\]\.port/],
    ['of a newer schema', (text) => text.replace('"schema":1', '"schema":2'), /schema 2/],
  ];
  for (const [what, edit, says] of invalid) {
    test(`refuses a file that is ${what}: exit 4, and nothing is cut`, async () => {
      const good = await home.saved();
      const bad = edit(good);
      expect(bad).not.toBe(good);
      await write(bad);
      const { code, stderr } = await home.cli('restart');
      expect({ code, stderr }).toMatchObject({ code: 4, stderr: expect.stringMatching(says) });
      expect(stderr).toContain(home.paths.config);
      expect((await home.rest('PUT', '/v1/reverse-proxy/restart')).status).toBe(409);
      expect(await ask(client)).toMatch(/^HTTP\/1\.1 404 /);
      expect(await home.saved()).toBe(bad);
      await write(good);
      await home.ok('restart');
      await client.end();
    });
  }
});

describe('a saved file that is corrupt', () => {
  let home: AgentHome;
  let good: string;
  const names = async (pattern: RegExp) => (await readdir(home.path)).filter((name) => pattern.test(name));

  beforeAll(async () => {
    home = await AgentHome.running();
    await home.rpc('host.add', { name: 'web', host: '127.0.0.1', port });
    good = await home.saved();
  });
  beforeEach(async () => {
    await home.ok('agent', 'stop');
    await writeFile(home.paths.config, good.slice(0, -20));
    const { rest_port } = (JSON.parse(good) as { proxy: { rest_port: string } }).proxy;
    expect(rest_port).toBe(String(home.restPort));
  });
  afterAll(() => home.dispose());

  test('is set aside with a time stamp; the agent runs disabled and empty, says so, and refuses changes', async () => {
    const { store, proxy, hosts } = await home.json('status');
    expect({ enabled: proxy.enabled, hosts, state: store.state }).toEqual({
      enabled: false,
      hosts: [],
      state: 'corrupt',
    });
    expect(store.set_aside).toMatch(/config\.json\.corrupt-\d{4}-\d\d-\d\dT[\d.-]+Z$/);
    expect(await readFile(store.set_aside, 'utf8')).toBe(good.slice(0, -20));
    expect(await home.ok('status')).toMatch(/store +corrupt: .*set aside as .*corrupt-.*`prproxy config reset`/);
    expect(await isOpen(port)).toBe(false);
    for (const line of ['host add :1', 'enable', 'config set --port 1', 'restart', 'host remove web']) {
      const { code, stderr } = await home.cli(...line.split(' '));
      expect({ line, code, stderr }).toMatchObject({ line, code: expect.any(Number) });
      if (line !== 'host remove web')
        expect({ line, code, stderr }).toMatchObject({
          code: 5,
          stderr: expect.stringMatching(/corrupt.*`prproxy config reset`/),
        });
      else expect(code).not.toBe(0);
    }
    expect(await names(/^config\.json$/)).toEqual([]);
  });

  test('is still not forgotten after another start of the agent', async () => {
    await home.ok('status');
    await home.ok('agent', 'stop');
    expect((await home.json('status')).store).toMatchObject({
      state: 'corrupt',
      set_aside: expect.stringContaining('corrupt-'),
    });
  });

  // util-linux: a terminal of its own, which gets Ctrl-D at once.
  test.runIf(process.platform === 'linux')('config reset on a terminal takes the end of input for a no', async () => {
    const line = `'${process.execPath}' '${CLI}' config reset`;
    const code = await new Promise((resolve) => {
      const options = { env: home.env, timeout: 20_000 };
      const child = execFile('script', ['-qec', line, '/dev/null'], options, (error) => resolve(error?.code));
      child.stdin?.end();
    });
    expect(code).toBe(1);
    expect((await home.json('status')).store.state).toBe('corrupt');
  });

  test('config reset goes on with an empty config, and keeps what was set aside', async () => {
    expect((await home.cli('config', 'reset')).code).toBe(2);
    expect((await home.json('status')).store.state).toBe('corrupt');
    await home.ok('config', 'reset', '--yes');
    expect((await home.json('status')).store).toEqual({ state: 'ok', path: home.paths.config });
    expect((await names(/corrupt-/)).length).toBeGreaterThan(0);
    await home.ok('host', 'add', `127.0.0.1:${port}`);
    expect(JSON.parse(await home.saved())).toMatchObject({ schema: 1, hosts: [{ port: String(port) }] });
  });

  test('a repaired file is taken over with the next change, without another start', async () => {
    await home.ok('agent', 'start');
    const repaired = `${home.paths.config}.mine`;
    await writeFile(repaired, good);
    await rename(repaired, home.paths.config);
    await home.ok('config', 'set', '--timeout', 'drain=1');
    expect(await home.rpc('host.list', {})).toMatchObject([{ name: 'web', state: 'listening' }]);
    expect(JSON.parse(await home.saved())).toMatchObject({
      hosts: [{ name: 'web' }],
      proxy: { timeouts: { drain: 1 } },
    });
    expect((await home.json('status')).store.state).toBe('ok');
  });

  test('of a newer schema: no start, exit 7, both versions are named, and the file is untouched', async () => {
    const newer = good.replace('"schema":1', '"schema":2');
    await writeFile(home.paths.config, newer);
    const asideBefore = await names(/corrupt-/);
    for (const command of [
      ['agent', 'start'],
      ['host', 'list'],
      ['agent', 'run'],
    ]) {
      const { code, stdout, stderr } = await home.cli(...command);
      expect({ command, code, stdout }).toEqual({ command, code: 7, stdout: '' });
      expect(stderr).toMatch(/has schema 2.*up to 1.*install the newer prproxy/);
    }
    expect(await home.saved()).toBe(newer);
    expect(await names(/corrupt-/)).toEqual(asideBefore);
  });
});
