// `prproxy route tcp set`: send all traffic of a host to a VM or an address.
import { boolean } from '@oclif/core/flags';
import { BaseCommand } from '../../../src/cli/base-command.ts';
import { hostArg, targetFlags, targetFromFlags } from '../../../src/cli/flags.ts';
import { tcpRouteLine } from '../../../src/cli/host-view.ts';

export default class RouteTcpSet extends BaseCommand {
  static override summary = 'send all traffic of a host to a VM or an address';
  static override description =
    'Give exactly one of --vm and --target-host, and --port. Tunnels that are open keep their old target, unless --cut is given.';
  static override examples = [
    '<%= config.bin %> route tcp set ssh --vm ubuntu --port 22',
    '<%= config.bin %> route tcp set db --target-host 10.0.0.5 --port 5432 --cut',
  ];
  static override args = { host: hostArg };
  static override flags = { ...targetFlags, cut: boolean({ description: 'end the tunnels that are open now' }) };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(RouteTcpSet);
    const params = { host_id: args.host, ...targetFromFlags(flags), cut: flags.cut };
    this.show(await this.call('route.tcp.set', params), tcpRouteLine);
  }
}
