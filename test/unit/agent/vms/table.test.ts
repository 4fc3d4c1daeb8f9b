import type { NetworkInterfaceInfo } from 'node:os';
import { describe, expect, it } from 'vitest';
import { Networks } from '../../../../agent/networks.ts';
import { isAbsence, type Resolution, type VmKey, type VmTarget } from '../../../../agent/targets.ts';
import { ProviderError, type VmReading } from '../../../../agent/vms/provider.ts';
import { VmTable, type VmTableOptions } from '../../../../agent/vms/table.ts';

const ID = '3f1c2b7a-0d4e-4c55-9a51-0b8f3f6f7a01';
const OTHER = '5a9d0c11-7e2b-4b0e-8f67-2c1d9e4a6b02';
const KEY: VmKey = `parallels:${ID}`;
const NEVER = new ProviderError('timeout', 'prlctl did not answer within 30 s');

function target(port = 80, vm: VmKey = KEY): VmTarget {
  return { kind: 'vm', vm, port };
}

function reading(state: string, addresses?: readonly string[], more: Partial<VmReading> = {}): VmReading {
  return {
    key: `parallels:${more.id ?? ID}`,
    id: ID,
    name: 'Ubuntu',
    state,
    os: 'ubuntu',
    uptime: '0',
    guestToolsState: 'installed',
    guestToolsVersion: '26.4.0-57513',
    addresses,
    addressSource: 'prlctl',
    macs: [],
    ...more,
  };
}

function networkInterface(cidr: string): NetworkInterfaceInfo {
  const address = cidr.replace(/\/.*/, '');
  return { address, cidr, netmask: '', mac: '', family: 'IPv4', internal: false };
}

function setUp(options: Partial<VmTableOptions> = {}) {
  const gone: string[] = [];
  const changes: string[] = [];
  let looks = 0;
  const table = new VmTable({
    vmNetworks: new Networks([]),
    onAddressGone: (vm, ip) => gone.push(`${vm} ${ip}`),
    onChange: ({ before, after }) => changes.push(`${before?.state ?? '-'} → ${after?.state ?? '-'}`),
    onLook: () => looks++,
    interfaces: () => ({}),
    ...options,
  });
  const read = (...readings: VmReading[]) => table.replace(readings, new Date(), performance.now());
  return { table, read, gone, changes, looks: () => looks };
}

function ipOf(resolution: Resolution): string | undefined {
  return isAbsence(resolution) ? undefined : resolution[0]?.ip;
}

function stateOf(resolution: Resolution): string {
  return isAbsence(resolution) ? resolution.state : 'here';
}

function reasonOf(resolution: Resolution): string {
  return isAbsence(resolution) ? resolution.reason : '';
}

function next(table: VmTable, deadlineMs: number, port = 80): Promise<Resolution> {
  return new Promise((resolve) => table.wait(target(port), deadlineMs, resolve));
}

describe('before the first good reading', () => {
  it('everything is coming', () => {
    const { table } = setUp();
    expect(table.resolve(target())).toEqual({
      state: 'coming',
      reason: `VM ${ID}: waiting for the first answer of prlctl`,
      retryAfterS: 2,
    });
    expect(table.isComing(KEY)).toBe(true);
    expect(table.list()).toEqual([]);
  });

  it('everything stays coming while prlctl fails, with what it said', () => {
    const { table } = setUp();
    table.fail(NEVER);
    expect(table.resolve(target())).toMatchObject({ state: 'coming', reason: `VM ${ID}: ${NEVER.reason}` });
  });

  it('everything is down when there is no prlctl, until there is one', async () => {
    const { table, read } = setUp();
    const waiting = next(table, 60_000);
    table.fail(new ProviderError('missing', 'prlctl was not found', 'prlctl was not found (looked in /secret)'));
    expect(table.resolve(target())).toEqual({
      state: 'down',
      reason: `VM ${ID}: prlctl was not found`,
      retryAfterS: 10,
    });
    expect(stateOf(await waiting)).toBe('down');
    table.fail(NEVER);
    expect(stateOf(table.resolve(target()))).toBe('coming');
    read(reading('running', ['10.0.0.1']));
    expect(ipOf(table.resolve(target()))).toBe('10.0.0.1');
  });
});

describe('after a good reading', () => {
  it('a running VM is at its address, and the answer for a port is the same list each time', () => {
    const { table, read } = setUp();
    read(reading('running', ['fe80::1', '10.0.0.1']));
    expect(table.resolve(target(80))).toEqual([{ ip: '10.0.0.1', port: 80 }]);
    expect(table.resolve(target(80))).toBe(table.resolve(target(80)));
    expect(table.resolve(target(81))).toEqual([{ ip: '10.0.0.1', port: 81 }]);
  });

  it.each([
    ['running', 'coming', 'VM Ubuntu is running but has no address yet'],
    ['starting', 'coming', 'VM Ubuntu is starting'],
    ['suspended', 'down', 'VM Ubuntu is suspended'],
    ['stopped', 'down', 'VM Ubuntu is stopped'],
    ['gibberish', 'down', 'VM Ubuntu is gibberish'],
  ])('a VM that is %s without address is %s', (word, state, reason) => {
    const { table, read } = setUp();
    read(reading(word, ['169.254.1.1']));
    expect(table.resolve(target())).toEqual({ state, reason, retryAfterS: state === 'coming' ? 2 : 10 });
    expect(table.isComing(KEY)).toBe(state === 'coming');
  });

  it('an address counts only while the VM runs', () => {
    const { table, read } = setUp();
    for (const state of ['stopped', 'suspended', 'paused', 'starting', 'resuming', 'invalid']) {
      read(reading(state, ['10.0.0.1']));
      expect(ipOf(table.resolve(target()))).toBeUndefined();
      expect(table.list()[0]).toMatchObject({ addresses: ['10.0.0.1'], address: undefined, addressSource: undefined });
    }
  });

  it('an unknown VM is down', () => {
    const { table, read } = setUp();
    read();
    expect(table.resolve(target())).toEqual({
      state: 'down',
      reason: `VM ${ID} is not known to Parallels Desktop`,
      retryAfterS: 10,
    });
    expect(table.isComing(KEY)).toBe(false);
  });

  it('a failing prlctl changes nothing', () => {
    const { table, read, gone } = setUp();
    read(reading('running', ['10.0.0.1']));
    table.fail(NEVER);
    table.fail(new ProviderError('missing', 'prlctl was not found'));
    expect(ipOf(table.resolve(target()))).toBe('10.0.0.1');
    expect(stateOf(table.resolve(target(80, `parallels:${OTHER}`)))).toBe('down');
    expect(gone).toEqual([]);
  });

  it('a VM keeps its last address during a snapshot', () => {
    const { table, read } = setUp();
    read(reading('running', ['10.0.0.1']));
    for (const state of ['snapshoting', 'del_snapshot', 'syncing']) {
      read(reading(state, ['10.0.0.9']));
      expect(ipOf(table.resolve(target()))).toBe('10.0.0.1');
    }
    read(reading('stopped', ['10.0.0.1']));
    read(reading('snapshoting', ['10.0.0.1']));
    expect(table.resolve(target())).toMatchObject({ state: 'coming' });
  });

  it('a VM that is first seen during a snapshot is at what it reports', () => {
    const { table, read } = setUp();
    read(reading('syncing', ['10.0.0.1']));
    expect(ipOf(table.resolve(target()))).toBe('10.0.0.1');
  });

  it('addresses that a reading does not tell stay as they were', () => {
    const { table, read } = setUp();
    read(reading('running', ['10.0.0.1']));
    read(reading('running', undefined));
    expect(ipOf(table.resolve(target()))).toBe('10.0.0.1');
    read(reading('running', []));
    expect(ipOf(table.resolve(target()))).toBeUndefined();
  });

  it('addresses that a reading does not tell are none after the VM was down', () => {
    const { table, read } = setUp();
    read(reading('running', ['10.0.0.1']));
    read(reading('stopped', ['10.0.0.1']));
    read(reading('running', undefined));
    expect(stateOf(table.resolve(target()))).toBe('coming');
  });

  it('addresses are judged anew when vm_networks change', () => {
    const { table, read, gone } = setUp();
    read(reading('running', ['127.0.0.2']));
    expect(stateOf(table.resolve(target()))).toBe('coming');
    table.setVmNetworks(new Networks(['127.0.0.0/8']));
    expect(ipOf(table.resolve(target()))).toBe('127.0.0.2');
    table.setVmNetworks(new Networks([]));
    expect(stateOf(table.resolve(target()))).toBe('coming');
    expect(gone).toEqual([`${KEY} 127.0.0.2`]);
  });

  it("this machine's own addresses are refused", () => {
    const { table, read } = setUp({ interfaces: () => ({ en0: [networkInterface('10.0.0.1/24')] }) });
    read(reading('running', ['10.0.0.1', '10.0.0.2']));
    expect(ipOf(table.resolve(target()))).toBe('10.0.0.2');
  });
});

describe('several addresses', () => {
  it('the one of the shared network is taken, wherever that network is', () => {
    const { table, read } = setUp();
    read(reading('running', ['192.168.1.7', '10.211.55.7']));
    expect(ipOf(table.resolve(target()))).toBe('10.211.55.7');
    const moved = setUp({ interfaces: () => ({ vnic0: [networkInterface('10.9.8.2/24')] }) });
    moved.read(reading('running', ['192.168.1.7', '10.9.8.7']));
    expect(ipOf(moved.table.resolve(target()))).toBe('10.9.8.7');
  });
});

describe('further sources', () => {
  const fallbacks = [
    { source: 'leases', addresses: ['10.0.0.8'] },
    { source: 'guest', addresses: ['10.0.0.9'] },
  ];

  it('count in their order, each only when those before it have nothing to dial', () => {
    const { table, read } = setUp();
    read(reading('running', ['fe80::1'], { fallbacks }));
    expect(table.list()[0]).toMatchObject({
      address: '10.0.0.8',
      addressSource: 'leases',
      addresses: ['fe80::1', '10.0.0.8', '10.0.0.9'],
    });
    read(reading('running', ['10.0.0.1'], { fallbacks }));
    expect(table.list()[0]).toMatchObject({ address: '10.0.0.1', addressSource: 'prlctl' });
    read(reading('running', [], { fallbacks: [{ source: 'leases', addresses: ['127.0.0.1'] }, fallbacks[1]!] }));
    expect(table.list()[0]).toMatchObject({ address: '10.0.0.9', addressSource: 'guest' });
  });

  it('are gated on the state, and their address stays during a snapshot and when a reading tells none', () => {
    const { table, read } = setUp();
    read(reading('stopped', [], { fallbacks }));
    expect(stateOf(table.resolve(target()))).toBe('down');
    read(reading('running', [], { fallbacks }));
    read(reading('snapshoting', []));
    expect(table.list()[0]).toMatchObject({ address: '10.0.0.8', addressSource: 'leases' });
    read(reading('running', undefined));
    expect(table.list()[0]).toMatchObject({ address: '10.0.0.8', addressSource: 'leases' });
  });

  it('do not take an address from the VM that reports it', () => {
    const { table, read } = setUp();
    read(reading('running', [], { fallbacks }), reading('running', ['10.0.0.8'], { id: OTHER, name: 'Debian' }));
    expect(ipOf(table.resolve(target()))).toBe('10.0.0.9');
    expect(ipOf(table.resolve(target(80, `parallels:${OTHER}`)))).toBe('10.0.0.8');
  });
});

describe('an address that two VMs report', () => {
  const mine = (...ips: string[]) => reading('running', ips);
  const others = (state: string, ...ips: string[]) => reading(state, ips, { id: OTHER, name: 'Debian' });
  const otherTarget = target(80, `parallels:${OTHER}`);

  it('belongs to neither, not even to the one that had it, until a reading shows it at one', () => {
    const { table, read, gone } = setUp();
    read(mine('10.0.0.1'), others('running'));
    read(mine('10.0.0.1'), others('running', '10.0.0.1'));
    expect(gone).toEqual([`${KEY} 10.0.0.1`]);
    expect(table.resolve(target())).toEqual({
      state: 'coming',
      reason: 'VM Ubuntu is running but VM Debian reports its address too',
      retryAfterS: 2,
    });
    expect(reasonOf(table.resolve(otherTarget))).toBe('VM Debian is running but VM Ubuntu reports its address too');
    expect(table.isComing(KEY)).toBe(true);
    expect(table.list().map((vm) => vm.addresses)).toEqual([['10.0.0.1'], ['10.0.0.1']]);
    read(mine('10.0.0.2'), others('running', '10.0.0.1'));
    expect(ipOf(table.resolve(target()))).toBe('10.0.0.2');
    expect(ipOf(table.resolve(otherTarget))).toBe('10.0.0.1');
  });

  it('is passed over for another one', () => {
    const { table, read } = setUp();
    read(mine('172.17.0.1', '10.0.0.1'), others('running', '172.17.0.1', '10.0.0.2'));
    expect(ipOf(table.resolve(target()))).toBe('10.0.0.1');
    expect(ipOf(table.resolve(otherTarget))).toBe('10.0.0.2');
  });

  it('belongs to the one that runs, when the other is off', () => {
    const { table, read } = setUp();
    for (const state of ['stopped', 'suspended', 'paused', 'starting']) {
      read(mine('10.0.0.1'), others(state, '10.0.0.1'));
      expect(ipOf(table.resolve(target()))).toBe('10.0.0.1');
    }
    read(mine('10.0.0.1'), others('snapshoting', '10.0.0.1'));
    expect(ipOf(table.resolve(target()))).toBeUndefined();
  });

  it('belongs to neither, though one of them is in a snapshot', () => {
    const { table, read } = setUp();
    read(mine('10.0.0.1'));
    read(reading('snapshoting', ['10.0.0.1']), others('running', '10.0.0.1'));
    expect(ipOf(table.resolve(target()))).toBeUndefined();
    expect(ipOf(table.resolve(otherTarget))).toBeUndefined();
  });

  it('does not matter when nobody would dial it', () => {
    const { table, read } = setUp();
    read(mine('fe80::1', '169.254.1.1'), others('running', 'fe80::1', '169.254.1.1'));
    expect(reasonOf(table.resolve(target()))).toBe('VM Ubuntu is running but has no address yet');
  });

  it('is still contested when vm_networks change', () => {
    const { table, read } = setUp();
    read(mine('10.0.0.1'), others('running', '10.0.0.1'));
    table.setVmNetworks(new Networks(['10.0.0.0/8']));
    expect(ipOf(table.resolve(target()))).toBeUndefined();
  });
});

describe('what went away', () => {
  it('is told once for each address that a VM has left', () => {
    const { read, gone, changes } = setUp();
    read(reading('running', ['10.0.0.1']));
    read(reading('running', ['10.0.0.1']));
    read(reading('running', ['10.0.0.2']));
    read(reading('suspending', ['10.0.0.2']));
    read(reading('suspended'));
    read();
    expect(gone).toEqual([`${KEY} 10.0.0.1`, `${KEY} 10.0.0.2`]);
    expect(changes).toEqual([
      '- → running',
      'running → running',
      'running → suspending',
      'suspending → suspended',
      'suspended → -',
    ]);
  });

  it('names the VM that left, also when another one takes its address over', () => {
    const { table, read, gone } = setUp();
    read(reading('running', ['10.0.0.1']), reading('stopped', [], { id: OTHER }));
    read(reading('stopped', []), reading('running', ['10.0.0.1'], { id: OTHER }));
    expect(gone).toEqual([`${KEY} 10.0.0.1`]);
    expect(ipOf(table.resolve(target(80, `parallels:${OTHER}`)))).toBe('10.0.0.1');
  });
});

describe('waiting', () => {
  it('ends when the address comes', async () => {
    const { table, read } = setUp();
    read(reading('starting'));
    const all = Promise.all([next(table, 60_000, 80), next(table, 60_000, 22)]);
    read(reading('running', []));
    read(reading('running', ['10.0.0.1']));
    expect(await all).toEqual([[{ ip: '10.0.0.1', port: 80 }], [{ ip: '10.0.0.1', port: 22 }]]);
  });

  it('ends when the VM goes down or away', async () => {
    const { table, read } = setUp();
    read(reading('starting'));
    const stopped = next(table, 60_000);
    read(reading('stopped'));
    expect(reasonOf(await stopped)).toBe('VM Ubuntu is stopped');
    read(reading('starting'));
    const removed = next(table, 60_000);
    read();
    expect(stateOf(await removed)).toBe('down');
  });

  it('ends at the deadline with what is true then', async () => {
    const { table, read } = setUp();
    read(reading('starting'));
    const waiting = next(table, 30);
    read(reading('running', []));
    expect(reasonOf(await waiting)).toBe('VM Ubuntu is running but has no address yet');
    expect(stateOf(await next(table, 0))).toBe('coming');
  });

  it('never calls back while wait is running, also when there is nothing to wait for', async () => {
    const { table, read } = setUp();
    read(reading('running', ['10.0.0.1']));
    let called = 0;
    const done = new Promise<void>((resolve) => {
      table.wait(target(), 60_000, () => {
        called++;
        resolve();
      });
    });
    expect(called).toBe(0);
    await done;
    expect(called).toBe(1);
  });

  it('does not call back after its cancel, not even when the answer is on its way', async () => {
    const { table, read } = setUp();
    read(reading('starting'));
    let called = 0;
    const cancels = [0, 60_000, 60_000].map((ms) => table.wait(target(), ms, () => called++));
    const other = next(table, 60_000);
    cancels[1]?.();
    read(reading('running', ['10.0.0.1']));
    for (const cancel of cancels) cancel();
    const late = table.wait(target(), 60_000, () => called++);
    late();
    await other;
    expect(called).toBe(0);
  });

  it('ends without a call when the table is closed', async () => {
    const { table, read } = setUp();
    let called = 0;
    table.wait(target(), 60_000, () => called++);
    table.close();
    read(reading('running', ['10.0.0.1']));
    await next(table, 60_000);
    expect(called).toBe(0);
  });
});

describe('settling', () => {
  it('holds for a while after a VM came up or moved, not for what the first reading found', () => {
    const { table, read } = setUp({ settleMs: 60_000 });
    read(reading('running', ['10.0.0.1']), reading('stopped', [], { id: OTHER }));
    expect(table.settling(target())).toBe(false);
    read(reading('running', ['10.0.0.2']), reading('running', ['10.0.0.3'], { id: OTHER }));
    expect(table.settling(target())).toBe(true);
    expect(table.settling(target(80, `parallels:${OTHER}`))).toBe(true);
    expect(table.settling(target(80, 'parallels:unknown'))).toBe(false);
  });

  it('holds after a pause, though the address is the same', () => {
    const { table, read } = setUp();
    read(reading('running', ['10.0.0.1']));
    read(reading('paused', ['10.0.0.1']));
    read(reading('running', ['10.0.0.1']));
    expect(table.settling(target())).toBe(true);
  });

  it('ends after its time, and further readings do not prolong it', () => {
    const { table, read } = setUp({ settleMs: 0 });
    read(reading('stopped'));
    read(reading('running', ['10.0.0.1']));
    read(reading('running', ['10.0.0.1']));
    expect(table.settling(target())).toBe(false);
  });
});

describe('doubts of traffic', () => {
  const address = { ip: '10.0.0.1', port: 80 };

  it('ask for a look, at most once in the interval for each VM', () => {
    const { table, looks } = setUp();
    table.failed(target(), address, 'ECONNREFUSED');
    table.failed(target(), address, 'ECONNREFUSED');
    expect(looks()).toBe(1);
    table.failed(target(80, `parallels:${OTHER}`), address, 'ETIMEDOUT');
    expect(looks()).toBe(2);
  });

  it('ask again after the interval', () => {
    const { table, looks } = setUp({ lookIntervalMs: 0 });
    table.failed(target(), address, 'ECONNREFUSED');
    table.failed(target(), address, 'ECONNREFUSED');
    expect(looks()).toBe(2);
  });

  it('are settled by a reading that began after them, and by no other', () => {
    const { table, read } = setUp();
    const before = performance.now() - 1;
    expect(table.confirmed(target(), before)).toBe(false);
    read(reading('running', ['10.0.0.1']));
    expect(table.confirmed(target(), before)).toBe(true);
    expect(table.confirmed(target(), performance.now())).toBe(false);
    table.fail(NEVER);
    expect(table.confirmed(target(), performance.now() - 0.001)).toBe(false);
  });

  it('come with a count of the open connections', () => {
    const { table } = setUp();
    table.opened(target(80));
    table.opened(target(22));
    table.closed(target(80));
    expect(table.connections(KEY)).toBe(1);
    table.closed(target(22));
    table.closed(target(22));
    expect(table.connections(KEY)).toBe(0);
  });
});

describe('finding a VM', () => {
  const { table, read } = setUp();
  read(
    reading('running', ['10.0.0.1'], { name: 'web' }),
    reading('stopped', [], { id: OTHER, name: 'Web' }),
    reading('stopped', [], { id: '00000000-0000-4000-8000-000000000001', name: 'Twin' }),
    reading('stopped', [], { id: '00000000-0000-4000-8000-000000000002', name: 'Twin' }),
    reading('stopped', [], { id: '00000000-0000-4000-8000-000000000003', name: 'Solo' }),
  );

  it('goes by id, whatever its braces and case', () => {
    expect(table.find(`{${ID.toUpperCase()}}`)?.name).toBe('web');
  });

  it('goes by exact name first, then by name in any case if that is one VM', () => {
    expect(table.find('Web')?.id).toBe(OTHER);
    expect(table.find('sOLO')?.name).toBe('Solo');
    expect(table.find('WEB')).toBeUndefined();
  });

  it('does not choose between VMs of one name', () => {
    expect(table.find('Twin')).toBeUndefined();
    expect(table.find('nobody')).toBeUndefined();
  });

  it('lists them by name', () => {
    expect(table.list().map((vm) => vm.name)).toEqual(['Solo', 'Twin', 'Twin', 'web', 'Web']);
  });
});
