// `prproxy host show`: show a host.
import { BaseCommand } from '../../src/cli/base-command.ts';
import { hostArg } from '../../src/cli/flags.ts';
import { hostDetails } from '../../src/cli/host-view.ts';

export default class HostShow extends BaseCommand {
  static override summary = 'show a host';
  static override examples = ['<%= config.bin %> host show web', '<%= config.bin %> host show proxy.local:80'];
  static override args = { host: hostArg };

  async run(): Promise<void> {
    const { args } = await this.parse(HostShow);
    this.show(await this.call('host.show', { host_id: args.host }), (host) => hostDetails(this.screen, host));
  }
}
