// `prproxy disable`: close all hosts.
import { BaseCommand } from '../src/cli/base-command.ts';

export default class Disable extends BaseCommand {
  static override summary = 'close all hosts';
  static override description =
    'Listeners close at once; requests in flight and tunnels get the drain time of the settings. Everything can still be changed.';
  static override examples = ['<%= config.bin %> disable'];

  async run(): Promise<void> {
    await this.parse(Disable);
    this.show(await this.call('disable', {}), () => 'the proxy is disabled');
  }
}
