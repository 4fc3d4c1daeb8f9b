import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { Compiler } from '../../../../agent/control/compile.ts';
import { Controller } from '../../../../agent/control/controller.ts';
import { addHost, type Edit, removeHost, setEnabled } from '../../../../agent/control/edits.ts';
import { Store } from '../../../../agent/control/store.ts';
import { TrafficCounters } from '../../../../agent/proxy/traffic.ts';
import { ProxyError } from '../../../../src/errors.ts';
import type { ProxyConfig } from '../../../../src/model/config.ts';
import { FakeLog, FakeRuntime, FakeVms } from './fakes.ts';

let home: string;
let path: string;
let store: Store;
let runtime: FakeRuntime;
let vms: FakeVms;
let log: FakeLog;
let committed: ProxyConfig[];
let restFails: Error | undefined;

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'prproxy-controller-'));
  path = join(home, 'config.json');
  store = new Store(path);
  runtime = new FakeRuntime();
  vms = new FakeVms();
  log = new FakeLog();
  committed = [];
  restFails = undefined;
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

function controller(): Controller {
  const traffic = new TrafficCounters();
  const compiler = new Compiler((id) => traffic.of(id));
  const rest = {
    async prepare() {
      if (restFails !== undefined) throw restFails;
      return { commit() {}, rollback: async () => void runtime.events.push('rest rollback') };
    },
  };
  const compile = (config: ProxyConfig) => compiler.compile(config);
  const onCommitted = (config: ProxyConfig) => void committed.push(config);
  return new Controller({ store, compile, runtime, rest, vms, log, onCommitted });
}

async function booted(): Promise<Controller> {
  const made = controller();
  await made.boot();
  runtime.events.length = 0;
  return made;
}

const web =
  (name = 'web', port = '80'): Edit =>
  (config) =>
    addHost(config, { name, host: '127.0.0.1', port }, `id-${name}`);
const saved = () =>
  JSON.parse(readFileSync(path, 'utf8')) as { proxy: { enabled: boolean }; hosts: { name: string }[] };
const names = () => saved().hosts.map((host) => host.name);

describe('a change', () => {
  test('is edited, compiled, prepared, saved and committed, and then it is the config', async () => {
    const made = await booted();
    const config = await made.change(web());
    expect(config.hosts).toHaveLength(1);
    expect(made.config).toBe(config);
    expect(committed.at(-1)).toBe(config);
    expect(runtime.events).toEqual(['prepare strict', 'commit']);
    expect(names()).toEqual(['web']);
  });

  test('that changes nothing prepares and saves nothing', async () => {
    const made = await booted();
    const before = readFileSync(path, 'utf8');
    expect(await made.change((config) => config)).toBe(made.config);
    expect(runtime.events).toEqual([]);
    expect(readFileSync(path, 'utf8')).toBe(before);
  });

  test('whose edit, compilation or preparation fails changes nothing', async () => {
    const made = await booted();
    await made.change(web());
    const { config } = made;
    await expect(made.change(web())).rejects.toMatchObject({ code: 'conflict' });
    const badPattern: Edit = (before) => {
      const route = { id: 'r', order: 1, pattern: '(', target_host: 'a', target_port: '1', schema: 'http' as const };
      const routes = [{ ...route, request_headers: {}, response_headers: {} }];
      return { ...before, hosts: before.hosts.map((host) => ({ ...host, http_routes: routes })) };
    };
    await expect(made.change(badPattern)).rejects.toMatchObject({ code: 'invalid' });
    runtime.failPrepare = new ProxyError('conflict', 'port taken');
    await expect(made.change(web('b', '81'))).rejects.toThrow('port taken');
    expect(runtime.events.slice(-2)).toEqual(['prepare strict', 'rest rollback']);
    restFails = new ProxyError('conflict', 'REST port taken');
    await expect(made.change(web('b', '81'))).rejects.toThrow('REST port taken');
    expect(made.config).toBe(config);
    expect(names()).toEqual(['web']);
  });

  test('that cannot be saved is rolled back', async () => {
    const made = await booted();
    const { config } = made;
    store.save = () => {
      throw new ProxyError('unavailable', 'the disk is full');
    };
    await expect(made.change(web())).rejects.toThrow('the disk is full');
    expect(runtime.events).toEqual(['prepare strict', 'rollback', 'rest rollback']);
    expect(made.config).toBe(config);
  });

  test('waits for the one before, also when that one fails', async () => {
    const made = await booted();
    let open = () => {};
    runtime.gate = new Promise((resolve) => {
      open = resolve;
    });
    const first = made.change(web('a', '1'));
    const failing = made.change(() => {
      throw new Error('a bug');
    });
    const second = made.change((config) => {
      expect(config.hosts).toHaveLength(1);
      return web('b', '2')(config);
    });
    let settled = false;
    const settling = made.settled().then(() => {
      settled = true;
    });
    await vi.waitFor(() => expect(runtime.events).not.toEqual([]));
    // The second and third would have begun by now, had they not waited.
    for (let n = 0; n < 20; n++) await new Promise(setImmediate);
    expect({ events: runtime.events, settled }).toEqual({ events: ['prepare strict'], settled: false });
    open();
    await expect(failing).rejects.toThrow('a bug');
    await Promise.all([first, second, settling]);
    expect(names()).toEqual(['a', 'b']);
    expect(settled).toBe(true);
  });

  test('may be lenient', async () => {
    const made = await booted();
    await made.change((config) => setEnabled(config, true), 'lenient');
    expect(runtime.events).toEqual(['prepare lenient', 'commit']);
    expect(saved().proxy.enabled).toBe(true);
  });
});

describe('a boot', () => {
  test('runs the saved config leniently and saves nothing', async () => {
    await (await booted()).change(web());
    const before = readFileSync(path, 'utf8');
    store = new Store(path);
    const made = controller();
    runtime.events.length = 0;
    await made.boot();
    expect(made.config.hosts).toHaveLength(1);
    expect(runtime.events).toEqual(['prepare lenient', 'commit']);
    expect(readFileSync(path, 'utf8')).toBe(before);
  });

  test('with a config that does not compile opens nothing, says why, and a change can repair it', async () => {
    const made = await booted();
    await made.change(web());
    const file = saved();
    // Given by hand: the two share an address, each under a name of its own.
    const other = { ...file.hosts[0], id: 'id-b', name: 'b', host: 'localhost' };
    writeFileSync(path, JSON.stringify({ ...file, hosts: [...file.hosts, other] }));
    store = new Store(path);
    const next = controller();
    await next.boot();
    expect(next.config.hosts).toHaveLength(2);
    expect(next.bootError).toMatch(/the saved config cannot run.*127\.0\.0\.1:80 is used by host web/);
    expect(next.plan.listeners.size).toBe(0);
    await next.change((config) => removeHost(config, 'web'));
    expect(next.bootError).toBeUndefined();
  });

  test('refuses a newer file', async () => {
    writeFileSync(path, '{"schema":99}');
    await expect(controller().boot()).rejects.toMatchObject({ code: 'newer_schema' });
  });
});

describe('a corrupt saved file', () => {
  test('refuses changes until a reset', async () => {
    writeFileSync(path, '{');
    const made = await booted();
    await expect(made.change(web())).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringMatching(/prproxy config reset/),
    });
    await expect(made.restart()).rejects.toMatchObject({ code: 'unavailable' });
    await made.reset();
    await made.change(web());
    expect(names()).toEqual(['web']);
  });

  test('is taken over once it is repaired', async () => {
    const good = await booted();
    await good.change(web());
    const text = readFileSync(path, 'utf8');
    writeFileSync(path, '{');
    store = new Store(path);
    const made = await booted();
    writeFileSync(path, text);
    const config = await made.change(web('b', '81'));
    expect(config.hosts.map((host) => host.name)).toEqual(['web', 'b']);
    expect(runtime.events).toEqual(['prepare lenient', 'commit', 'prepare strict', 'commit']);
  });
});

describe('a restart', () => {
  test('is refused while disabled', async () => {
    const made = await booted();
    await expect(made.restart()).rejects.toMatchObject({
      code: 'conflict',
      message: expect.stringMatching(/`prproxy enable`/),
    });
    expect(runtime.events).toEqual([]);
  });

  test('reads the saved file and the VMs again, then cuts every connection, also when prlctl does not answer', async () => {
    const made = await booted();
    await made.change((config) => setEnabled(web()(config), true));
    writeFileSync(path, readFileSync(path, 'utf8').replace('"port":"80"', '"port":"81"'));
    runtime.events.length = 0;
    vms.next = undefined;
    const config = await made.restart();
    expect(config.hosts[0]?.port).toBe('81');
    expect(vms.refreshes).toBe(1);
    expect(runtime.events).toEqual(['prepare strict', 'commit', 'cutAll']);
  });

  test.each(['{', '{"schema":99}', '{"schema":1}'])('is refused with the file %s, and nothing is cut', async (text) => {
    const made = await booted();
    await made.change((config) => setEnabled(config, true));
    runtime.events.length = 0;
    writeFileSync(path, text);
    await expect(made.restart()).rejects.toMatchObject({ code: 'conflict' });
    expect(runtime.events).toEqual([]);
    expect(readFileSync(path, 'utf8')).toBe(text);
  });
});

test('a host can have its tunnels cut', async () => {
  const made = await booted();
  made.cutHost('id-db');
  expect(runtime.events).toEqual(['cutHost id-db']);
});
