// `prproxy config reset`: begin anew with an empty config, above all after the saved file was corrupt.
import { createInterface } from 'node:readline';
import { boolean } from '@oclif/core/flags';
import { BaseCommand } from '../../src/cli/base-command.ts';
import { ProxyError } from '../../src/errors.ts';

export default class ConfigReset extends BaseCommand {
  static override summary = 'begin anew with an empty config';
  static override description =
    'All hosts and settings go; a copy of the saved file is kept beside it. After a file that is corrupt, changes are refused until it is repaired or this is run: `prproxy status` says where it was set aside.';
  static override examples = ['<%= config.bin %> config reset', '<%= config.bin %> config reset --yes'];
  static override flags = { yes: boolean({ char: 'y', description: 'do not ask' }) };

  async run(): Promise<void> {
    const { flags } = await this.parse(ConfigReset);
    if (!flags.yes && !(await this.#confirm())) {
      this.say('nothing was changed');
      this.exit(1);
    }
    this.show(await this.callInternal('config.reset', {}), () => 'the config is empty now');
  }

  async #confirm(): Promise<boolean> {
    if (!process.stdin.isTTY || !process.stderr.isTTY) {
      throw new ProxyError('invalid', 'give --yes to begin anew with an empty config: nobody can be asked here');
    }
    // The terminal's own line editing: switching to readline's would swallow a Ctrl-D that came before.
    const prompt = createInterface({ input: process.stdin, output: process.stderr, terminal: false });
    const answer = await new Promise<string>((resolve) => {
      prompt.once('close', () => resolve(''));
      prompt.question('Begin anew without any host and setting? [y/N] ', resolve);
    });
    prompt.close();
    return /^y(es)?$/i.test(answer.trim());
  }
}
