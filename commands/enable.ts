// `prproxy enable`: open all hosts.
import { BaseCommand } from '../src/cli/base-command.ts';

export default class Enable extends BaseCommand {
  static override summary = 'open all hosts';
  static override description =
    'A host that cannot listen is tried again from time to time; the others run. The state survives a restart of the agent.';
  static override examples = ['<%= config.bin %> enable'];

  async run(): Promise<void> {
    await this.parse(Enable);
    this.show(await this.call('enable', {}), () => 'the proxy is enabled; `prproxy status` shows its hosts');
  }
}
