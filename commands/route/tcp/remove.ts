// `prproxy route tcp remove`: remove the TCP route of a host.
import { BaseCommand } from '../../../src/cli/base-command.ts';
import { hostArg } from '../../../src/cli/flags.ts';

export default class RouteTcpRemove extends BaseCommand {
  static override summary = 'remove the TCP route of a host';
  static override examples = ['<%= config.bin %> route tcp remove ssh'];
  static override args = { host: hostArg };

  async run(): Promise<void> {
    const { args } = await this.parse(RouteTcpRemove);
    this.show(
      await this.call('route.tcp.remove', { host_id: args.host }),
      () => `the TCP route of host ${args.host} is removed`,
    );
  }
}
