// `prproxy config reset`: go on with an empty config after the saved file was corrupt.
import { createInterface } from 'node:readline/promises';
import { boolean } from '@oclif/core/flags';
import { BaseCommand } from '../../src/cli/base-command.ts';
import { ProxyError } from '../../src/errors.ts';

export default class ConfigReset extends BaseCommand {
  static override summary = 'accept an empty config after the saved file was corrupt';
  static override description =
    'Changes are refused while the saved file is corrupt, so that it can be repaired: it was set aside, `prproxy status` says where.';
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
      throw new ProxyError('invalid', 'give --yes to go on with an empty config: nobody can be asked here');
    }
    const prompt = createInterface({ input: process.stdin, output: process.stderr });
    const answer = await prompt.question('Go on without the hosts and settings of the corrupt file? [y/N] ');
    prompt.close();
    return /^y(es)?$/i.test(answer.trim());
  }
}
