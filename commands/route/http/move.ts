// `prproxy route http move`: move an HTTP route to another place in the order.
import { string as stringArg } from '@oclif/core/args';
import { BaseCommand } from '../../../src/cli/base-command.ts';
import { hostArg, routeArg } from '../../../src/cli/flags.ts';
import { httpRouteTable } from '../../../src/cli/host-view.ts';
import { parseNumber } from '../../../src/cli/parse.ts';

export default class RouteHttpMove extends BaseCommand {
  static override summary = 'move an HTTP route to another place in the order';
  static override examples = ['<%= config.bin %> route http move web /app 1'];
  static override args = {
    host: hostArg,
    route: routeArg,
    order: stringArg({ required: true, description: 'the new place, from 1' }),
  };

  async run(): Promise<void> {
    const { args } = await this.parse(RouteHttpMove);
    const order = parseNumber('order', args.order);
    const host = await this.call('route.http.move', { host_id: args.host, route_id: args.route, order });
    this.show(host, () => httpRouteTable(this.screen, host.http_routes));
  }
}
