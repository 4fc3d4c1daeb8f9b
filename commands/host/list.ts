// `prproxy host list`: list the hosts.
import { BaseCommand } from '../../src/cli/base-command.ts';
import { hostTable } from '../../src/cli/host-view.ts';

export default class HostList extends BaseCommand {
  static override summary = 'list the hosts';
  static override examples = ['<%= config.bin %> host list', '<%= config.bin %> host list --json'];

  async run(): Promise<void> {
    await this.parse(HostList);
    this.show(await this.call('host.list', {}), (hosts) => hostTable(this.screen, hosts));
  }
}
