// The watcher beside the events of prlctl: what they save, and what becomes of it when they end.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Follower, VmProvider } from '../../../../agent/vms/provider.ts';
import { Watcher } from '../../../../agent/vms/watcher.ts';
import { PrlctlSimulator } from '../../../support/prlctl/simulator.ts';
import { isAlive, Journal, keyOf, QUICK, target, type WatchedOptions, watch } from './support.ts';

/** Nothing is read because of the time. */
const NEVER = 3_600_000;
const TIMES = {
  ...QUICK,
  fast: NEVER,
  seekMin: NEVER,
  seekMax: NEVER,
  slow: NEVER,
  safety: NEVER,
  settle: 50,
  echo: NEVER,
};

let folder: string;
let simulator: PrlctlSimulator;
let id: string;
let stops: (() => Promise<void>)[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'prproxy-events-'));
  simulator = new PrlctlSimulator(folder);
  id = simulator.addVm({ name: 'Ubuntu', addresses: ['127.0.0.2'] });
  stops = [];
});

afterEach(async () => {
  for (const stop of stops) await stop();
  await rm(folder, { recursive: true, force: true });
});

function setUp(times: WatchedOptions['times'] = {}) {
  const watched = watch(simulator, { hasEvents: true, times: { ...TIMES, ...times } });
  stops.push(() => watched.watcher.stop());
  return watched;
}

const FOLLOWED = 'info the events of prlctl are followed';

/** Watches, and resolves when events are surely heard and the reading after that has ended. */
async function followed(times: WatchedOptions['times'] = {}) {
  const watched = setUp(times);
  const { watcher, provider, journal } = watched;
  watcher.setNeeded(new Set([keyOf(id)]));
  watcher.start();
  // Each reading has an echo.
  while (!provider.journal.entries.includes('event other')) await watcher.refresh();
  await journal.until(() => journal.entries.includes(FOLLOWED));
  await watcher.refresh();
  return watched;
}

function monitors(): number[] {
  return simulator.calls().flatMap(({ pid, args }) => (args[0] === 'monitor-events' ? pid : []));
}

async function dead(pids: readonly number[]): Promise<void> {
  while (pids.some(isAlive)) await new Promise(setImmediate);
}

describe('while events are followed', () => {
  it('every change is seen without a look at the clock, and status says so', async () => {
    const { watcher, journal } = await followed();
    expect(watcher.status()).toEqual({ mode: 'events', last_good_at: expect.any(String) });
    simulator.setState(id, 'suspending');
    await journal.until(() => journal.entries.at(-1) === 'suspending -');
    simulator.setState(id, 'suspended');
    await journal.until(() => journal.entries.at(-1) === 'suspended -');
    simulator.setState(id, 'running');
    await journal.until(() => journal.entries.at(-1) === 'running 127.0.0.2');
    simulator.addVm({ name: 'Other', state: 'stopped' });
    await journal.until(() => journal.entries.at(-1) === 'stopped -');
    simulator.remove(id);
    await journal.until(() => journal.entries.at(-1) === 'removed -');
  });

  it('the address of a VM that came up is asked for quickly, then less and less often, until it is there', async () => {
    const { provider, journal } = await followed({ seekMin: 50, seekMax: 150 });
    simulator.setState(id, 'suspended');
    await journal.until(() => journal.entries.includes('suspended -'));
    await provider.journal.until(() => provider.running === 0);
    const { ended } = provider;
    simulator.setAddress(id);
    simulator.setState(id, 'running');
    for (const [i, least] of [50, 100, 150, 150].entries()) {
      await provider.journal.until(() => provider.ended === ended + i + 1);
      const end = performance.now();
      await provider.journal.until(() => provider.begun === ended + i + 2);
      const gap = performance.now() - end;
      // Timers may be a millisecond early, and a busy machine late.
      expect(gap).toBeGreaterThanOrEqual(least - 2);
      expect(gap).toBeLessThan(5_000);
    }
    simulator.setAddress(id, '127.0.0.3');
    await journal.until(() => journal.entries.includes('running 127.0.0.3'));
  });

  it('the echo of a reading causes no further one', async () => {
    const { watcher, provider, journal } = await followed();
    const echoes = () => provider.journal.entries.filter((entry) => entry === 'event other').length;
    const before = echoes();
    await watcher.refresh();
    const { begun } = provider;
    await provider.journal.until(() => echoes() > before);
    // Another one like it, later: the first has had its effect by then.
    simulator.rename(id, 'Debian');
    await provider.journal.until(() => echoes() > before + 1);
    expect(provider.begun).toBe(begun);
    simulator.setState(id, 'suspended');
    await journal.until(() => journal.entries.includes('suspended -'));
    expect(provider.begun).toBe(begun + 1);
  });

  it('a VM is read when its configuration changes and that is no echo', async () => {
    const { journal, table } = await followed({ echo: -NEVER });
    simulator.rename(id, 'Debian');
    await journal.until(() => table.list()[0]?.name === 'Debian');
  });

  it('all VMs are read when the monitor may hear, and again when it first tells of something', async () => {
    const begun = new Journal();
    const started = Promise.withResolvers<Follower>();
    const provider: VmProvider = {
      list: async () => {
        begun.add('list');
        return [];
      },
      watch: (follower, signal) => {
        started.resolve(follower);
        return new Promise((_, reject) => signal.addEventListener('abort', reject));
      },
    };
    const { table } = setUp();
    const log = { info: () => {}, warn: () => {} };
    const watcher = new Watcher({ provider, table, log, times: { ...TIMES, settle: 20, lookGap: NEVER } });
    stops.push(() => watcher.stop());
    watcher.setNeeded(new Set([keyOf(id)]));
    await watcher.refresh();
    const { onStart, onEvent } = await started.promise;
    onStart();
    await begun.until(() => watcher.status().mode === 'events' || begun.entries.length === 2);
    await watcher.refresh();
    const before = begun.entries.length;
    onEvent({ vm: keyOf(id), kind: 'other' });
    onEvent({ vm: keyOf(id), kind: 'other' });
    await begun.until(() => begun.entries.length === before + 1);
    await watcher.refresh();
    expect(begun.entries).toHaveLength(before + 2);
  });

  it('all VMs are read now and then all the same', async () => {
    const { provider } = await followed({ safety: 30 });
    const { ended } = provider;
    await provider.journal.until(() => provider.ended >= ended + 3);
  });

  it('nothing is followed when no route names a VM any more, and again when one does', async () => {
    const { watcher, provider, journal } = await followed();
    watcher.setNeeded(new Set());
    expect(watcher.status().mode).toBe('idle');
    await provider.journal.until(() => provider.journal.entries.includes('watched'));
    await dead(monitors());
    watcher.setNeeded(new Set([keyOf(id)]));
    await journal.until(() => journal.entries.filter((entry) => entry === FOLLOWED).length === 2);
    expect(watcher.status().mode).toBe('events');
  });

  it('a stop leaves no process', async () => {
    const { watcher } = await followed();
    expect(monitors()).toHaveLength(1);
    await watcher.stop();
    await dead(simulator.calls().map(({ pid }) => pid));
  });
});

describe('when events end', () => {
  it.each([
    ['by themselves', () => simulator.setFault('dies', { times: 1 })],
    ['by a signal', () => process.kill(monitors()[0]!, 'SIGKILL')],
  ])('%s, they are followed again, and what happened meanwhile is read', async (_how, end) => {
    const { watcher, provider, journal } = await followed();
    end();
    await provider.journal.until(() => provider.journal.entries.includes('watched'));
    simulator.setAddress(id, '127.0.0.3');
    await journal.until(() => journal.entries.at(-1) === 'running 127.0.0.3');
    expect(provider.journal.entries.filter((entry) => entry === 'watch')).toHaveLength(2);
    expect(watcher.status()).toEqual({ mode: 'events', last_good_at: expect.any(String) });
  });

  it('the VMs are polled, status says why, and the log once', async () => {
    simulator.setFault('dies');
    const { watcher, provider, journal } = setUp({ settle: NEVER, slow: 20, backOffMin: 1, backOffMax: 1 });
    watcher.setNeeded(new Set([keyOf(id)]));
    const ends = () => provider.journal.entries.filter((entry) => entry === 'watched').length;
    await provider.journal.until(() => {
      const { mode, last_good_at, last_error } = watcher.status();
      return ends() >= 3 && mode === 'polling' && last_good_at !== undefined && last_error !== undefined;
    });
    const problem = 'events are not followed: prlctl failed (exit code 1): Connection to Parallels Service was lost.';
    expect(watcher.status()).toEqual({ mode: 'polling', last_good_at: expect.any(String), last_error: problem });
    expect(journal.entries.filter((entry) => entry === `warn ${problem}`)).toHaveLength(1);
    simulator.setAddress(id, '127.0.0.3');
    await journal.until(() => journal.entries.includes('running 127.0.0.3'));
  });

  it('the next attempt comes later and later, up to the limit', async () => {
    simulator.setFault('dies');
    const { watcher, provider } = setUp({ settle: NEVER, backOffMin: 50, backOffMax: 150 });
    const count = (what: string) => provider.journal.entries.filter((entry) => entry === what).length;
    watcher.setNeeded(new Set([keyOf(id)]));
    for (const [i, least] of [50, 100, 150].entries()) {
      await provider.journal.until(() => count('watched') === i + 1);
      const end = performance.now();
      await provider.journal.until(() => count('watch') === i + 2);
      // Timers may be a millisecond early.
      expect(performance.now() - end).toBeGreaterThanOrEqual(least - 2);
    }
  });
});

describe('a monitor that is deaf', () => {
  const DEAF = 'events are not followed: prlctl monitor-events did not tell of a change that a list showed';

  it('is found by a reading, status says so, and the VMs are polled until one tells of something', async () => {
    const { watcher, provider, journal } = await followed({ slow: 20, patience: 30, backOffMin: 1, backOffMax: 1 });
    simulator.setFault('deaf');
    // The first reading that begins while events are followed is the one that later ones are compared with.
    await watcher.refresh();
    simulator.setState(id, 'suspended');
    await watcher.refresh();
    await journal.until(() => journal.entries.includes(`warn ${DEAF}`));
    expect(watcher.status()).toEqual({ mode: 'polling', last_good_at: expect.any(String), last_error: DEAF });
    simulator.setAddress(id, '127.0.0.3');
    simulator.setState(id, 'running');
    await journal.until(() => journal.entries.includes('running 127.0.0.3'));
    // It runs again, and is not trusted after the time in which another one would be.
    const starts = () => provider.journal.entries.filter((entry) => entry === 'watch').length;
    await provider.journal.until(() => starts() >= 2);
    const { ended } = provider;
    await provider.journal.until(() => provider.ended >= ended + 5);
    expect(journal.entries.filter((entry) => entry === FOLLOWED)).toHaveLength(1);
    expect(watcher.status().mode).toBe('polling');
    simulator.clearFaults();
    const timer = setInterval(
      () => simulator.setState(id, simulator.now(id).state === 'paused' ? 'running' : 'paused'),
      50,
    );
    const isFollowed = () => journal.entries.filter((entry) => entry === FOLLOWED).length === 2;
    await journal.until(isFollowed).finally(() => clearInterval(timer));
    expect(watcher.status()).toEqual({ mode: 'events', last_good_at: expect.any(String) });
  });

  it('is not one that tells in time, before a reading or after it', async () => {
    const { watcher, provider, journal } = await followed({ patience: 0 });
    await watcher.refresh();
    simulator.setState(id, 'suspended');
    await provider.journal.until(() => provider.journal.entries.includes('event state'));
    await watcher.refresh();
    simulator.setAddress(id, '127.0.0.3');
    simulator.rename(id, 'Debian');
    await watcher.refresh();
    simulator.setState(id, 'running');
    await journal.until(() => journal.entries.includes('running 127.0.0.3'));
    expect(watcher.status().mode).toBe('events');
  });
});

describe('without events', () => {
  it('an older prlctl is polled, which is no error, and never asked for them', async () => {
    simulator.update((state) => {
      state.version = 'prlctl version 20.2.2 (55879)';
    });
    const { watcher, provider, journal } = setUp({ slow: 20 });
    watcher.setNeeded(new Set([keyOf(id)]));
    await provider.journal.until(() => provider.journal.entries.includes('watched') && provider.ended >= 3);
    simulator.setAddress(id, '127.0.0.3');
    await journal.until(() => journal.entries.includes('running 127.0.0.3'));
    expect(watcher.status()).toEqual({ mode: 'polling', last_good_at: expect.any(String) });
    expect(monitors()).toEqual([]);
  });

  it('a doubt of traffic finds a new address, for which there is no event', async () => {
    const { table, journal } = await followed();
    simulator.setAddress(id, '127.0.0.3');
    table.failed(target(id), { ip: '127.0.0.2', port: 80 }, 'ECONNREFUSED');
    await journal.until(() => journal.entries.includes('running 127.0.0.3'));
  });
});
