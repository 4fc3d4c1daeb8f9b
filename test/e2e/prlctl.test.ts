// A prlctl that is missing, fails or prints garbage: status says so, routes to VMs answer 503 with the reason, names
// cannot be looked up, and everything else runs. And one whose events are followed, as status says too.
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { AgentHome } from '../support/agent-home.ts';
import { freePort } from '../support/data-plane.ts';
import { eventually } from '../support/eventually.ts';

const VM = '00000000-1111-2222-3333-444444444444';
const origin: Server = createServer((_request, response) => response.end('the origin'));
let originPort: number;
beforeAll(async () => {
  await new Promise<void>((resolve) => origin.listen(0, '127.0.0.1', resolve));
  originPort = (origin.address() as AddressInfo).port;
});
afterAll(() => origin.close());

async function get(port: number, path: string) {
  const answer = await fetch(`http://127.0.0.1:${port}${path}`);
  return { status: answer.status, retryAfter: answer.headers.get('retry-after'), text: await answer.text() };
}

describe('without prlctl', () => {
  let home: AgentHome;
  let port: number;
  beforeAll(async () => {
    home = await AgentHome.empty();
    port = await freePort();
    const env = { PRPROXY_PRLCTL: '/nowhere/prlctl' };
    expect((await home.cliWith(env, 'config', 'set', '--rest-port', String(home.restPort))).code).toBe(0);
    await home.rpc('enable', {});
    const http_routes = [{ path: '/', target_host: '127.0.0.1', target_port: originPort }];
    await home.rpc('host.add', { name: 'web', host: '127.0.0.1', port, http_routes });
  });
  afterAll(() => home.dispose());

  test('a VM is taken by id, with a warning; a name cannot be looked up: exit 5', async () => {
    const route = ['route', 'http', 'add', 'web', '--path', '/vm', '--port', '80', '--hold', '0', '--vm'];
    const byId = await home.cli(...route, VM);
    expect(byId).toMatchObject({
      code: 0,
      stderr: expect.stringMatching(new RegExp(`Warning: .*${VM}.*/nowhere/prlctl`)),
    });
    const byName = await home.cli(...route, 'Ubuntu');
    expect(byName).toMatchObject({
      code: 5,
      stdout: '',
      stderr: expect.stringMatching(/Ubuntu.*\/nowhere\/prlctl.*VM's id/),
    });
    expect(await home.cli('vm', 'list')).toMatchObject({ code: 5, stderr: expect.stringContaining('/nowhere/prlctl') });
  });

  test('status says that it is missing and where it was sought', async () => {
    const { vms, hosts } = await home.json('status');
    expect(vms).toMatchObject({
      mode: 'failing',
      last_error: expect.stringMatching(/not found at \/nowhere\/prlctl.*PRPROXY_PRLCTL/),
    });
    expect(hosts[0].routes[0]).toMatchObject({ match: '/vm', reason: expect.stringMatching(/prlctl/) });
    expect(await home.ok('status')).toMatch(/vms +failing, never read \(failed: prlctl was not found/);
  });

  test('its route answers 503 with the reason, the other route runs', async () => {
    const answer = await get(port, '/vm');
    expect(answer).toMatchObject({ status: 503, text: expect.stringMatching(/prlctl was not found/) });
    expect(answer.text).not.toContain('/nowhere');
    expect(await get(port, '/else')).toMatchObject({ status: 200, text: 'the origin' });
  });
});

describe('a prlctl that fails', () => {
  let home: AgentHome;
  let port: number;
  beforeAll(async () => {
    home = await AgentHome.running();
    port = await freePort();
    home.prlctl.addVm({ id: VM, name: 'Ubuntu', addresses: ['127.0.0.1'] });
    const http_routes = [{ path: '/', target_vm_id: 'Ubuntu', target_port: originPort, hold: 0 }];
    await home.rpc('host.add', { name: 'web', host: '127.0.0.1', port, http_routes });
    await eventually(
      () => get(port, '/'),
      ({ status }) => status === 200,
    );
  });
  afterAll(() => home.dispose());

  const lookAgain = () => home.rpc('vm.show', { vm_id: 'no such VM: look again' }).catch(() => undefined);

  test.each(['broken', 'login'] as const)(
    '%s: the last good reading stays in use, and status tells the failure',
    async (fault) => {
      home.prlctl.setFault(fault);
      await lookAgain();
      const { vms } = await home.rpc('status', {});
      expect(vms.mode).toBe('failing');
      expect(vms).toMatchObject({
        last_error: expect.stringMatching(/prlctl|Parallels/),
        last_good_at: expect.any(String),
      });
      expect(await home.ok('status')).toMatch(/vms +failing, read .* ago \(failed: /);
      expect(await get(port, '/')).toMatchObject({ status: 200, text: 'the origin' });
      expect(await home.json('vm', 'list')).toMatchObject([{ name: 'Ubuntu', state: 'running' }]);
      home.prlctl.clearFaults();
      await lookAgain();
      expect((await home.rpc('status', {})).vms).not.toHaveProperty('last_error');
    },
  );
});

describe('a prlctl that tells of events', () => {
  let home: AgentHome;
  let port: number;
  beforeAll(async () => {
    home = await AgentHome.running();
    port = await freePort();
    home.prlctl.addVm({ id: VM, name: 'Ubuntu', addresses: ['127.0.0.1'] });
    const http_routes = [{ path: '/', target_vm_id: 'Ubuntu', target_port: originPort, hold: 0 }];
    await home.rpc('host.add', { name: 'web', host: '127.0.0.1', port, http_routes });
  });
  afterAll(() => home.dispose());

  const following = () =>
    eventually(
      () => home.rpc('status', {}),
      (status) => status.vms.mode === 'events',
    );

  test('status says so on all ways, with the time of the last good reading', async () => {
    const { vms } = await following();
    expect(vms).toEqual({ mode: 'events', last_good_at: expect.any(String) });
    expect((await home.rest('GET', '/v1/reverse-proxy/status')).body.vms).toMatchObject({ mode: 'events' });
    expect(await home.ok('status')).toMatch(/vms +events, read \d+ s ago\n/);
  });

  test('vm show says where the address is from', async () => {
    expect(await home.ok('vm', 'show', 'Ubuntu')).toMatch(/address +127\.0\.0\.1 \(from prlctl\)/);
    const silent = home.prlctl.addVm({ name: 'Alpine', silent: true });
    home.prlctl.giveLease(silent, '127.0.0.9');
    await eventually(
      () => home.rpc('vm.show', { vm_id: 'Alpine' }),
      (vm) => vm.address === '127.0.0.9' && vm.address_source === 'leases',
    );
    expect(await home.ok('vm', 'show', 'Alpine')).toMatch(/address +127\.0\.0\.9 \(from leases\)/);
    home.prlctl.remove(silent);
  });

  test('a VM that goes down and comes up is seen, also after the events have ended', async () => {
    const down = () =>
      eventually(
        () => get(port, '/'),
        ({ status, text }) => status === 503 && text.includes('VM Ubuntu is suspended'),
      );
    const up = () =>
      eventually(
        () => get(port, '/'),
        ({ status }) => status === 200,
      );
    home.prlctl.setState(VM, 'suspended');
    await down();
    home.prlctl.setState(VM, 'running');
    await up();
    home.prlctl.setFault('dies', { times: 1 });
    await eventually(
      () => home.rpc('status', {}),
      (status) => status.vms.mode === 'polling' && /not followed: .* lost/.test(status.vms.last_error ?? ''),
    );
    expect(await home.ok('status')).toMatch(/vms +(polling, read .* \(failed: events are not followed|events)/);
    await following();
    home.prlctl.setState(VM, 'suspended');
    await down();
  });
});
