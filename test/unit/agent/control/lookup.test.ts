import { expect, test } from 'vitest';
import { resolveDrafts, resolveHost, vmIdFromRef } from '../../../../agent/control/lookup.ts';
import { HttpRouteDraft } from '../../../../src/model/host.ts';
import { FakeVms, OTHER, UBUNTU, vm } from './fakes.ts';

const draft = (target_vm_id: string, path = '/') => HttpRouteDraft.parse({ path, target_vm_id, target_port: 80 });
const vmOf = async (ref: string, vms: FakeVms) => (await resolveDrafts([draft(ref)], [], vms))[0]?.vm;

test.each([UBUNTU, UBUNTU.toUpperCase(), `{${UBUNTU}}`, 'Ubuntu', 'ubuntu'])(
  'finds a VM as %s without asking prlctl',
  async (ref) => {
    const vms = new FakeVms([vm(UBUNTU, 'Ubuntu')]);
    expect(await vmOf(ref, vms)).toEqual({ id: UBUNTU, name: 'Ubuntu' });
    expect(vms.refreshes).toBe(0);
  },
);

test('asks prlctl for a name when the last reading is old: it may be another VM by now', async () => {
  const vms = new FakeVms([vm(UBUNTU, 'Ubuntu')]);
  vms.next = [vm(OTHER, 'Ubuntu')];
  vms.readAgo(60);
  expect(await vmOf('Ubuntu', vms)).toEqual({ id: OTHER, name: 'Ubuntu' });
  expect(vms.refreshes).toBe(1);
});

test('takes no name from an old reading when prlctl does not answer', async () => {
  const vms = new FakeVms([vm(UBUNTU, 'Ubuntu')]);
  vms.next = undefined;
  vms.readAgo(60);
  await expect(vmOf('Ubuntu', vms)).rejects.toMatchObject({ code: 'unavailable' });
  expect(await vmOf(UBUNTU, vms)).toEqual({ id: UBUNTU, name: 'Ubuntu' });
});

test('asks prlctl once for a name that is not known yet', async () => {
  const vms = new FakeVms([]);
  vms.next = [vm(UBUNTU, 'Ubuntu'), vm(OTHER, 'Other')];
  const resolved = await resolveDrafts([draft('Ubuntu', '/a'), draft('Other', '/b')], [], vms);
  expect(resolved.map((each) => each.vm?.id)).toEqual([UBUNTU, OTHER]);
  expect(vms.refreshes).toBe(1);
});

test('refuses a name that prlctl does not know', async () => {
  await expect(vmOf('Nope', new FakeVms([]))).rejects.toMatchObject({
    code: 'not_found',
    message: expect.stringMatching(/VM is named Nope; see `prproxy vm list`/),
  });
});

test('refuses a name while prlctl does not answer, with the reason', async () => {
  const vms = new FakeVms([]);
  vms.next = undefined;
  await expect(vmOf('Ubuntu', vms)).rejects.toMatchObject({
    code: 'unavailable',
    message: expect.stringMatching(/prlctl was not found/),
  });
});

test.each([true, false])('accepts an id that is not known (prlctl answers: %s)', async (answers) => {
  const vms = new FakeVms([]);
  if (!answers) vms.next = undefined;
  expect(await vmOf(`{${UBUNTU.toUpperCase()}}`, vms)).toEqual({ id: UBUNTU, name: undefined });
});

test('refuses a name that several VMs have, naming their ids', async () => {
  const vms = new FakeVms([vm(UBUNTU, 'Twin'), vm(OTHER, 'Twin')]);
  await expect(vmOf('Twin', vms)).rejects.toMatchObject({ code: 'conflict', details: { ids: [UBUNTU, OTHER] } });
});

test('does not look up again what a route of the host has', async () => {
  const vms = new FakeVms([]);
  const known = { target_vm_id: UBUNTU, target_vm_name: 'Ubuntu' };
  const [resolved] = await resolveDrafts([draft(UBUNTU)], [known], vms);
  expect(resolved?.vm).toEqual({ id: UBUNTU, name: 'Ubuntu' });
  expect(vms.refreshes).toBe(0);
});

test('resolves the routes inside a host and leaves null and absent as they are', async () => {
  const vms = new FakeVms([vm(UBUNTU, 'Ubuntu')]);
  const resolved = await resolveHost({ name: 'web', http_routes: [draft('Ubuntu')], tcp_route: null }, undefined, vms);
  expect(resolved).toMatchObject({ name: 'web', tcp_route: null, http_routes: [{ path: '/', vm: { id: UBUNTU } }] });
  expect(resolved.http_routes?.[0]).not.toHaveProperty('target_vm_id');
  expect((await resolveHost({}, undefined, vms)).http_routes).toBeUndefined();
});

test('an id has five groups of hexadecimal digits', () => {
  expect(vmIdFromRef('Ubuntu')).toBeUndefined();
  expect(vmIdFromRef(UBUNTU.slice(1))).toBeUndefined();
});
