// A change touches only what it is about: while a WebSocket, a slow download and an ssh session run, hosts and routes
// around them are added, edited and removed, also those of the same host, and none of the three notices.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { AgentHome } from '../support/agent-home.ts';
import { BulkOrigin, MIB, type Place, receiptFor } from '../support/bulk.ts';
import { freePort } from '../support/data-plane.ts';
import { EchoingWebSocket, type LongLived, SlowDownload, SshCat } from '../support/long-lived.ts';
import { describeWith } from '../support/programs.ts';
import { Sshd } from '../support/sshd.ts';
import { get } from '../support/steady-gets.ts';
import { WebOrigin } from '../support/web-origin.ts';

const HOSTS = '/v1/reverse-proxy/hosts';
/** More than the buffers on the way hold: it cannot be over before its reader has taken it. */
const DOWNLOAD = 64 * MIB;
/** While things are changed: what a change would end by mistake must end soon. */
const SHORT_DRAIN_S = 0.1;
const DRAIN_S = 1;

describeWith(['sshd', 'ssh', 'ssh-keygen'], 'what runs', () => {
  let home: AgentHome;
  let origin: WebOrigin;
  let bulk: BulkOrigin;
  let sshd: Sshd;
  let web: Place;
  let sshPort: number;
  let ws: EchoingWebSocket;
  let download: SlowDownload;
  let ssh: SshCat;

  beforeAll(async () => {
    [home, origin, bulk, sshd] = await Promise.all([
      AgentHome.running(),
      WebOrigin.start('web'),
      BulkOrigin.start(),
      Sshd.start(await freePort()),
    ]);
    web = { host: 'web.test', port: await freePort(), prefix: '/bulk' };
    sshPort = await freePort();
    await home.ok('config', 'set', '--timeout', `drain=${SHORT_DRAIN_S}`);
    await change('POST', HOSTS, { name: 'web', host: web.host, port: web.port, http_routes: webRoutes() });
    await change('POST', HOSTS, { name: 'ssh', host: '127.0.0.1', port: sshPort, tcp_route: to(sshd.port) });
    ws = await EchoingWebSocket.open(web);
    download = await SlowDownload.open(web, DOWNLOAD);
    ssh = await SshCat.open(sshd.clientArgs(sshPort));
  });
  afterAll(async () => {
    for (const each of [ws, download, ssh] as (LongLived | undefined)[]) each?.close();
    await home.dispose();
    await Promise.all([origin.close(), bulk.close(), sshd.stop()]);
  });

  const to = (target_port: number) => ({ target_host: '127.0.0.1', target_port });
  const webRoutes = () => [
    { path: '/bulk', strip_prefix: true, ...to(bulk.httpPort) },
    { path: '/', ...to(origin.port) },
  ];
  const change = async (method: string, path: string, body?: unknown) => {
    const { status, text } = await home.rest(method, path, body);
    if (status >= 300) throw new Error(`${method} ${path}: ${status} ${text}`);
  };
  const allAlive = () => Promise.all([ws, download, ssh].map((each) => each.proveAlive()));

  it('is alive before anything is changed', async () => {
    await allAlive();
  });

  it('does not notice hosts that come, change and go', async () => {
    const port = await freePort();
    await change('POST', HOSTS, { name: 'other', host: 'other.test', port, http_routes: webRoutes() });
    await allAlive();
    // Beside it on the same address and port, so that its listener is the same.
    await change('POST', HOSTS, { name: 'beside', host: 'beside.test', port: web.port, http_routes: webRoutes() });
    expect(await get({ port: web.port, host: 'beside.test', path: '/x' })).toMatchObject({ status: 200 });
    await allAlive();
    await change('PUT', `${HOSTS}/other`, { port: await freePort() });
    await change('PUT', `${HOSTS}/beside`, { host: 'elsewhere.test' });
    await allAlive();
    await change('PUT', `${HOSTS}/other`, { http_routes: null, tcp_route: to(sshd.port), host: '127.0.0.1' });
    await allAlive();
    await change('DELETE', `${HOSTS}/other`);
    await change('DELETE', `${HOSTS}/beside`);
    await allAlive();
  });

  it('does not notice routes that come, change, move and go, on other hosts and on its own', async () => {
    const routes = `${HOSTS}/web/http_routes`;
    await change('POST', routes, { path: '/new', ...to(origin.port) });
    await allAlive();
    await change('POST', routes, { path: '/new', ...to(bulk.httpPort), request_headers: { 'X-Team': 'blue' } });
    await change('POST', routes, { pattern: '^/new/', ...to(origin.port), order: 1 });
    await allAlive();
    await change('PUT', `${routes}/order`, { id: '/new', order: 1 });
    await allAlive();
    await change('DELETE', `${routes}/${encodeURIComponent('/new')}`);
    await change('DELETE', `${routes}/${encodeURIComponent('^/new/')}`);
    await allAlive();
  });

  it('does not notice a change or the end of its own route: only what comes after takes the new way', async () => {
    await change('POST', `${HOSTS}/web/http_routes`, { path: '/', ...to(bulk.httpPort) });
    await change('DELETE', `${HOSTS}/web/http_routes/${encodeURIComponent('/bulk')}`);
    await change('POST', `${HOSTS}/ssh/tcp_route`, to(origin.port));
    await allAlive();
    expect(await get({ port: web.port, host: web.host, path: '/length/5' })).toMatchObject({ status: 200 });
    await change('PUT', `${HOSTS}/web`, { http_routes: webRoutes() });
    await change('POST', `${HOSTS}/ssh/tcp_route`, to(sshd.port));
    await allAlive();
  });

  it('does not notice CORS, a new name of its host, settings, and enabling again', async () => {
    await change('PUT', `${HOSTS}/web`, { cors: { enabled: true, allowed_origins: ['https://app.test'] } });
    await allAlive();
    await change('PUT', `${HOSTS}/web`, { cors: null, name: 'renamed' });
    await change('PUT', `${HOSTS}/renamed`, { name: 'web' });
    await allAlive();
    await home.ok('config', 'set', '--trusted-proxies', '', '--no-via', '--limit', 'connections=5000');
    await allAlive();
    await home.ok('enable');
    await allAlive();
  });

  it('does not notice changes that fail', async () => {
    const port = { name: 'taken', host: '127.0.0.1', port: origin.port };
    expect(await home.rest('POST', HOSTS, port)).toMatchObject({ status: 409 });
    expect(await home.rest('PUT', `${HOSTS}/ssh`, { port: origin.port })).toMatchObject({ status: 409 });
    expect(await home.rest('POST', `${HOSTS}/ssh/http_routes`, webRoutes()[1])).toMatchObject({ status: 400 });
    await allAlive();
  });

  it('comes to its own end: the download is whole', async () => {
    expect(await download.finish()).toEqual(receiptFor(DOWNLOAD));
  });

  it('ends with its own host, after the time to drain', async () => {
    await change('PUT', '/v1/reverse-proxy', { timeouts: { drain: DRAIN_S } });
    const beganAt = performance.now();
    await change('DELETE', `${HOSTS}/web`);
    await ws.proveAlive();
    expect(await ws.closed).toBe(1006);
    expect(performance.now() - beganAt).toBeGreaterThan(DRAIN_S * 1000 - 50);
    expect(performance.now() - beganAt).toBeLessThan(DRAIN_S * 1000 + 2000);
    await ssh.proveAlive();
    await expect(get({ port: web.port, host: web.host, path: '/' })).rejects.toThrow('ECONNREFUSED');
  });
});
