// `prproxy config show`: show the settings of the proxy.
import { BaseCommand } from '../../src/cli/base-command.ts';
import { proxyText } from '../../src/cli/status-view.ts';

export default class ConfigShow extends BaseCommand {
  static override summary = 'show the settings of the proxy';
  static override examples = ['<%= config.bin %> config show'];

  async run(): Promise<void> {
    await this.parse(ConfigShow);
    this.show(await this.call('config.show', {}), (proxy) => proxyText(this.screen, proxy));
  }
}
