// `prproxy route http add`: send a path to a VM or an address.
import { BaseCommand } from '../../../src/cli/base-command.ts';
import { hostArg, httpRouteFlags, httpRouteFromFlags, targetFlags } from '../../../src/cli/flags.ts';
import { httpRouteLine } from '../../../src/cli/host-view.ts';

export default class RouteHttpAdd extends BaseCommand {
  static override summary = 'send a path to a VM or an address';
  static override description =
    'Give exactly one of --path and --pattern, exactly one of --vm and --target-host, and --port. The route with the same path or pattern is replaced and keeps its place. Routes are tried in order; the first match wins.';
  static override examples = [
    '<%= config.bin %> route http add web --path /app --vm ubuntu --port 8080',
    '<%= config.bin %> route http add web --pattern "^/v[0-9]+/" --target-host 10.0.0.5 --port 443 --schema https',
    "<%= config.bin %> route http add web --path /app --vm ubuntu --port 8080 --request-header 'X-Team: blue' --strip-prefix",
  ];
  static override args = { host: hostArg };
  static override flags = { ...httpRouteFlags, ...targetFlags };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(RouteHttpAdd);
    const route = httpRouteFromFlags(flags);
    const host = await this.call('route.http.add', { host_id: args.host, ...route });
    this.show(host, () => httpRouteLine(host, route));
  }
}
