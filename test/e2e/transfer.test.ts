// Large bodies pass whole, both ways, by HTTP and TCP, and the agent holds only a little of them at any time. The same
// with 1 GiB each: `npm run soak -- transfer`.
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AgentHome } from '../support/agent-home.ts';
import {
  BulkOrigin,
  httpDownload,
  httpUpload,
  MIB,
  openDownload,
  type Place,
  receiptFor,
  receiptOf,
  tcpDownload,
  tcpUpload,
} from '../support/bulk.ts';
import { freePort } from '../support/data-plane.ts';
import { MB, RssWatch } from '../support/rss.ts';

const SIZE = 64 * MIB;
const RSS_LIMIT = 200 * MB;

describe('large transfers', () => {
  let home: AgentHome;
  let origin: BulkOrigin;
  let web: Place;
  let tcpPort: number;
  let agentPid: number;

  beforeAll(async () => {
    origin = await BulkOrigin.start();
    home = await AgentHome.running();
    web = { port: await freePort(), host: 'bulk.test' };
    tcpPort = await freePort();
    const target = { target_host: '127.0.0.1', target_port: origin.httpPort };
    const http = { host: web.host, port: web.port, http_routes: [{ path: '/', ...target }] };
    const tcp = {
      host: '127.0.0.1',
      port: tcpPort,
      tcp_route: { target_host: '127.0.0.1', target_port: origin.tcpPort },
    };
    for (const host of [http, tcp]) {
      expect(await home.rest('POST', '/v1/reverse-proxy/hosts', host)).toMatchObject({ status: 201 });
    }
    agentPid = (await home.json('status')).agent.pid;
  });
  afterAll(async () => {
    await home.dispose();
    await origin.close();
  });

  it('pass whole through HTTP, up and down at once, by length and chunked, in under 200 MB', async () => {
    const watch = await RssWatch.start(agentPid);
    const receipts = await Promise.all([
      httpDownload(web, 'length', SIZE),
      httpDownload(web, 'chunked', SIZE),
      httpUpload(web, 'length', SIZE),
      httpUpload(web, 'chunked', SIZE),
    ]);
    expect(receipts).toEqual(Array(4).fill(receiptFor(SIZE)));
    expect(await watch.peak()).toBeLessThan(RSS_LIMIT);
  });

  it('pass whole through TCP, up and down at once, in under 200 MB', async () => {
    const watch = await RssWatch.start(agentPid);
    const receipts = await Promise.all([tcpDownload(tcpPort, SIZE), tcpUpload(tcpPort, SIZE)]);
    expect(receipts).toEqual(Array(2).fill(receiptFor(SIZE)));
    expect(await watch.peak()).toBeLessThan(RSS_LIMIT);
  });

  it('wait for a slow reader instead of piling up in the agent', async () => {
    const watch = await RssWatch.start(agentPid);
    const sentBefore = origin.sent;
    let received = 0;
    let farthestAhead = 0;
    const onBytes = (bytes: number) => {
      received += bytes;
      farthestAhead = Math.max(farthestAhead, origin.sent - sentBefore - received);
    };
    // The reader's own speed: about 64 KiB in 2 ms.
    const receipt = await receiptOf(await openDownload(web, 'length', SIZE), onBytes, () => delay(2));
    expect(receipt).toEqual(receiptFor(SIZE));
    // What is ahead of the reader lies in the kernel's buffers, at most about 10 MB on each side, not in the agent.
    expect(farthestAhead).toBeLessThan(32 * MB);
    expect((await watch.peak()) - watch.before).toBeLessThan(24 * MB);
  });
});
