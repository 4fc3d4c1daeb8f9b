// `prproxy restart`: read the saved file, the certificates and the VMs again, then cut every connection.
import { BaseCommand } from '../src/cli/base-command.ts';

export default class Restart extends BaseCommand {
  static override summary = 'read the saved file, the certificates and the VMs again, then cut every connection';
  static override description =
    'When the saved file is invalid nothing is cut. The agent itself goes on running: see `prproxy agent`.';
  static override examples = ['<%= config.bin %> restart'];

  async run(): Promise<void> {
    await this.parse(Restart);
    this.show(await this.call('restart', {}), () => 'the proxy has restarted');
  }
}
