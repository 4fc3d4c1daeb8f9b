// `prproxy vm show`: show a virtual machine.
import { BaseCommand } from '../../src/cli/base-command.ts';
import { vmArg } from '../../src/cli/flags.ts';
import { vmDetails } from '../../src/cli/status-view.ts';

export default class VmShow extends BaseCommand {
  static override summary = 'show a virtual machine';
  static override examples = ['<%= config.bin %> vm show ubuntu'];
  static override args = { vm: vmArg };

  async run(): Promise<void> {
    const { args } = await this.parse(VmShow);
    this.show(await this.call('vm.show', { vm_id: args.vm }), (vm) => vmDetails(this.screen, vm));
  }
}
