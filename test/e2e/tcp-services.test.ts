// Real services behind TCP hosts: ssh to an sshd, psql to a PostgreSQL; each host made by the command line and by REST.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AgentHome } from '../support/agent-home.ts';
import { curlRest } from '../support/curl.ts';
import { freePort } from '../support/data-plane.ts';
import { Postgres } from '../support/postgres.ts';
import { describeWith, run, runOk } from '../support/programs.ts';
import { Sshd } from '../support/sshd.ts';

let home: AgentHome;
let vm: string;

beforeAll(async () => {
  home = await AgentHome.running();
  vm = home.prlctl.addVm({ name: 'Services', addresses: ['127.0.0.1'] });
});
afterAll(() => home.dispose());

/** Ways to lead a new port to a port of the VM; each gives the new port. */
const WAYS: readonly { way: string; open: (name: string, vmPort: number) => Promise<number> }[] = [
  {
    way: 'the command line',
    open: async (name, vmPort) => {
      const port = await freePort();
      await home.ok('host', 'add', `127.0.0.1:${port}`, '--name', name);
      await home.ok('route', 'tcp', 'set', name, '--vm', 'services', '--port', String(vmPort));
      return port;
    },
  },
  {
    way: 'REST with curl',
    open: async (name, vmPort) => {
      const port = await freePort();
      const host = { name: `${name}-rest`, host: '127.0.0.1', port };
      const added = await curlRest(home, 'POST', '/v1/reverse-proxy/hosts', host);
      const route = { target_vm_id: vm, target_port: vmPort };
      const set = await curlRest(home, 'POST', `/v1/reverse-proxy/hosts/${host.name}/tcp_route`, route);
      expect([added.status, set.status]).toEqual([201, 201]);
      return port;
    },
  },
];

describeWith(['sshd', 'ssh', 'ssh-keygen', 'curl'], 'ssh through a TCP host', () => {
  let sshd: Sshd;

  beforeAll(async () => {
    sshd = await Sshd.start(await freePort());
  });
  afterAll(() => sshd.stop());

  describe.each(WAYS)('made by $way', ({ open }) => {
    let port: number;

    beforeAll(async () => {
      port = await open('ssh', sshd.port);
    });

    it('runs a command on the other side', async () => {
      const connection = await runOk('ssh', [...sshd.clientArgs(port), 'echo "$SSH_CONNECTION"']);
      expect(connection).toMatch(new RegExp(` 127\\.0\\.0\\.1 ${sshd.port}\\n$`));
    });

    it('passes stdin, both outputs and the exit code', async () => {
      const input = 'line\n'.repeat(100_000);
      const command = 'sort -u; echo wrong >&2; exit 7';
      const outcome = await run('ssh', [...sshd.clientArgs(port), command], { input });
      expect(outcome).toEqual({ code: 7, stdout: 'line\n', stderr: 'wrong\n' });
    });
  });

  it('refuses the connection when the route is gone', async () => {
    const port = await WAYS[0]!.open('ssh-gone', sshd.port);
    await home.ok('host', 'remove', 'ssh-gone');
    expect((await run('ssh', [...sshd.clientArgs(port), 'true'])).code).toBe(255);
  });
});

describeWith(['postgres', 'initdb', 'psql', 'curl'], 'psql through a TCP host', () => {
  let postgres: Postgres;
  let vmPort: number;

  beforeAll(async () => {
    vmPort = await freePort();
    postgres = await Postgres.start(vmPort);
  });
  afterAll(() => postgres.stop());

  it.each(WAYS)('made by $way runs queries, small and large', async ({ open }) => {
    const port = await open('db', vmPort);
    expect(await Postgres.query(port, 'select 6 * 7, inet_server_port()')).toBe(`42|${vmPort}`);
    const rows = (await Postgres.query(port, "select n, repeat('x', 100) from generate_series(1, 50000) n")).split(
      '\n',
    );
    expect(rows).toHaveLength(50_000);
    expect(rows.at(-1)).toBe(`50000|${'x'.repeat(100)}`);
  });
});
