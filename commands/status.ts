// `prproxy status`: show what is running.
import { BaseCommand } from '../src/cli/base-command.ts';
import { statusText } from '../src/cli/status-view.ts';

export default class StatusCommand extends BaseCommand {
  static override summary = 'show what is running';
  static override description =
    'The agent, the settings, every host with its state and counters, every route with its target and the reason when that cannot be reached.';
  static override examples = ['<%= config.bin %> status', '<%= config.bin %> status --json'];

  async run(): Promise<void> {
    await this.parse(StatusCommand);
    this.show(await this.call('status', {}), (status) => statusText(this.screen, status));
  }
}
