import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Resolution } from '../../../../agent/targets.ts';
import { ProviderError } from '../../../../agent/vms/provider.ts';
import { Watcher } from '../../../../agent/vms/watcher.ts';
import { PrlctlSimulator } from '../../../support/prlctl/simulator.ts';
import { isAlive, keyOf, QUICK, stateOf, target, type WatchedOptions, watch } from './support.ts';

let folder: string;
let simulator: PrlctlSimulator;
let stops: (() => Promise<void>)[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'prproxy-watcher-'));
  simulator = new PrlctlSimulator(folder);
  stops = [];
});

afterEach(async () => {
  for (const stop of stops) await stop();
  await rm(folder, { recursive: true, force: true });
});

/** Of a prlctl that is too old for events. */
function setUp(options: WatchedOptions = {}) {
  const watched = watch(simulator, options);
  stops.push(() => watched.watcher.stop());
  return watched;
}

describe('the watcher', () => {
  it('reads at once when it starts, and then no more while no route names a VM', async () => {
    const id = simulator.addVm({ name: 'Ubuntu', addresses: ['127.0.0.2'] });
    const { watcher, table, journal, provider } = setUp({ times: { ...QUICK, slow: 0, fast: 0 } });
    expect(watcher.status()).toEqual({ mode: 'idle' });
    watcher.start();
    await journal.until(() => journal.entries.includes('running 127.0.0.2'));
    expect(stateOf(table.resolve(target(id)))).toBe('127.0.0.2');
    expect(watcher.status()).toEqual({ mode: 'idle', last_good_at: expect.stringMatching(/^\d{4}-.*Z$/) });
    expect(await watcher.refresh()).toBe(true);
    expect(provider.begun).toBe(2);
  });

  it('follows a VM through its whole life while a route names it', async () => {
    const id = simulator.addVm({ name: 'Ubuntu', state: 'stopped' });
    const { watcher, journal } = setUp({ times: QUICK });
    watcher.setNeeded(new Set([keyOf(id)]));
    watcher.start();
    const expected: string[] = [];
    const seen = (...entries: string[]) => {
      expected.push(...entries);
      return journal.until(() => journal.entries.length >= expected.length);
    };
    await seen('stopped -');
    expect(watcher.status().mode).toBe('polling');
    simulator.setState(id, 'starting');
    await seen('starting -');
    simulator.setState(id, 'running');
    await seen('running -');
    simulator.setAddress(id, '127.0.0.2');
    await seen('running 127.0.0.2');
    simulator.setAddress(id, '127.0.0.3');
    await seen('gone 127.0.0.2', 'running 127.0.0.3');
    simulator.setState(id, 'suspending');
    await seen('gone 127.0.0.3', 'suspending -');
    simulator.setState(id, 'suspended');
    await seen('suspended -');
    simulator.setState(id, 'resuming');
    await seen('resuming -');
    simulator.setState(id, 'running');
    await seen('running 127.0.0.3');
    simulator.remove(id);
    await seen('gone 127.0.0.3', 'removed -');
    expect(journal.entries).toEqual(expected);
  });

  it('waits through a boot and a resume, and takes none of the addresses on the way', async () => {
    const id = simulator.addVm({ name: 'Ubuntu', state: 'stopped', addresses: ['127.0.0.2'] });
    const { watcher, table, journal } = setUp({ times: QUICK });
    watcher.setNeeded(new Set([keyOf(id)]));
    await watcher.refresh();
    await simulator.run('start', id);
    await journal.until(() => journal.entries.includes('running 127.0.0.2'));
    await simulator.run('suspend', id);
    await watcher.refresh();
    expect(stateOf(table.resolve(target(id)))).toBe('down');
    await simulator.run('resume', id);
    await watcher.refresh();
    const resolution = await new Promise<Resolution>((resolve) => table.wait(target(id), 60_000, resolve));
    expect(stateOf(resolution)).toBe('127.0.0.2');
    for (const entry of journal.entries) expect(entry).toMatch(/^\w+ (-|127\.0\.0\.2)$/);
  });

  it('reads fast while a needed VM is coming, slowly otherwise', async () => {
    const id = simulator.addVm({ name: 'Ubuntu', state: 'starting' });
    const { watcher, provider, journal } = setUp({ times: { ...QUICK, slow: 3_600_000 } });
    watcher.setNeeded(new Set([keyOf(id)]));
    watcher.start();
    await provider.journal.until(() => provider.ended >= 3);
    simulator.update((state) => {
      state.vms[0]!.addresses = ['127.0.0.2'];
    });
    simulator.setState(id, 'running');
    await journal.until(() => journal.entries.includes('running 127.0.0.2'));
    const { begun } = provider;
    await watcher.refresh();
    expect(provider.begun).toBe(begun + 1);
  });

  it('reads when the first route names a VM, for it has not looked since', async () => {
    const id = simulator.addVm({ name: 'Ubuntu', addresses: ['127.0.0.2'] });
    const { watcher, journal } = setUp({ times: { ...QUICK, slow: 3_600_000 } });
    await watcher.refresh();
    simulator.setAddress(id, '127.0.0.3');
    watcher.setNeeded(new Set([keyOf(id)]));
    await journal.until(() => journal.entries.includes('running 127.0.0.3'));
  });

  it('looks soon when traffic has a doubt', async () => {
    const id = simulator.addVm({ name: 'Ubuntu', addresses: ['127.0.0.2'] });
    const { watcher, table, journal } = setUp({ times: { ...QUICK, slow: 3_600_000 } });
    watcher.setNeeded(new Set([keyOf(id)]));
    await watcher.refresh();
    simulator.setAddress(id, '127.0.0.3');
    const since = performance.now();
    table.failed(target(id), { ip: '127.0.0.2', port: 80 }, 'ECONNREFUSED');
    await journal.until(() => journal.entries.includes('running 127.0.0.3'));
    expect(table.confirmed(target(id), since)).toBe(true);
  });

  it('reads fast for a while after a doubt', async () => {
    const id = simulator.addVm({ name: 'Ubuntu', addresses: ['127.0.0.2'] });
    const { watcher, provider } = setUp({ times: { ...QUICK, slow: 3_600_000, doubt: 60_000 } });
    watcher.setNeeded(new Set([keyOf(id)]));
    await watcher.refresh();
    watcher.look();
    await provider.journal.until(() => provider.ended >= 4);
  });
});

describe('refresh', () => {
  it('gives a reading that began after its call, one reading at a time', async () => {
    const id = simulator.addVm({ name: 'Ubuntu', addresses: ['127.0.0.2'] });
    const { watcher, provider, table } = setUp({ times: QUICK });
    const first = watcher.refresh();
    await provider.journal.until(() => provider.running === 1);
    const later = [watcher.refresh(), watcher.refresh(), watcher.refresh()];
    expect(await first).toBe(true);
    simulator.setAddress(id, '127.0.0.3');
    expect(await Promise.all(later)).toEqual([true, true, true]);
    expect(stateOf(table.resolve(target(id)))).toBe('127.0.0.3');
    expect(provider.begun).toBe(2);
    expect(provider.peak).toBe(1);
  });

  it('is false when prlctl fails, and never rejects', async () => {
    simulator.setFault('login');
    const { watcher } = setUp();
    expect(await watcher.refresh()).toBe(false);
  });

  it('is false after the stop', async () => {
    const { watcher, provider } = setUp();
    await watcher.stop();
    expect(await watcher.refresh()).toBe(false);
    expect(provider.begun).toBe(0);
  });
});

describe('a failing prlctl', () => {
  it('changes nothing in the table, shows in status, is logged once, and is left behind', async () => {
    const id = simulator.addVm({ name: 'Ubuntu', addresses: ['127.0.0.2'] });
    const { watcher, table, journal, provider } = setUp({ times: QUICK });
    watcher.setNeeded(new Set([keyOf(id)]));
    await watcher.refresh();
    const good = watcher.status().last_good_at;
    simulator.setFault('login');
    const warning =
      'warn Parallels Desktop is not running or not reachable from this session: Login failed: Unable to connect to Parallels Service.';
    await journal.until(() => journal.entries.includes(warning));
    const { ended } = provider;
    await provider.journal.until(() => provider.ended >= ended + 2);
    expect(watcher.status()).toEqual({
      mode: 'failing',
      last_good_at: expect.any(String),
      last_error: warning.slice(5),
    });
    expect(watcher.status().last_good_at! >= good!).toBe(true);
    expect(stateOf(table.resolve(target(id)))).toBe('127.0.0.2');
    simulator.clearFaults();
    await journal.until(() => journal.entries.includes('info prlctl answers again'));
    expect(watcher.status()).toEqual({ mode: 'polling', last_good_at: expect.any(String) });
    expect(journal.entries.filter((entry) => entry === warning)).toHaveLength(1);
    expect(journal.entries).not.toContain('gone 127.0.0.2');
  });

  it('is asked less and less often, up to the limit', async () => {
    simulator.setFault('login');
    const { watcher, provider } = setUp({ times: { backOffMin: 50, backOffMax: 200 } });
    const times: number[] = [];
    watcher.setNeeded(new Set([keyOf('3f1c2b7a-0d4e-4c55-9a51-0b8f3f6f7a01')]));
    watcher.start();
    for (let n = 1; n <= 5; n++) {
      await provider.journal.until(() => provider.ended >= n);
      const end = performance.now();
      await provider.journal.until(() => provider.begun > n);
      times.push(performance.now() - end);
    }
    // Timers may be a millisecond early.
    for (const [i, least] of [50, 100, 200, 200, 200].entries()) expect(times[i]).toBeGreaterThanOrEqual(least - 2);
  });

  it('is asked sooner for a doubt, but not at once', async () => {
    simulator.setFault('login');
    const { watcher, provider } = setUp({
      times: { backOffMin: 3_600_000, backOffMax: 3_600_000, lookGapFailing: 100 },
    });
    watcher.setNeeded(new Set([keyOf('3f1c2b7a-0d4e-4c55-9a51-0b8f3f6f7a01')]));
    await watcher.refresh();
    const end = performance.now();
    for (let i = 0; i < 10; i++) watcher.look();
    await provider.journal.until(() => provider.begun === 2);
    expect(performance.now() - end).toBeGreaterThanOrEqual(90);
  });

  it('that does not exist takes VM targets down until it is there', async () => {
    const id = simulator.addVm({ name: 'Ubuntu', addresses: ['127.0.0.2'] });
    const { watcher, table } = setUp({ env: { PRPROXY_PRLCTL: join(folder, 'nothing') } });
    watcher.setNeeded(new Set([keyOf(id)]));
    expect(await watcher.refresh()).toBe(false);
    expect(table.resolve(target(id))).toMatchObject({ state: 'down', reason: `VM ${id}: prlctl was not found` });
    expect(watcher.status().mode).toBe('failing');
  });

  it('that hangs is ended by the time limit, and readings go on', async () => {
    const id = simulator.addVm({ name: 'Ubuntu', addresses: ['127.0.0.2'] });
    simulator.setFault('hang');
    const { watcher, journal } = setUp({ times: QUICK, timeLimitMs: 400 });
    watcher.setNeeded(new Set([keyOf(id)]));
    watcher.start();
    await journal.until(() => journal.entries.includes('warn prlctl did not answer within 0.4 s'));
    simulator.clearFaults();
    // A time limit that suits a busy machine does not matter here: one of the next readings is in time.
    await journal.until(() => journal.entries.includes('running 127.0.0.2'));
  });

  it('that is slow delays the table, not the look-up', async () => {
    const id = simulator.addVm({ name: 'Ubuntu', addresses: ['127.0.0.2'] });
    const { watcher, table, journal } = setUp({ times: QUICK });
    await watcher.refresh();
    simulator.setFault('slow', { ms: 300 });
    simulator.setAddress(id, '127.0.0.3');
    const reading = watcher.refresh();
    expect(stateOf(table.resolve(target(id)))).toBe('127.0.0.2');
    await reading;
    expect(journal.entries).toEqual(['running 127.0.0.2', 'gone 127.0.0.2', 'running 127.0.0.3']);
  });

  it('that breaks in an unknown way is a failure like any other', async () => {
    const { table, watcher, journal } = setUp();
    const odd = new Watcher({
      provider: { list: () => Promise.reject(new TypeError('a bug')) },
      table,
      log: { info: () => {}, warn: (_fields, message) => journal.add(message) },
    });
    expect(await odd.refresh()).toBe(false);
    expect(odd.status().last_error).toBe('TypeError: a bug');
    await odd.stop();
    await watcher.stop();
    expect(new ProviderError('failed', 'a').message).toBe('a');
  });
});

describe('stop', () => {
  it('ends a hanging prlctl and starts nothing any more', async () => {
    const id = simulator.addVm({ name: 'Ubuntu' });
    simulator.setFault('hang');
    const { watcher, journal } = setUp({ times: QUICK });
    watcher.setNeeded(new Set([keyOf(id)]));
    watcher.start();
    const queued = watcher.refresh();
    while (simulator.calls().length < 2) await new Promise(setImmediate);
    await watcher.stop();
    expect(await queued).toBe(false);
    for (const call of simulator.calls()) expect(isAlive(call.pid)).toBe(false);
    expect(simulator.calls()).toHaveLength(2);
    expect(journal.entries).toEqual([]);
    watcher.look();
    watcher.setNeeded(new Set());
    watcher.setNeeded(new Set([keyOf(id)]));
    expect(await watcher.refresh()).toBe(false);
    expect(simulator.calls()).toHaveLength(2);
  });

  it('leaves nothing that would keep the agent from ending', async () => {
    const id = simulator.addVm({ name: 'Ubuntu', addresses: ['127.0.0.2'] });
    const modules = new URL('../../../../agent/', import.meta.url);
    const program = `
      const { Vms } = await import('${modules}vms/vms.ts');
      const { Prlctl } = await import('${modules}vms/prlctl.ts');
      const { Networks } = await import('${modules}networks.ts');
      const log = { info() {}, warn() {} };
      const vms = new Vms({ provider: new Prlctl(), vmNetworks: new Networks([]), log, onAddressGone() {} });
      vms.setNeeded(new Set(['parallels:${id}']));
      vms.start();
      vms.wait({ kind: 'vm', vm: 'parallels:${id}', port: 80 }, 3_600_000, () => {});
      await vms.refresh();
      vms.failed({ kind: 'vm', vm: 'parallels:${id}', port: 80 }, { ip: '127.0.0.2', port: 80 }, 'ECONNREFUSED');
      vms.refresh();
      await vms.stop();
      process.stdout.write(JSON.stringify(vms.status()));`;
    const run = promisify(execFile);
    const env = { ...process.env, ...simulator.env };
    const { stdout } = await run(process.execPath, ['--input-type=module', '-e', program], { env });
    expect(JSON.parse(stdout)).toMatchObject({ mode: 'polling', last_good_at: expect.any(String) });
  });
});
