// `prproxy agent start`: start the background agent, if none runs.
import { BaseCommand } from '../../src/cli/base-command.ts';

export default class AgentStart extends BaseCommand {
  static override summary = 'start the background agent';
  static override description = 'Returns when the agent is ready. One that runs already is left alone.';
  static override examples = ['<%= config.bin %> agent start'];

  async run(): Promise<void> {
    await this.parse(AgentStart);
    const { client, agent, started } = await this.connect('always');
    client.close();
    const verb = started ? 'runs' : 'runs already';
    this.show(
      { running: true, started, ...agent },
      () => `the agent ${verb} (pid ${agent.pid}, version ${agent.version})`,
    );
  }
}
