// `prproxy agent stop`: end the background agent; returns when its process is gone.
import { BaseCommand } from '../../src/cli/base-command.ts';
import { processEnd } from '../../src/cli/process-end.ts';

export default class AgentStop extends BaseCommand {
  static override summary = 'stop the background agent';
  static override description =
    'All hosts close; requests in flight and tunnels get the drain time of the settings. What is saved stays.';
  static override examples = ['<%= config.bin %> agent stop'];

  async run(): Promise<void> {
    await this.parse(AgentStop);
    const connection = await this.connectIfRunning();
    if (connection === undefined) {
      this.show({ running: false, stopped: false }, () => 'the agent is not running');
      return;
    }
    const { client, agent } = connection;
    await client.callInternal('agent.stop', {});
    await client.closed;
    await processEnd(agent.pid);
    this.show({ running: false, stopped: true, pid: agent.pid }, () => `the agent (pid ${agent.pid}) has ended`);
  }
}
