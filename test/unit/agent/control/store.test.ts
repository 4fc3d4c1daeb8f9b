import { spawn, spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import * as edits from '../../../../agent/control/edits.ts';
import { resolveHost } from '../../../../agent/control/lookup.ts';
import { configFromRaw, type RawConfig } from '../../../../agent/control/saved.ts';
import { Store } from '../../../../agent/control/store.ts';
import type { ProxyConfig } from '../../../../src/model/config.ts';
import { HostDraft } from '../../../../src/model/host.ts';
import { FakeVms } from './fakes.ts';

const SAVE_LOOP = fileURLToPath(new URL('save-loop.ts', import.meta.url));

let home: string;
let path: string;

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'prproxy-store-'));
  path = join(home, 'config.json');
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

function withHost(config: ProxyConfig, name = 'web'): ProxyConfig {
  return edits.addHost(config, { name, host: `${name}.local`, port: '80' }, `id-${name}`);
}

function beside(): string[] {
  return readdirSync(home).sort();
}

function put(value: unknown): void {
  writeFileSync(path, typeof value === 'string' ? value : JSON.stringify(value));
}

describe('the saved file', () => {
  test('a first start makes it, private, with a pseudonym', () => {
    const config = new Store(path).load();
    expect(config.proxy).toMatchObject({ enabled: false, host: '0.0.0.0', port: '5080' });
    expect(config.installation).toMatch(/^prproxy-[0-9a-f]{8}$/);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(new Store(path).load()).toEqual(config);
    expect(beside()).toEqual(['config.json']);
  });

  test('holds the schema beside the config, compact', () => {
    const store = new Store(path);
    store.save(withHost(store.load()));
    const text = readFileSync(path, 'utf8');
    expect(JSON.parse(text)).toMatchObject({ schema: 1, hosts: [{ name: 'web' }] });
    expect(text).not.toContain('\n');
  });

  test('what is saved is what the next start loads, and reading again changes nothing', () => {
    const store = new Store(path);
    const config = withHost(store.load());
    store.save(config);
    expect(store.read()).toEqual(config);
    expect(new Store(path).load()).toEqual(config);
    expect(beside()).toEqual(['config.json']);
  });

  test('every host that a command accepts can be loaded again as it was', async () => {
    const empty = new Store(path).load();
    const text = fc.string({ unit: 'grapheme', maxLength: 12 });
    const host = fc.oneof(
      text,
      fc.domain(),
      fc.ipV4(),
      fc.ipV6(),
      fc.ipV6().map((ip) => `[${ip}%eth0]`),
      fc.domain().map((d) => `*.${d}.`),
    );
    const target = {
      target_host: host,
      target_port: fc.oneof(fc.nat(70000), text),
      hold: fc.option(fc.nat(), { nil: undefined }),
    };
    const route = fc.record({ path: fc.oneof(text, fc.webPath()), ...target });
    const draft = fc.record(
      { name: text, host, port: fc.nat(70000), http_routes: fc.array(route, { maxLength: 2 }) },
      { requiredKeys: [] },
    );
    let accepted = 0;
    await fc.assert(
      fc.asyncProperty(draft, async (input) => {
        const parsed = HostDraft.safeParse(input);
        if (!parsed.success) return;
        let config: ProxyConfig;
        try {
          config = edits.addHost(empty, await resolveHost(parsed.data, undefined, new FakeVms()), 'id');
        } catch {
          return;
        }
        accepted++;
        // What a save writes and a load reads, without the disk.
        expect(configFromRaw(JSON.parse(JSON.stringify(config)) as RawConfig)).toEqual(config);
      }),
      { numRuns: 1000 },
    );
    expect(accepted).toBeGreaterThan(20);
  });

  test('gets its mode back, and what a killed agent left is swept', () => {
    new Store(path).load();
    chmodSync(path, 0o644);
    writeFileSync(`${path}.tmp-1234567890abcdef`, 'half');
    writeFileSync(`${path}.tmp-mine`, 'kept');
    new Store(path).load();
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(beside()).toEqual(['config.json', 'config.json.tmp-mine']);
  });

  test('may be a symbolic link, which stays one', () => {
    const elsewhere = join(home, 'elsewhere.json');
    new Store(path).load();
    renameSync(path, elsewhere);
    symlinkSync(elsewhere, path);
    const store = new Store(path);
    const config = withHost(store.load());
    store.save(config);
    expect(lstatSync(path).isSymbolicLink()).toBe(true);
    expect(new Store(elsewhere).load()).toEqual(config);
    expect(beside()).toEqual(['config.json', 'elsewhere.json']);
  });

  test.runIf(process.getuid?.() === 0)('of another user is told with the remedy', () => {
    new Store(path).load();
    chownSync(path, 12345, 12345);
    expect(() => new Store(path).load()).toThrow(/it belongs to user 12345.*`sudo chown -R 0 /);
  });

  test('a folder in its place is told', () => {
    mkdirSync(path);
    expect(() => new Store(path).load()).toThrow(/config\.json cannot be used: it is not a regular file; move it away/);
  });

  test('a file beyond the limit is not read', () => {
    put('{}');
    truncateSync(path, 64 * 1024 * 1024 + 1);
    expect(() => new Store(path).load()).toThrow(/more than 67108864 bytes/);
  });
});

describe('a corrupt file', () => {
  const CORRUPT: [string, unknown][] = [
    ['empty', ''],
    ['torn', '{"schema":1,"installation":"x","pro'],
    ['no object', '[1]'],
    ['without schema', { installation: 'x' }],
    ['of another shape', { schema: 1, installation: 'x', proxy: {}, hosts: [] }],
  ];

  test.each(CORRUPT)('(%s) is set aside as it was, and the agent runs empty', (_, content) => {
    put(content);
    const before = readFileSync(path, 'utf8');
    const store = new Store(path);
    expect(store.load()).toMatchObject({ proxy: { enabled: false }, hosts: [] });
    const status = store.status();
    expect(status).toMatchObject({ state: 'corrupt', error: expect.stringContaining('`prproxy config reset`') });
    expect(readFileSync(status.set_aside!, 'utf8')).toBe(before);
    expect(status.set_aside).toMatch(/config\.json\.corrupt-\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d\.\d{3}Z$/);
    expect(existsSync(path)).toBe(false);
  });

  test('refuses changes, also after a restart of the agent, until a reset', () => {
    put('{');
    new Store(path).load();
    const store = new Store(path);
    const config = store.load();
    expect(store.corrupt).toBe(true);
    expect(() => store.save(config)).toThrow(expect.objectContaining({ code: 'unavailable' }));
    expect(existsSync(path)).toBe(false);
    const fresh = store.reset();
    expect(store.status()).toEqual({ state: 'ok', path });
    expect(new Store(path).load()).toEqual(fresh);
  });

  test('that was repaired is taken over; one that still is not says why', () => {
    const config = withHost(new Store(path).load());
    put('{');
    const store = new Store(path);
    store.load();
    expect(store.repaired()).toBeUndefined();
    put({ schema: 1, ...config, hosts: 7 });
    expect(store.repaired()).toBeUndefined();
    expect(store.status().error).toMatch(/hosts: must be a list/);
    put({ schema: 1, ...config });
    expect(store.repaired()).toEqual(config);
    expect(store.corrupt).toBe(false);
    expect(store.repaired()).toBeUndefined();
  });

  test('is told with every problem: what a command would refuse is refused here', () => {
    const config = withHost(withHost(new Store(path).load()), 'db');
    const route = {
      id: 'r',
      order: 1,
      path: 'app',
      target_port: '0',
      schema: 'http',
      request_headers: {},
      response_headers: {},
    };
    put({ schema: 1, ...config, hosts: [config.hosts[0], { ...config.hosts[1], name: 'WEB', http_routes: [route] }] });
    expect(() => new Store(path).read()).toThrow(/hosts\[1\]\.http_routes\[0\]\.target_port: must be a port/);
    put({
      schema: 1,
      ...config,
      hosts: [config.hosts[0], { ...config.hosts[1], name: 'WEB', http_routes: [{ ...route, target_port: '1' }] }],
    });
    expect(() => new Store(path).read()).toThrow(
      /http_routes\[0\]\.path: must begin with \/.*hosts\[1\]: web is used by hosts\[0\] too/,
    );
  });

  test('is refused by a reading again, which moves nothing', () => {
    const store = new Store(path);
    store.load();
    put('{');
    expect(() => store.read()).toThrow(expect.objectContaining({ code: 'conflict' }));
    rmSync(path);
    expect(() => store.read()).toThrow(/there is no such file/);
    expect(beside()).toEqual([]);
  });

  test('a reset of a good file keeps a copy of it', () => {
    const store = new Store(path);
    store.save(withHost(store.load()));
    expect(store.reset().hosts).toEqual([]);
    const copy = beside().find((file) => file.startsWith('config.json.before-reset-'));
    expect(JSON.parse(readFileSync(join(home, copy!), 'utf8'))).toMatchObject({ hosts: [{ name: 'web' }] });
  });
});

describe('other schemas', () => {
  test('a newer one is refused, names both versions, and nothing is touched', () => {
    put({ schema: 2, future: true });
    chmodSync(path, 0o644);
    writeFileSync(`${path}.tmp-1234567890abcdef`, 'half');
    linkSync(path, `${path}.previous`);
    const before = { files: beside(), mtime: statSync(path).mtimeMs, text: readFileSync(path, 'utf8') };
    expect(() => new Store(path).load()).toThrow(
      expect.objectContaining({
        code: 'newer_schema',
        message: expect.stringMatching(/schema 2.* up to 1/),
        details: { found: 2, supported: 1 },
      }),
    );
    expect({ files: beside(), mtime: statSync(path).mtimeMs, text: readFileSync(path, 'utf8') }).toEqual(before);
    expect(statSync(path).mode & 0o777).toBe(0o644);
  });

  test('an older one is migrated step by step, after a copy', () => {
    const config = new Store(path).load();
    put({ schema: 1, machines: [] });
    const old = readFileSync(path, 'utf8');
    const migrations = {
      1: ({ machines, ...rest }: Record<string, unknown>) => ({ ...rest, hosts: machines }),
      2: (raw: Record<string, unknown>) => ({ ...config, ...raw }),
    };
    const store = new Store(path, { version: 3, migrations });
    expect(store.load()).toEqual(config);
    expect(JSON.parse(readFileSync(path, 'utf8'))).toMatchObject({ schema: 3, hosts: [] });
    const copy = beside().find((file) => file.startsWith('config.json.v1-'));
    expect(readFileSync(join(home, copy!), 'utf8')).toBe(old);
  });

  test('a step that fails makes the file a corrupt one, kept as it was', () => {
    put({ schema: 1, machines: [] });
    const migrations = {
      1: () => {
        throw new Error('no machines');
      },
    };
    const store = new Store(path, { version: 2, migrations });
    store.load();
    expect(store.status()).toMatchObject({ state: 'corrupt', error: expect.stringContaining('no machines') });
    expect(JSON.parse(readFileSync(store.status().set_aside!, 'utf8'))).toEqual({ schema: 1, machines: [] });
  });
});

describe('a save that fails', () => {
  /** A disk that takes only so many KiB of a file: the write that crosses the limit is a short one. */
  function saveWithLimit(kib: number, routes: number): string {
    const script = `trap '' XFSZ; ulimit -f ${kib}; exec "$0" "$@"`;
    const run = spawnSync('bash', ['-c', script, process.execPath, SAVE_LOOP, path, String(routes)], {
      encoding: 'utf8',
    });
    return run.stdout + run.stderr;
  }

  test('a disk that gets full on the way leaves the file as it was', () => {
    new Store(path).load();
    const before = readFileSync(path, 'utf8');
    expect(saveWithLimit(8, 1000)).toMatch(/config\.json cannot be saved, and nothing was changed: the disk is full/);
    expect(readFileSync(path, 'utf8')).toBe(before);
    expect(beside()).toEqual(['config.json']);
    expect(saveWithLimit(8, 10)).toBe('saved');
  });

  test('a folder that vanished is told, and memory of the store stays usable', () => {
    const store = new Store(path);
    const config = store.load();
    rmSync(home, { recursive: true });
    writeFileSync(home, 'in the way');
    expect(() => store.save(config)).toThrow(expect.objectContaining({ code: 'unavailable' }));
    rmSync(home);
    mkdirSync(home);
    store.save(config);
    expect(store.read()).toEqual(config);
  });
});

describe('a save that is cut off', () => {
  test('a torn new file gives way to the previous one', () => {
    const store = new Store(path);
    const config = withHost(store.load());
    store.save(config);
    writeFileSync(`${path}.previous`, readFileSync(path));
    put('{"schema":1,"inst');
    expect(new Store(path).load()).toEqual(config);
    expect(beside()).toEqual(['config.json']);
  });

  test('a whole new file is kept', () => {
    const store = new Store(path);
    writeFileSync(`${path}.previous`, JSON.stringify({ schema: 1, ...store.load() }));
    const config = withHost(store.read());
    put({ schema: 1, ...config });
    expect(new Store(path).load()).toEqual(config);
    expect(beside()).toEqual(['config.json']);
  });

  test('a corrupt file with two names is set aside once', () => {
    put('{');
    linkSync(path, `${path}.previous`);
    expect(new Store(path).load().hosts).toEqual([]);
    expect(beside()).toEqual([expect.stringMatching(/\.corrupt-/)]);
  });

  test('an agent that is killed while it saves leaves a whole file, not older than the last acknowledged save', async () => {
    let acknowledged = 0;
    for (let run = 0; run < 10; run++) {
      const child = spawn(process.execPath, [SAVE_LOOP, path], { stdio: ['ignore', 'pipe', 'inherit'] });
      let output = '';
      child.stdout.on('data', (chunk: Buffer) => {
        output += chunk.toString();
      });
      while (output === '') await sleep(5);
      await sleep(Math.random() * 60);
      child.kill('SIGKILL');
      await new Promise((resolve) => child.once('close', resolve));
      const last = Number(output.slice(0, output.lastIndexOf('\n')).split('\n').at(-1));
      expect(last).toBeGreaterThan(acknowledged);
      acknowledged = last;
      const config = new Store(path).load();
      expect(config.hosts[0]?.http_routes).toHaveLength(200);
      expect([last, last + 1]).toContain(Number(config.hosts[0]?.name.slice(5)));
      acknowledged = Number(config.hosts[0]?.name.slice(5));
      expect(beside()).toEqual(['config.json']);
    }
  });
});
