// `prproxy route http list`: list the HTTP routes of a host.
import { BaseCommand } from '../../../src/cli/base-command.ts';
import { hostArg } from '../../../src/cli/flags.ts';
import { httpRouteTable } from '../../../src/cli/host-view.ts';

export default class RouteHttpList extends BaseCommand {
  static override summary = 'list the HTTP routes of a host';
  static override examples = ['<%= config.bin %> route http list web'];
  static override args = { host: hostArg };

  async run(): Promise<void> {
    const { args } = await this.parse(RouteHttpList);
    this.show(await this.call('route.http.list', { host_id: args.host }), (routes) =>
      httpRouteTable(this.screen, routes),
    );
  }
}
