import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PrlctlSimulator } from '../../support/prlctl/simulator.ts';

const WIN = '1c0ffee0-0000-4000-8000-000000000001';
const UBUNTU = '2c0ffee0-0000-4000-8000-000000000002';

let folder: string;
let simulator: PrlctlSimulator;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'prproxy-sim-list-'));
  simulator = new PrlctlSimulator(folder);
  simulator.addVm({
    name: 'Windows 11',
    id: WIN,
    addresses: ['10.211.55.3', 'fdb2::1'],
    macs: ['001C42AABBCC', '001C42DDEEFF'],
  });
  simulator.addVm({ name: 'Ubuntu', id: UBUNTU, state: 'stopped', stale: ['169.254.9.9'], tools: 'not_installed' });
});

afterAll(() => rm(folder, { recursive: true, force: true }));

async function out(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await simulator.run(...args);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return stdout;
}

describe('list of the simulated prlctl, as text', () => {
  it('has the columns of the real one, running VMs only, and no address without -f', async () => {
    expect(await out('list')).toBe(
      'UUID                                    STATUS       IP_ADDR         NAME\n' +
        `{${WIN}}  running      -               Windows 11\n`,
    );
  });

  it('has all VMs by name with -a, and the addresses with -f', async () => {
    expect(await out('list', '-a', '-f', '-H')).toBe(
      `{${UBUNTU}}  stopped      -               Ubuntu\n` + `{${WIN}}  running      10.211.55.3 fdb2::1 Windows 11\n`,
    );
  });

  it('prints the asked columns, the last one without padding, an address with a space behind it', async () => {
    expect(await out('list', 'Windows 11', '-o', 'status', '--no-header')).toBe('running\n');
    expect(await out('list', WIN, '-f', '--no-header', '-o', 'ip_configured')).toBe('10.211.55.3 fdb2::1 \n');
  });

  it('sorts by the first asked column, or as told', async () => {
    expect(await out('list', '-aH', '-o', 'uuid')).toBe(`{${WIN}}\n{${UBUNTU}}\n`);
    expect(await out('list', '-aH', '-o', 'name', '-s', 'uuid')).toBe('Windows 11\nUbuntu\n');
  });

  it('describes a VM with -i', async () => {
    const text = await out('list', '-i', `{${WIN.toUpperCase()}}`);
    expect(text.startsWith(`ID: {${WIN}}\nName: Windows 11\n`)).toBe(true);
    expect(text).toContain('\nState: running\n');
    expect(text).toContain('\nGuestTools: state=installed version=26.4.1-57516\n');
    expect(text).toMatch(/net0.* mac=001C42AABBCC card=/);
  });

  it('lists the fields with -L', async () => {
    expect(await out('list', '-L')).toContain('ip_configured');
  });
});

describe('list of the simulated prlctl, as JSON', () => {
  it('is an array of four strings each in the short form, indented with tabs', async () => {
    expect(await out('list', '-a', '-f', '--json')).toBe(
      `[\n\t{\n\t\t"uuid": "${UBUNTU}",\n\t\t"status": "stopped",\n\t\t"ip_configured": "-",\n\t\t"name": "Ubuntu"\n\t},\n` +
        `\t{\n\t\t"uuid": "${WIN}",\n\t\t"status": "running",\n\t\t"ip_configured": "10.211.55.3 fdb2::1",\n\t\t"name": "Windows 11"\n\t}\n]\n`,
    );
  });

  it('tells no address without -f, only the asked keys with -o, and one VM as an array too', async () => {
    expect(JSON.parse(await out('list', WIN, '-a', '--json'))).toEqual([
      { uuid: WIN, status: 'running', ip_configured: '-', name: 'Windows 11' },
    ]);
    expect(JSON.parse(await out('list', '-a', '-j', '-o', 'name,uuid'))).toEqual([
      { name: 'Ubuntu', uuid: UBUNTU },
      { name: 'Windows 11', uuid: WIN },
    ]);
  });

  it('has the keys of the real one in the full form, and escaped slashes', async () => {
    const text = await out('list', '-a', '-i', '--json');
    expect(text).toContain('"Home": "\\/Users\\/somebody\\/Parallels\\/Windows 11.pvm\\/"');
    const [ubuntu, windows] = JSON.parse(text);
    expect(Object.keys(windows)).toHaveLength(41);
    expect(Object.keys(windows).slice(0, 12).join()).toBe(
      'ID,Name,Description,Type,State,OS,Template,Uptime,Home path,Home,Restore Image,GuestTools',
    );
    expect(windows).toMatchObject({
      ID: WIN,
      Type: 'VM',
      State: 'running',
      Uptime: expect.stringMatching(/^\d+$/),
      GuestTools: { state: 'installed', version: '26.4.1-57516' },
      Hardware: { net0: { type: 'shared', mac: '001C42AABBCC' }, net1: { type: 'bridged', mac: '001C42DDEEFF' } },
      Network: {
        Conditioned: 'off',
        ipAddresses: [
          { type: 'ipv4', ip: '10.211.55.3' },
          { type: 'ipv6', ip: 'fdb2::1' },
        ],
      },
    });
    // A stopped VM may go on reporting what it had.
    expect(ubuntu).toMatchObject({
      State: 'stopped',
      GuestTools: { state: 'not_installed' },
      Network: { ipAddresses: [{ type: 'ipv4', ip: '169.254.9.9' }] },
    });
  });
});

describe('errors of the simulated prlctl', () => {
  it.each([
    [['list', 'nobody'], 255, 'Failed to get VM config: The virtual machine could not be found.'],
    [['list', '--bogus'], 255, 'Unrecognized option: --bogus'],
    [['list', '-o', 'bogus'], 1, 'Unknown field: bogus'],
    [['status', 'nobody'], 255, 'Failed to get VM config'],
    [['dance'], 255, 'Unrecognized command: dance'],
  ])('%j', async (args, code, message) => {
    const result = await simulator.run(...args);
    expect(result).toMatchObject({ code, stdout: '' });
    expect(result.stderr.startsWith(message)).toBe(true);
  });

  it('can be switched on: the service out of reach, a misfire, an edition without power, a slow answer', async () => {
    simulator.setFault('login', { times: 1 });
    expect(await simulator.run('list')).toEqual({
      code: 253,
      stdout: '',
      stderr: 'Login failed: Unable to connect to Parallels Service.\n',
    });
    simulator.setFault('misfire', { times: 2, only: 'full' });
    expect((await simulator.run('list', '--json')).code).toBe(0);
    for (const code of [255, 255, 0]) expect((await simulator.run('list', '-i', '-j')).code).toBe(code);
    simulator.setFault('edition');
    expect((await simulator.run('suspend', WIN)).stderr).toContain('Pro or Business Edition');
    expect((await simulator.run('list')).code).toBe(0);
    simulator.setFault('slow', { ms: 300 });
    const began = performance.now();
    await simulator.run('list');
    expect(performance.now() - began).toBeGreaterThanOrEqual(295);
    simulator.clearFaults();
  });

  it('can be switched on in the output: garbage, cut off, empty, without home in the bulk form', async () => {
    simulator.setFault('garbage');
    expect(await out('list', '-a', '--json')).toMatch(/^Operation progress \.\.\. 5%\[\n/);
    simulator.clearFaults();
    simulator.setFault('empty');
    expect(await out('list', '-a', '--json')).toBe('');
    simulator.clearFaults();
    simulator.setFault('broken');
    const broken = await out('list', '-a', '--json');
    expect(() => JSON.parse(broken)).toThrow(SyntaxError);
    simulator.clearFaults();
    simulator.setFault('missing-home');
    expect(JSON.parse(await out('list', '-a', '-i', '-j'))[1].Home).toBe('');
    expect(JSON.parse(await out('list', WIN, '-i', '-j'))[0].Home).not.toBe('');
    simulator.clearFaults();
  });
});

describe('other words of the simulated prlctl', () => {
  it('tell version and status', async () => {
    expect(await out('--version')).toBe('prlctl version 26.4.1 (57516)\n');
    expect(await out('status', 'Windows 11')).toBe('VM Windows 11 exist running\n');
  });

  it('run a command in the guest', async () => {
    expect(await out('exec', WIN, '--current-user', 'echo', 'a', 'b c')).toBe('a b c\n');
    expect(await out('exec', WIN, 'ipconfig', 'getifaddr', 'en0')).toBe('10.211.55.3\n');
    expect((await simulator.run('exec', WIN, 'nothing')).code).toBe(127);
    expect((await simulator.run('exec', UBUNTU, 'echo')).stderr).toBe(
      'Unable to perform the operation because "Ubuntu" is not started.\n',
    );
  });

  it('are counted', async () => {
    const before = simulator.calls().length;
    await simulator.run('list', '-a');
    await simulator.run('sim', 'show');
    expect(simulator.calls().slice(before)).toEqual([
      { at: expect.any(Number), pid: expect.any(Number), args: ['list', '-a'] },
    ]);
  });
});
