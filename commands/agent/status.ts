// `prproxy agent status`: say whether the agent runs; never starts it.
import { BaseCommand } from '../../src/cli/base-command.ts';
import { ERROR_CODES } from '../../src/errors.ts';

export default class AgentStatus extends BaseCommand {
  static override summary = 'show whether the background agent runs';
  static override description = 'Exit code 6 when it does not. `prproxy status` shows what the agent does.';
  static override examples = ['<%= config.bin %> agent status', '<%= config.bin %> agent status --json'];

  async run(): Promise<void> {
    await this.parse(AgentStatus);
    const { home } = this.paths;
    const connection = await this.connectIfRunning();
    if (connection === undefined) {
      process.exitCode = ERROR_CODES.agent_unreachable.exit;
      const text = `the agent is not running for ${home}; start it with \`prproxy agent start\``;
      this.show({ running: false, home }, () => text);
      return;
    }
    connection.client.close();
    const value = { running: true, ...connection.agent, home };
    this.show(value, (agent) => this.screen.pairs(Object.entries({ ...agent, state: 'running' }).flatMap(pair)));
  }
}

function pair([name, value]: [string, string | number | boolean]): [string, string][] {
  return name === 'running' ? [] : [[name.replace('_', ' '), String(value)]];
}
