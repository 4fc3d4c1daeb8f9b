// `prproxy host update`: change a host.
import { boolean, string } from '@oclif/core/flags';
import { BaseCommand } from '../../src/cli/base-command.ts';
import { corsFlags, corsFromFlags, hostArg, LISTEN_FORMS, tlsFlags, tlsPatchFromFlags } from '../../src/cli/flags.ts';
import { hostLine } from '../../src/cli/host-view.ts';
import { parseListen, refuseNothing } from '../../src/cli/parse.ts';

export default class HostUpdate extends BaseCommand {
  static override summary = 'change a host';
  static override description =
    'What is not given stays as it is; --no-cors and --no-tls remove. CORS and TLS settings are replaced as a whole. Routes are changed by `route`.';
  static override examples = [
    '<%= config.bin %> host update web --listen proxy.local:8080',
    '<%= config.bin %> host update web --cors-origin https://app.test --cors-credentials',
    '<%= config.bin %> host update web --no-cors',
  ];
  static override args = { host: hostArg };
  static override flags = {
    listen: string({ helpValue: 'HOST:PORT', description: LISTEN_FORMS }),
    name: string({ description: 'new name' }),
    ...corsFlags,
    ...tlsFlags,
    'no-tls': boolean({ helpGroup: 'TLS', description: 'serve without TLS' }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(HostUpdate);
    refuseNothing(flags);
    const patch = {
      ...parseListen(flags.listen),
      name: flags.name,
      cors: corsFromFlags(flags),
      tls: tlsPatchFromFlags(flags),
    };
    this.show(await this.call('host.update', { host_id: args.host, ...patch }), hostLine);
  }
}
