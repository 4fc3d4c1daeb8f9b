import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Networks } from '../../../../agent/networks.ts';
import { isAbsence, type Resolution, type VmTarget } from '../../../../agent/targets.ts';
import { Prlctl } from '../../../../agent/vms/prlctl.ts';
import { Vms } from '../../../../agent/vms/vms.ts';
import { PrlctlSimulator } from '../../../support/prlctl/simulator.ts';

let folder: string;
let simulator: PrlctlSimulator;
let vms: Vms;
let gone: string[];
let said: string[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'prproxy-vms-'));
  simulator = new PrlctlSimulator(folder);
  gone = [];
  said = [];
  const log = {
    info: (_: object, text: string) => said.push(text),
    warn: (_: object, text: string) => said.push(text),
  };
  vms = new Vms({
    provider: new Prlctl({ env: { ...process.env, ...simulator.env } }),
    vmNetworks: new Networks(['127.0.0.0/8']),
    log,
    onAddressGone: (vm, ip) => gone.push(`${vm} ${ip}`),
    times: { fast: 20, slow: 3_600_000, lookGap: 0 },
  });
});

afterEach(async () => {
  await vms.stop();
  await rm(folder, { recursive: true, force: true });
});

function target(id: string): VmTarget {
  return { kind: 'vm', vm: `parallels:${id}`, port: 8080 };
}

function next(id: string): Promise<Resolution> {
  return new Promise((resolve) => vms.wait(target(id), 60_000, resolve));
}

describe('the VMs', () => {
  it('hold a request from the start of the agent until the first reading', async () => {
    const id = simulator.addVm({ name: 'Ubuntu', addresses: ['127.0.0.2'] });
    expect(isAbsence(vms.resolve(target(id)))).toBe(true);
    vms.start();
    expect(await next(id)).toEqual([{ ip: '127.0.0.2', port: 8080 }]);
  });

  it('are listed and found as prlctl shows them', async () => {
    const id = simulator.addVm({ name: 'Ubuntu', addresses: ['127.0.0.2', 'fe80::1'], os: 'ubuntu' });
    expect(vms.list()).toEqual([]);
    expect(await vms.refresh()).toBe(true);
    expect(vms.find('ubuntu')).toEqual({
      key: `parallels:${id}`,
      id,
      name: 'Ubuntu',
      state: 'running',
      os: 'ubuntu',
      uptime: expect.stringMatching(/^\d+$/),
      guestToolsState: 'installed',
      guestToolsVersion: '26.4.1-57516',
      addresses: ['127.0.0.2', 'fe80::1'],
      address: '127.0.0.2',
      addressSource: 'prlctl',
      seenAt: expect.any(Date),
    });
    expect(vms.status()).toMatchObject({ mode: 'idle' });
    expect(said).toEqual(['VM Ubuntu is running']);
  });

  it('let traffic find the new address: a failed dial is enough', async () => {
    const id = simulator.addVm({ name: 'Ubuntu', addresses: ['127.0.0.2'] });
    vms.setNeeded(new Set([target(id).vm]));
    await vms.refresh();
    expect(vms.settling(target(id))).toBe(false);
    vms.opened(target(id));
    vms.closed(target(id));
    simulator.setState(id, 'resetting');
    const since = performance.now();
    vms.failed(target(id), { ip: '127.0.0.2', port: 8080 }, 'ECONNREFUSED');
    while (!vms.confirmed(target(id), since)) await new Promise(setImmediate);
    const waiting = next(id);
    simulator.update((state) => {
      state.vms[0]!.addresses = ['127.0.0.3'];
    });
    simulator.setState(id, 'running');
    expect(await waiting).toEqual([{ ip: '127.0.0.3', port: 8080 }]);
    expect(vms.settling(target(id))).toBe(true);
    expect(gone).toEqual([`parallels:${id} 127.0.0.2`]);
  });

  it('judge addresses by vm_networks as they are now', async () => {
    const id = simulator.addVm({ name: 'Ubuntu', addresses: ['127.0.0.2'] });
    await vms.refresh();
    vms.setVmNetworks(new Networks([]));
    expect(isAbsence(vms.resolve(target(id)))).toBe(true);
  });
});
