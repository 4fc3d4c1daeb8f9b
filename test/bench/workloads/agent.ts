// What prproxy costs when nothing goes through it: the memory of an idle agent, and the time of a command.
import { setTimeout as pause } from 'node:timers/promises';
import { AgentHome } from '../../support/agent-home.ts';
import { freePort } from '../../support/data-plane.ts';
import { rssOf } from '../../support/rss.ts';
import { measureStatus } from '../../support/status-speed.ts';
import { addHost, agentPid, endingWithUs } from '../contenders/prproxy.ts';
import type { Inquiry } from '../workload.ts';

/** After its start, and after the last command. */
const REST_MS = 3_000;

export const agentInquiry: Inquiry = {
  kind: 'inquiry',
  name: 'agent',
  title: 'an idle agent with one host, and the command line',
  contenders: ['prproxy'],
  async ask({ tell }) {
    const home = await AgentHome.running();
    const pid = await agentPid(home);
    const stop = endingWithUs(home, pid);
    try {
      const route = { path: '/', target_host: '127.0.0.1', target_port: 1 };
      await addHost(home, { host: '127.0.0.1', port: await freePort(), http_routes: [route] });
      tell('resting');
      await pause(REST_MS);
      const rss = await rssOf(pid);
      tell('running commands');
      const { statusMs, nodeMs, ratio } = measureStatus(home);
      return [
        { name: 'idle-rss', title: 'RSS of the idle agent', value: rss / 1e6, unit: 'MB' },
        { name: 'status-ms', title: '`prproxy status`', value: statusMs, unit: 'ms' },
        { name: 'node-ms', title: '`node -e 0`', value: nodeMs, unit: 'ms' },
        { name: 'status-ratio', title: '`prproxy status` to `node -e 0`', value: ratio, unit: '×' },
      ];
    } finally {
      await stop();
    }
  },
};
