// The four steps of the document - enable, a host, a route to a VM, a request - by the command line and by REST with
// curl and a token, before a real nginx as the VM's web server; then the VM moves, stops and starts, and prlctl fails.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { AgentHome } from '../support/agent-home.ts';
import { at, curl, curlRest } from '../support/curl.ts';
import { freePort } from '../support/data-plane.ts';
import { Nginx } from '../support/nginx.ts';
import type { FaultName } from '../support/prlctl/store.mjs';
import { describeWith } from '../support/programs.ts';
import { RawOrigin } from '../support/raw.ts';
import { SteadyGets } from '../support/steady-gets.ts';

const FIRST = '127.0.0.2';
const SECOND = '127.0.0.3';
const THIRD = '127.0.0.4';
const NO_SUCH_VM = '99999999-9999-4999-8999-999999999999';

/** The VM's web server: says where it is. */
function webServer(address: string, port: number): Promise<Nginx> {
  return Nginx.start({ address, port, server: `location /app { return 200 "the VM's web server at ${address}"; }` });
}

describeWith(['nginx', 'curl'], 'the four-step workflow', () => {
  let home: AgentHome;
  let nginx: Nginx;
  let vm: string;
  let vmPort: number;
  let port: number;

  beforeAll(async () => {
    home = await AgentHome.empty();
    vm = home.prlctl.addVm({ name: 'Web server', addresses: [FIRST] });
    port = await freePort();
    vmPort = await freePort(FIRST);
    nginx = await webServer(FIRST, vmPort);
    await home.ok('config', 'set', '--rest-port', String(home.restPort), '--vm-networks', '127.0.0.0/8');
  });
  afterAll(async () => {
    await home.dispose();
    await nginx.stop();
  });

  const ask = (path = '/app/index.html') => curl(...at(port, 'proxy.local'), `http://proxy.local:${port}${path}`);

  /** Makes the agent read prlctl now: it is asked for a VM that it does not know. */
  const lookAnew = async () => expect((await home.rest('GET', '/v1/vms/nobody')).status).toBeGreaterThanOrEqual(400);

  it('works by the command line', async () => {
    expect(await home.ok('enable')).toContain('enabled');
    expect(await home.ok('host', 'add', `proxy.local:${port}`, '--name', 'web')).toContain(`proxy.local:${port}`);
    const added = await home.ok('route', 'http', 'add', 'web', '--path', '/app', '--vm', vm, '--port', String(vmPort));
    expect(added).toContain('/app leads to VM Web server port ');
    expect(await ask()).toMatchObject({ code: 0, status: 200, body: `the VM's web server at ${FIRST}` });
    expect(await ask('/apple')).toMatchObject({ status: 404 });

    await home.ok('host', 'remove', 'web');
    await home.ok('disable');
    expect((await ask()).code).toBe(7);
  });

  it('works by REST, with curl and a token: 202, 201, 201', async () => {
    const host = { host: 'proxy.local', port: String(port), name: 'web' };
    const route = { path: '/app', target_vm_id: vm, target_port: String(vmPort) };
    const steps = [
      await curlRest(home, 'PUT', '/v1/reverse-proxy/enable'),
      await curlRest(home, 'POST', '/v1/reverse-proxy/hosts', host),
      await curlRest(home, 'POST', '/v1/reverse-proxy/hosts/web/http_routes', route),
    ];
    expect(steps.map(({ status }) => status)).toEqual([202, 201, 201]);
    expect(steps[0]!.body).toMatchObject({ enabled: true });
    expect(steps[1]!.body).toMatchObject({ ...host, state: 'listening', http_routes: [] });
    expect(steps[2]!.body.http_routes).toMatchObject([{ ...route, order: 1, schema: 'http' }]);
    expect(await ask()).toMatchObject({ code: 0, status: 200, body: `the VM's web server at ${FIRST}` });
  });

  it('shows the VM in `host show`, `vm list` and `vm show`', async () => {
    const details = {
      name: 'Web server',
      state: 'running',
      os: 'ubuntu',
      internal_ip_address: FIRST,
      guest_tools_state: 'installed',
    };
    const host = await home.json('host', 'show', 'web');
    expect(host.http_routes[0]).toMatchObject({ target_vm_name: 'Web server', target_vm_details: details });
    expect((await curlRest(home, 'GET', '/v1/reverse-proxy/hosts/web')).body).toMatchObject({
      http_routes: [{ target_vm_details: details }],
    });
    const shown = { id: vm, name: 'Web server', state: 'running', address: FIRST, routes: ['web /app'] };
    expect(await home.json('vm', 'list')).toMatchObject([shown]);
    expect(await home.json('vm', 'show', 'web SERVER')).toMatchObject(shown);
    expect((await curlRest(home, 'GET', `/v1/vms/${vm}`)).body).toMatchObject(shown);
    expect(await home.ok('vm', 'list')).toMatch(/Web server +running +127\.0\.0\.2/);
    expect(await home.ok('vm', 'show', vm)).toMatch(/address +127\.0\.0\.2/);
  });

  it('follows the VM to another address while requests run: no GET fails', async () => {
    const gets = new SteadyGets({ port, host: 'proxy.local', path: '/app/' });
    try {
      await gets.more(100, `the VM's web server at ${FIRST}`);
      const old = nginx;
      nginx = await webServer(SECOND, vmPort);
      await old.stop();
      home.prlctl.setAddress(vm, SECOND);
      await gets.more(100, `the VM's web server at ${SECOND}`);
    } finally {
      await gets.stop();
    }
    expect(gets.failures).toEqual([]);
    const host = await home.json('host', 'show', 'web');
    expect(host.http_routes[0].target_vm_details.internal_ip_address).toBe(SECOND);
  });

  it('repeats a GET when a kept connection and then a new one are closed without an answer, as a VM on the move does', async () => {
    const answer = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';
    const moving = await new RawOrigin(async (connection) => {
      const number = moving.connections.length;
      await connection.head();
      if (number === 2) return connection.socket.destroy();
      connection.write(answer);
      // The first one dies under the second request.
      if (number === 1) connection.socket.once('data', () => connection.socket.destroy());
    }).listen(THIRD);
    const id = home.prlctl.addVm({ name: 'Moving', addresses: [THIRD] });
    await lookAnew();
    await home.ok('route', 'http', 'add', 'web', '--path', '/moving', '--vm', id, '--port', String(moving.port));
    try {
      expect(await ask('/moving')).toMatchObject({ status: 200, body: 'ok' });
      expect(await ask('/moving')).toMatchObject({ status: 200, body: 'ok' });
      expect(moving.connections).toHaveLength(3);
    } finally {
      await home.ok('route', 'http', 'remove', 'web', '/moving');
      await moving.close();
    }
  });

  it('answers 503 that names the VM once it is stopped, and serves it again when it has started', async () => {
    await nginx.stop();
    home.prlctl.setState(vm, 'stopped');
    const stopped = await ask();
    expect(stopped).toMatchObject({ status: 503, body: expect.stringContaining('VM Web server is stopped') });
    expect(stopped.headers.get('retry-after')).toMatch(/^[0-9]+$/);
    expect((await home.json('host', 'show', 'web')).http_routes[0].target_vm_details.state).toBe('stopped');

    nginx = await webServer(SECOND, vmPort);
    expect((await home.prlctl.run('start', vm)).code).toBe(0);
    await lookAnew();
    expect(await ask()).toMatchObject({ status: 200, body: `the VM's web server at ${SECOND}` });
  });

  it('answers 503 for a VM that Parallels Desktop does not know, while other routes go on', async () => {
    const args = ['--path', '/gone', '--vm', NO_SUCH_VM, '--port', String(vmPort)];
    const added = await home.cli('route', 'http', 'add', 'web', ...args);
    expect(added).toMatchObject({ code: 0, stderr: expect.stringContaining(NO_SUCH_VM) });
    expect(await ask('/gone')).toMatchObject({
      status: 503,
      body: expect.stringContaining(`VM ${NO_SUCH_VM} is not known to Parallels Desktop`),
    });
    expect(await ask()).toMatchObject({ status: 200 });
    await home.ok('route', 'http', 'remove', 'web', '/gone');
  });

  it('keeps serving a VM from the last good reading while prlctl fails, and says so', async () => {
    home.prlctl.setFault('login');
    await lookAnew();
    const { vms } = await home.json('status');
    expect(vms).toMatchObject({
      mode: 'failing',
      last_error: expect.stringContaining('Parallels Desktop is not running'),
    });
    expect(await ask()).toMatchObject({ status: 200, body: `the VM's web server at ${SECOND}` });
    home.prlctl.clearFaults();
  });
});

// Each of these agents has never had a good reading. `hold` is 0: the answer comes at once, not after the usual wait.
const FAILURES: readonly { name: string; fault?: FaultName; env?: NodeJS.ProcessEnv; reason: string }[] = [
  { name: 'is missing', env: { PRPROXY_PRLCTL: '/nonexistent/prlctl' }, reason: 'prlctl was not found' },
  { name: 'cannot reach Parallels Desktop', fault: 'login', reason: 'Parallels Desktop is not running' },
  { name: 'prints half an answer', fault: 'broken', reason: 'prlctl printed' },
  { name: 'prints nothing', fault: 'empty', reason: 'prlctl printed' },
  { name: 'does not answer', fault: 'hang', reason: 'waiting for the first answer of prlctl' },
];

describeWith(['nginx', 'curl'], 'while prlctl is of no use', () => {
  let home: AgentHome;
  let nginx: Nginx;
  let vm: string;
  let port: number;

  beforeAll(async () => {
    home = await AgentHome.running();
    vm = home.prlctl.addVm({ name: 'Web server', addresses: [FIRST] });
    port = await freePort();
    const nginxPort = await freePort(FIRST);
    nginx = await webServer(FIRST, nginxPort);
    const http_routes = [
      { path: '/app/vm', target_vm_id: vm, target_port: nginxPort, hold: 0 },
      { path: '/app/held', target_vm_id: vm, target_port: nginxPort },
      { path: '/app', target_host: FIRST, target_port: nginxPort },
    ];
    const host = { name: 'web', host: '127.0.0.1', port, http_routes };
    expect(await home.rest('POST', '/v1/reverse-proxy/hosts', host)).toMatchObject({ status: 201 });
    await home.ok('agent', 'stop');
  });
  afterAll(async () => {
    await home.dispose();
    await nginx.stop();
  });

  const ask = (path: string) => curl(`http://127.0.0.1:${port}${path}`);

  it.each(FAILURES)(
    'a route to a VM answers 503 with the reason when prlctl $name, static routes go on',
    async (failure) => {
      const { fault, env = {}, reason } = failure;
      home.prlctl.clearFaults();
      if (fault !== undefined) home.prlctl.setFault(fault);
      expect(await home.cliWith(env, 'agent', 'start')).toMatchObject({ code: 0 });
      // The first reading has failed when this is answered; a prlctl that hangs never gets so far.
      if (fault !== 'hang') expect(await home.rest('GET', '/v1/vms')).toMatchObject({ status: 503 });

      expect(await ask('/app/vm')).toMatchObject({
        status: 503,
        body: expect.stringContaining(reason),
      });
      expect(await ask('/app')).toMatchObject({ status: 200 });
      const status = await home.json('status');
      if (fault !== 'hang')
        expect(status.vms).toMatchObject({ mode: 'failing', last_error: expect.stringContaining(reason) });
      expect(status.hosts[0]).toMatchObject({ state: 'listening' });
      await home.ok('agent', 'stop');
    },
  );

  it('a request waits for a slow prlctl, and the VM is served when it has answered', async () => {
    home.prlctl.clearFaults();
    home.prlctl.setFault('slow', { ms: 2000 });
    await home.ok('agent', 'start');
    const [held, refused, other] = await Promise.all(['/app/held', '/app/vm', '/app'].map(ask));
    expect(refused).toMatchObject({ status: 503, body: expect.stringContaining('waiting for the first answer') });
    expect(other).toMatchObject({ status: 200 });
    expect(held).toMatchObject({ status: 200 });
    expect(await ask('/app/vm')).toMatchObject({ status: 200 });
  });
});
