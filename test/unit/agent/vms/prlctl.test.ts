import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Prlctl } from '../../../../agent/vms/prlctl.ts';
import { findPrlctl, KNOWN_PLACES } from '../../../../agent/vms/prlctl-path.ts';
import { ProviderError, type VmEvent } from '../../../../agent/vms/provider.ts';
import { PrlctlSimulator } from '../../../support/prlctl/simulator.ts';
import { isAlive } from './support.ts';

let folder: string;
let simulator: PrlctlSimulator;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'prproxy-prlctl-'));
  simulator = new PrlctlSimulator(folder);
});

afterEach(() => rm(folder, { recursive: true, force: true }));

function prlctl(options: { timeLimitMs?: number; path?: string } = {}): Prlctl {
  const env = { ...process.env, ...simulator.env, PRPROXY_PRLCTL: options.path ?? simulator.path };
  return new Prlctl({ env, ...(options.timeLimitMs === undefined ? {} : { timeLimitMs: options.timeLimitMs }) });
}

async function errorOf(promise: Promise<unknown>): Promise<ProviderError> {
  const error = await promise.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof ProviderError)) throw new Error(`not a ProviderError: ${String(error)}`);
  return error;
}

async function script(name: string, text: string): Promise<string> {
  const path = join(folder, name);
  await mkdir(join(path, '..'), { recursive: true });
  await writeFile(path, text);
  await chmod(path, 0o755);
  return path;
}

describe('reading the VMs', () => {
  it('gives every VM with what both forms tell', async () => {
    const id = simulator.addVm({ name: 'Ubuntu', addresses: ['10.211.55.3', 'fdb2::1'], os: 'ubuntu' });
    simulator.addVm({ name: 'Win "11" / a', state: 'stopped', stale: ['169.254.1.1'], os: 'win-11' });
    const vms = await prlctl().list();
    expect(vms.find((vm) => vm.id === id)).toMatchObject({
      key: `parallels:${id}`,
      name: 'Ubuntu',
      state: 'running',
      os: 'ubuntu',
      guestToolsState: 'installed',
      guestToolsVersion: '26.4.1-57516',
      addresses: ['10.211.55.3', 'fdb2::1'],
    });
    expect(vms.find((vm) => vm.name === 'Win "11" / a')).toMatchObject({
      state: 'stopped',
      addresses: ['169.254.1.1'],
    });
    expect(
      simulator
        .calls()
        .map((call) => call.args.join(' '))
        .sort(),
    ).toEqual(['list -a -f --json', 'list -a -i --json']);
  });

  it('gives an empty list when there is no VM', async () => {
    expect(await prlctl().list()).toEqual([]);
  });

  it.each(['short', 'full'] as const)('is content with one form when the %s one fails', async (only) => {
    simulator.addVm({ name: 'Ubuntu', addresses: ['10.211.55.3'] });
    simulator.setFault('broken', { only });
    expect(await prlctl().list()).toMatchObject([{ name: 'Ubuntu', state: 'running', addresses: ['10.211.55.3'] }]);
  });

  it('finds the address in the leases when prlctl tells none, for VMs that run', async () => {
    const silent = simulator.addVm({ name: 'Alpine', addresses: ['10.211.55.9'], silent: true });
    const off = simulator.addVm({ name: 'Debian', state: 'stopped' });
    simulator.addVm({ name: 'Ubuntu', addresses: ['10.211.55.3'] });
    for (const id of [silent, off]) simulator.giveLease(id, '10.211.55.8');
    simulator.giveLease(silent, '10.211.55.9');
    const found = (await prlctl().list()).map(({ name, addresses, fallbacks }) => [name, addresses, fallbacks]);
    expect(found.sort()).toEqual([
      ['Alpine', [], [{ source: 'leases', addresses: ['10.211.55.9'] }]],
      ['Debian', [], undefined],
      ['Ubuntu', ['10.211.55.3'], undefined],
    ]);
  });

  it('asks a macOS guest that has no lease either, beside the reading and not again at once', async () => {
    const mac = { os: 'macosx', bundle: 'macvm', silent: true } as const;
    const id = simulator.addVm({ ...mac, name: 'Sequoia', addresses: ['10.211.55.20'] });
    const leased = simulator.addVm({ ...mac, name: 'Tahoe', addresses: ['10.211.55.21'] });
    simulator.giveLease(leased, '10.211.55.21');
    simulator.addVm({ name: 'Alpine', addresses: ['10.211.55.22'], silent: true });
    simulator.addVm({ ...mac, name: 'Sonoma', state: 'stopped' });
    const provider = prlctl();
    const told = async () => (await provider.list()).find((vm) => vm.id === id)?.fallbacks;
    expect(await told()).toBeUndefined();
    let answer = await told();
    while (answer === undefined) answer = await told();
    expect(answer).toEqual([{ source: 'guest', addresses: ['10.211.55.20'] }]);
    await told();
    const questions = simulator.calls().filter(({ args }) => args[0] === 'exec');
    expect(questions.map(({ args }) => args)).toEqual([['exec', id, 'ipconfig', 'getifaddr', 'en0']]);
    simulator.setState(id, 'stopped');
    expect(await told()).toBeUndefined();
    simulator.setState(id, 'running');
    expect(await told()).toBeUndefined();
  });

  it('does not take no address for none when the full form fails, which tells where else to look', async () => {
    simulator.addVm({ name: 'Alpine', silent: true });
    simulator.setFault('broken', { only: 'full' });
    expect((await prlctl().list())[0]?.addresses).toBeUndefined();
  });

  it('reads past garbage and without a home', async () => {
    simulator.addVm({ name: 'Ubuntu' });
    simulator.setFault('garbage');
    simulator.setFault('missing-home');
    expect(await prlctl().list()).toHaveLength(1);
  });

  it('tries once more after a misfire of the SDK, not twice', async () => {
    simulator.addVm({ name: 'Ubuntu' });
    simulator.setFault('misfire', { only: 'full', times: 1 });
    expect((await prlctl().list())[0]?.os).toBe('ubuntu');
    simulator.setFault('misfire');
    const before = simulator.calls().length;
    const error = await errorOf(prlctl().list());
    expect(error.message).toBe(
      'prlctl failed (exit code 255): PrlJob_GetRetCode: Invalid argument. An invalid argument was passed.',
    );
    expect(simulator.calls()).toHaveLength(before + 4);
  });

  it('runs a bounded number of processes', async () => {
    const count = join(folder, 'running');
    const path = await script(
      'prlctl',
      `#!/bin/sh\nmkdir -p ${count}\n: > ${count}/$$\nls ${count} | wc -l >> ${folder}/peaks\n"${simulator.path}" "$@"\nrm ${count}/$$\n`,
    );
    const provider = prlctl({ path });
    await Promise.all(Array.from({ length: 5 }, () => provider.list()));
    const peaks = (await readFile(join(folder, 'peaks'), 'utf8')).trim().split('\n').map(Number);
    expect(peaks).toHaveLength(10);
    expect(Math.max(...peaks)).toBeLessThanOrEqual(4);
  });
});

describe('failures of prlctl', () => {
  it('253: says that Parallels Desktop cannot be reached', async () => {
    simulator.setFault('login');
    const error = await errorOf(prlctl().list());
    expect(error.kind).toBe('unreachable');
    expect(error.reason).toBe('Parallels Desktop is not running or not reachable from this session');
    expect(error.message).toBe(`${error.reason}: Login failed: Unable to connect to Parallels Service.`);
  });

  it.each(['broken', 'empty'] as const)('output that is %s is an error, never no VMs', async (fault) => {
    simulator.addVm({ name: 'Ubuntu' });
    simulator.setFault(fault);
    const error = await errorOf(prlctl().list());
    expect(error.kind).toBe('unparsable');
    expect(error.message).toMatch(/^prlctl printed no list of VMs but /);
  });

  it('a hanging prlctl is killed after the time limit, though it ignores SIGTERM', async () => {
    simulator.setFault('hang');
    const error = await errorOf(prlctl({ timeLimitMs: 500 }).list());
    expect(error).toMatchObject({ kind: 'timeout', reason: 'prlctl did not answer within 0.5 s' });
    for (const call of simulator.calls()) expect(isAlive(call.pid)).toBe(false);
  });

  it('a question to a guest that hangs is killed after the time limit, and holds no reading up', async () => {
    simulator.addVm({ name: 'Sequoia', os: 'macosx', silent: true });
    const pids = join(folder, 'pids');
    const path = await script(
      'prlctl',
      `#!/bin/sh\ntest "$1" = exec || exec "${simulator.path}" "$@"\ntrap "" TERM\necho $$ > ${pids}\nwhile :; do sleep 1; done\n`,
    );
    const provider = prlctl({ path, timeLimitMs: 3_000 });
    expect(await provider.list()).toHaveLength(1);
    let pid = 0;
    while (pid === 0) pid = Number(await readFile(pids, 'utf8').catch(() => ''));
    expect(await provider.list()).toHaveLength(1);
    while (isAlive(pid)) await new Promise(setImmediate);
  });

  it('what a wrapper script has started is killed with it', async () => {
    const pids = join(folder, 'pids');
    const path = await script(
      'wrapper',
      `#!/bin/sh\nsh -c 'echo $$ >> ${pids}; trap "" TERM; sleep 1000; :'\nexit 0\n`,
    );
    expect((await errorOf(prlctl({ path, timeLimitMs: 1_500 }).list())).kind).toBe('timeout');
    const children = (await readFile(pids, 'utf8')).trim().split('\n').map(Number);
    expect(children).toHaveLength(2);
    // They belong to init now, which takes its time to bury them.
    while (children.some(isAlive)) await new Promise(setImmediate);
  });

  it('ends early when it is told to', async () => {
    simulator.setFault('hang');
    const abort = new AbortController();
    const listing = errorOf(prlctl().list(abort.signal));
    while (simulator.calls().length < 2) await new Promise(setImmediate);
    abort.abort();
    expect((await listing).kind).toBe('failed');
    for (const call of simulator.calls()) expect(isAlive(call.pid)).toBe(false);
    expect((await errorOf(prlctl().list(abort.signal))).kind).toBe('failed');
  });

  it('endless output ends in an error', async () => {
    const error = await errorOf(prlctl({ path: await script('yes', '#!/bin/sh\nexec yes\n') }).list());
    expect(error.message).toMatch(/^prlctl printed more than \d+ characters$/);
  });

  it('an end by a signal or an unknown exit code is told with the first line of what it said', async () => {
    const died = await script('died', '#!/bin/sh\nkill -9 $$\n');
    expect((await errorOf(prlctl({ path: died }).list())).message).toBe('prlctl failed (SIGKILL)');
    const refused = await script('refused', '#!/bin/sh\necho "No licence.\nMore" >&2\nexit 3\n');
    const error = await errorOf(prlctl({ path: refused }).list());
    expect(error).toMatchObject({
      reason: 'prlctl failed (exit code 3)',
      message: 'prlctl failed (exit code 3): No licence.',
    });
  });

  it('a program that cannot be started is told with its path', async () => {
    const path = await script('odd', '#!/nowhere/interpreter\n');
    const error = await errorOf(prlctl({ path }).list());
    expect(error).toMatchObject({ kind: 'failed', reason: 'prlctl cannot be run' });
    expect(error.message).toContain(path);
  });
});

describe('watching the VMs', () => {
  function watch(provider: Prlctl) {
    const abort = new AbortController();
    const events: string[] = [];
    let wake = () => {};
    const follower = {
      onStart: () => events.push('start'),
      onEvent: ({ vm, kind }: VmEvent) => {
        events.push(`${vm} ${kind}`);
        wake();
      },
    };
    const end = errorOf(provider.watch(follower, abort.signal));
    const next = () =>
      new Promise<void>((resolve) => {
        wake = resolve;
      });
    return { abort, events, end, next };
  }

  async function monitorPid(): Promise<number> {
    for (;;) {
      const call = simulator.calls().find(({ args }) => args[0] === 'monitor-events');
      if (call !== undefined) return call.pid;
      await new Promise(setImmediate);
    }
  }

  it('tells of each event at once, and an abort leaves no process', async () => {
    const { abort, events, end, next } = watch(prlctl());
    await monitorPid();
    const told = next();
    // Until it hears: the first change may have come before it looked.
    const id = simulator.addVm({ name: 'Ubuntu' });
    simulator.setState(id, 'stopped');
    const timer = setInterval(
      () => simulator.setState(id, simulator.now(id).state === 'stopped' ? 'running' : 'stopped'),
      50,
    );
    await told;
    clearInterval(timer);
    expect(events[0]).toBe('start');
    expect(events[1]).toMatch(new RegExp(`^parallels:${id} (state|listed)$`));
    abort.abort();
    expect((await end).kind).toBe('failed');
    const pid = await monitorPid();
    while (isAlive(pid)) await new Promise(setImmediate);
  });

  it('is refused for a version that has no events, and nothing is started', async () => {
    simulator.update((state) => {
      state.version = 'prlctl version 20.2.2 (55879)';
    });
    const { events, end } = watch(prlctl());
    expect(await end).toMatchObject({ kind: 'unsupported' });
    expect(events).toEqual([]);
    expect(simulator.calls().map(({ args }) => args[0])).toEqual(['--version']);
  });

  it('ends with what prlctl said at last', async () => {
    simulator.setFault('dies');
    expect((await watch(prlctl()).end).message).toBe(
      'prlctl failed (exit code 1): Connection to Parallels Service was lost.',
    );
    simulator.setFault('login');
    expect((await watch(prlctl()).end).kind).toBe('unreachable');
    const path = await script('early', `#!/bin/sh\ntest "$1" = --version && exec "${simulator.path}" "$@"\necho bye\n`);
    expect((await watch(prlctl({ path })).end).message).toBe('prlctl ended (exit code 0): bye');
  });
});

describe('finding prlctl', () => {
  it('takes the path of PRPROXY_PRLCTL and no other', async () => {
    await script('bin/prlctl', '#!/bin/sh\n');
    const env = { PRPROXY_PRLCTL: join(folder, 'nothing'), PATH: join(folder, 'bin') };
    const error = await errorOf(findPrlctl(env));
    expect(error.kind).toBe('missing');
    expect(error.reason).toBe('prlctl was not found');
    expect(error.message).toBe(
      `prlctl was not found at ${env.PRPROXY_PRLCTL}, which PRPROXY_PRLCTL names; correct it or unset it`,
    );
    expect(await findPrlctl({ PRPROXY_PRLCTL: simulator.path })).toBe(simulator.path);
  });

  it('looks in the known places first, then along PATH, and says so', async () => {
    const known = await script('known/prlctl', '#!/bin/sh\n');
    const onPath = await script('bin/prlctl', '#!/bin/sh\n');
    const env = { PATH: `relative:${join(folder, 'empty')}:${join(folder, 'bin')}` };
    expect(await findPrlctl(env, [known])).toBe(known);
    expect(await findPrlctl(env, [join(folder, 'nothing')])).toBe(onPath);
    const error = await errorOf(findPrlctl({}, ['/a/prlctl', '/b/prlctl']));
    expect(error.message).toBe(
      'prlctl was not found (looked in /a/prlctl, /b/prlctl, PATH); install Parallels Desktop or set PRPROXY_PRLCTL to the path of prlctl',
    );
    expect(KNOWN_PLACES).toContain('/usr/local/bin/prlctl');
  });

  it('passes over what cannot be executed', async () => {
    const path = await script('plain/prlctl', 'text');
    await chmod(path, 0o644);
    expect((await errorOf(findPrlctl({}, [path]))).kind).toBe('missing');
  });
});
