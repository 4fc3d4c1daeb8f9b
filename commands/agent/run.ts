// `prproxy agent run`: the agent in the foreground, for service managers and for looking at it.
import { BaseCommand } from '../../src/cli/base-command.ts';
import { runInForeground } from '../../src/cli/foreground.ts';

export default class AgentRun extends BaseCommand {
  static override summary = 'run the agent in the foreground';
  static override description =
    'Its log goes to stderr as well. Ends with Ctrl-C or SIGTERM. Where another agent runs already it says so and ends with exit code 0.';
  static override examples = ['<%= config.bin %> agent run'];

  async run(): Promise<void> {
    await this.parse(AgentRun);
    process.exitCode = await runInForeground(process.env);
  }
}
