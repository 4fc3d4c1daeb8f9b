// `prproxy host remove`: remove a host and its routes.
import { BaseCommand } from '../../src/cli/base-command.ts';
import { hostArg } from '../../src/cli/flags.ts';

export default class HostRemove extends BaseCommand {
  static override summary = 'remove a host and its routes';
  static override description =
    'Its listener closes at once; requests in flight and tunnels get the drain time of the settings.';
  static override examples = ['<%= config.bin %> host remove web'];
  static override args = { host: hostArg };

  async run(): Promise<void> {
    const { args } = await this.parse(HostRemove);
    const { id, name } = await this.call('host.show', { host_id: args.host });
    this.show(await this.call('host.remove', { host_id: id }), () => `host ${name} is removed`);
  }
}
