// `prproxy route http remove`: remove an HTTP route.
import { BaseCommand } from '../../../src/cli/base-command.ts';
import { hostArg, routeArg } from '../../../src/cli/flags.ts';

export default class RouteHttpRemove extends BaseCommand {
  static override summary = 'remove an HTTP route';
  static override description = 'Requests that are under way finish.';
  static override examples = ['<%= config.bin %> route http remove web /app'];
  static override args = { host: hostArg, route: routeArg };

  async run(): Promise<void> {
    const { args } = await this.parse(RouteHttpRemove);
    this.show(
      await this.call('route.http.remove', { host_id: args.host, route_id: args.route }),
      () => `route ${args.route} of host ${args.host} is removed`,
    );
  }
}
