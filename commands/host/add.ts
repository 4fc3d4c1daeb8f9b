// `prproxy host add`: add a host.
import { string as stringArg } from '@oclif/core/args';
import { string } from '@oclif/core/flags';
import { BaseCommand } from '../../src/cli/base-command.ts';
import { corsFlags, corsFromFlags, LISTEN_FORMS, tlsFlags, tlsFromFlags } from '../../src/cli/flags.ts';
import { hostLine } from '../../src/cli/host-view.ts';
import { parseListen } from '../../src/cli/parse.ts';

export default class HostAdd extends BaseCommand {
  static override summary = 'add a host';
  static override description =
    'A host is something that prproxy listens for. It gets HTTP routes or one TCP route afterwards. While the proxy is enabled the address is opened before anything is saved.';
  static override examples = [
    '<%= config.bin %> host add proxy.local:80 --name web',
    '<%= config.bin %> host add 127.0.0.1:2222 --name ssh',
    '<%= config.bin %> host add api.local:443 --tls-cert api.crt --tls-key api.key',
    '<%= config.bin %> host add proxy.local:80 --cors --cors-origin https://app.test',
  ];
  static override args = { listen: stringArg({ name: 'host:port', description: LISTEN_FORMS }) };
  static override flags = {
    name: string({ description: 'short name for use in other commands (default: host:port)' }),
    ...corsFlags,
    ...tlsFlags,
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(HostAdd);
    const cors = corsFromFlags(flags) ?? undefined;
    const draft = { ...parseListen(args.listen), name: flags.name, cors, tls: tlsFromFlags(flags) };
    this.show(await this.call('host.add', draft), hostLine);
  }
}
