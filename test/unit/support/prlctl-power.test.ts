import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { PrlctlSimulator } from '../../support/prlctl/simulator.ts';

let folder: string;
let simulator: PrlctlSimulator;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'prproxy-sim-power-'));
  simulator = new PrlctlSimulator(folder);
});

afterEach(() => rm(folder, { recursive: true, force: true }));

/** The phases that the last action has planned, in short. */
function planOf(id: string): string[] {
  const vm = simulator.update((state) => state.vms.find((one) => one.id === id));
  return vm!.timeline.map(({ state, addresses }) => `${state} ${addresses.join(' ')}`.trim());
}

/** Until the VM is what the plan ends with. */
async function arrival(id: string): Promise<void> {
  const last = planOf(id).at(-1);
  for (;;) {
    const { state, addresses } = simulator.now(id);
    if (`${state} ${addresses.join(' ')}`.trim() === last) return;
    await new Promise(setImmediate);
  }
}

describe('power of the simulated VMs', () => {
  it('start: the address arrives late and in stages', async () => {
    const id = simulator.addVm({ name: 'Ubuntu', state: 'stopped', addresses: ['127.0.0.2'] });
    const result = await simulator.run('start', id);
    expect(result).toEqual({
      code: 0,
      stdout: 'Starting the VM...\nThe VM has been successfully started.\n',
      stderr: '',
    });
    expect(planOf(id)).toEqual([
      'starting',
      'running',
      expect.stringMatching(/^running fe80:\S+$/),
      expect.stringMatching(/^running fdb2:\S+ fe80:\S+$/),
      expect.stringMatching(/^running 169\.254\.\S+ fdb2:\S+ fe80:\S+$/),
      'running 127.0.0.2',
    ]);
    await arrival(id);
  });

  it('each phase lasts as long as it is told to', async () => {
    const id = simulator.addVm({ name: 'Ubuntu', state: 'stopped', timings: { stage: 70 }, stages: [[], ['fe80::1']] });
    simulator.setTimings({ starting: 30, stage: 7 });
    await simulator.run('start', id);
    const { timeline } = simulator.update((state) => state.vms[0]!);
    expect(timeline.map((phase) => phase.at - timeline[0]!.at)).toEqual([0, 30, 100, 170]);
  });

  it('suspend and resume: with the states between, and the address late', async () => {
    const id = simulator.addVm({ name: 'Ubuntu', addresses: ['127.0.0.2'] });
    expect((await simulator.run('suspend', id)).stdout).toBe(
      'Suspending the VM...\nThe VM has been successfully suspended.\n',
    );
    expect(simulator.now(id)).toEqual({ state: 'suspended', addresses: [] });
    expect(planOf(id)).toEqual(['suspending 127.0.0.2', 'suspended']);
    await simulator.run('resume', id);
    expect(planOf(id)).toEqual(['resuming', 'running', 'running 127.0.0.2']);
    await arrival(id);
  });

  it('pause and resume, reset, restart, stop', async () => {
    const id = simulator.addVm({ name: 'Ubuntu', addresses: ['127.0.0.2'], stages: [] });
    expect((await simulator.run('pause', id)).code).toBe(0);
    expect(simulator.now(id).state).toBe('paused');
    await simulator.run('resume', id);
    expect(planOf(id)).toEqual(['continuing', 'running 127.0.0.2']);
    await arrival(id);
    expect((await simulator.run('reset', id)).code).toBe(0);
    expect(planOf(id)).toEqual(['resetting', 'running 127.0.0.2']);
    await arrival(id);
    expect((await simulator.run('restart', id)).stdout).toContain('restarted');
    await arrival(id);
    expect((await simulator.run('stop', id)).stdout).toBe(
      'Stopping the VM...\nThe VM has been successfully stopped.\n',
    );
    expect(planOf(id)).toEqual(['stopping 127.0.0.2', 'stopped']);
    expect(simulator.now(id)).toEqual({ state: 'stopped', addresses: [] });
  });

  it('refuses what the state does not allow, with the exit codes of the real one', async () => {
    const id = simulator.addVm({ name: 'Ubuntu', state: 'stopped' });
    expect(await simulator.run('stop', id)).toMatchObject({
      code: 0,
      stderr: expect.stringMatching(/^Failed to stop/),
    });
    expect(await simulator.run('suspend', id)).toMatchObject({
      code: 255,
      stderr: expect.stringMatching(/is not started\.\n$/),
    });
    simulator.setState(id, 'suspended');
    expect(await simulator.run('stop', id, '--kill')).toMatchObject({
      code: 0,
      stderr: expect.stringMatching(/^Failed/),
    });
    expect(await simulator.run('start', id)).toMatchObject({ code: 255 });
    expect(simulator.now(id).state).toBe('suspended');
    expect((await simulator.run('stop', id, '--drop-state')).code).toBe(0);
    simulator.setState(id, 'resuming');
    expect((await simulator.run('start', id)).stderr).toContain('"Ubuntu" is in the "resuming" state.');
    simulator.setState(id, 'paused');
    expect((await simulator.run('stop', id)).code).toBe(255);
    expect((await simulator.run('stop', id, '--kill')).stdout).toContain('forcibly stopped');
  });

  it('a stubborn guest refuses a graceful stop only', async () => {
    const id = simulator.addVm({ name: 'mac', stubborn: true });
    expect(await simulator.run('stop', id)).toMatchObject({
      code: 255,
      stderr: 'Failed to stop the VM: Operation canceled\n',
    });
    expect((await simulator.run('stop', id, '--kill')).code).toBe(0);
  });

  it('an address that is set while a VM boots is the one it ends with', async () => {
    const id = simulator.addVm({
      name: 'Ubuntu',
      state: 'stopped',
      addresses: ['127.0.0.2'],
      timings: { starting: 1_000 },
    });
    await simulator.run('start', id);
    simulator.setAddress(id, '127.0.0.3');
    expect(planOf(id)).toHaveLength(6);
    expect(planOf(id).at(-1)).toBe('running 127.0.0.3');
    await arrival(id);
    simulator.setAddress(id, '127.0.0.4');
    expect(simulator.now(id).addresses).toEqual(['127.0.0.4']);
  });
});

describe('the state file', () => {
  it('takes changes of many processes at once without losing one', async () => {
    const names = Array.from({ length: 20 }, (_, i) => `vm${i}`);
    const results = await Promise.all(names.map((name) => simulator.run('sim', 'add', name, '--ip', '127.0.0.2')));
    expect(results.map((result) => result.code)).toEqual(names.map(() => 0));
    const { stdout } = await simulator.run('list', '-a', '-H', '-o', 'name');
    expect(stdout.trim().split('\n').sort()).toEqual([...names].sort());
    expect((await readdir(folder)).sort()).toEqual(['prlctl-state.json', 'prlctl-state.json.calls']);
  });

  it('is not locked for ever by a process that died', async () => {
    const child = spawn(process.execPath, ['-e', '']);
    await once(child, 'exit');
    await writeFile(`${simulator.statePath}.lock`, String(child.pid));
    expect((await simulator.run('sim', 'add', 'Ubuntu')).code).toBe(0);
  });
});

describe('the control verbs', () => {
  it('add, change, show and remove VMs, and switch faults', async () => {
    const { stdout } = await simulator.run('sim', 'add', 'My VM', '--ip', '127.0.0.2,fe80::1', '--os', 'fedora');
    const id = stdout.trim();
    expect((await simulator.run('list', '-f', '-H', '-o', 'ip')).stdout).toBe('127.0.0.2 fe80::1 \n');
    await simulator.run('sim', 'address', 'My VM', '127.0.0.3');
    await simulator.run('sim', 'timing', 'suspending', '1');
    const [shown] = JSON.parse((await simulator.run('sim', 'show')).stdout);
    expect(shown).toMatchObject({ id, name: 'My VM', state: 'running', addresses: ['127.0.0.3'] });
    await simulator.run('sim', 'state', id, 'suspended');
    expect(simulator.now(id)).toEqual({ state: 'suspended', addresses: [] });
    await simulator.run('sim', 'fault', 'login', '--times', '1');
    expect((await simulator.run('list')).code).toBe(253);
    await simulator.run('sim', 'fault', 'login');
    await simulator.run('sim', 'fault', 'none');
    expect((await simulator.run('list')).code).toBe(0);
    expect((await simulator.run('sim', 'calls')).stdout.trim().split('\n')).toHaveLength(3);
    await simulator.run('sim', 'remove', id);
    expect((await simulator.run('list', '-aH')).stdout).toBe('');
  });

  it('say what they need', async () => {
    for (const args of [[], ['add'], ['fault', 'bogus'], ['address', 'nobody', '127.0.0.1']]) {
      const { code, stderr } = await simulator.run('sim', ...args);
      expect(code).toBeGreaterThan(0);
      expect(stderr).not.toBe('');
    }
  });
});

describe('monitor-events', () => {
  it('prints one event per line, held back until stdin ends when it is no terminal', async () => {
    const id = simulator.addVm({ name: 'Ubuntu', addresses: ['127.0.0.2'] });
    const child = spawn(simulator.path, ['monitor-events', '--json'], { env: { ...process.env, ...simulator.env } });
    let text = '';
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
    });
    while (simulator.calls().length === 0) await new Promise(setImmediate);
    simulator.setTimings({ suspending: 500 });
    await simulator.run('suspend', id);
    simulator.setAddress(id, '127.0.0.3');
    const other = simulator.addVm({ name: 'Other' });
    await simulator.run('list');
    await simulator.run('list');
    expect(text).toBe('');
    child.stdin.end();
    await once(child, 'close');
    const events = text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(events[0]).toEqual({
      Timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/),
      'VM ID': id,
      'Event name': 'vm_state_changed',
      'Additional info': { 'Vm state name': 'suspending' },
    });
    const told = events.map((event) => `${event['VM ID']} ${event['Event name']}`);
    expect(told.filter((text) => !text.endsWith('vm_config_changed'))).toEqual([
      `${id} vm_state_changed`,
      `${id} vm_tools_state_changed`,
      `${id} vm_state_changed`,
      `${other} vm_added`,
    ]);
    // The echo of the lists.
    expect(told).toContain(`${other} vm_config_changed`);
  });
});
