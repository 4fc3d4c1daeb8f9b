// `prproxy vm list`: list the virtual machines.
import { BaseCommand } from '../../src/cli/base-command.ts';
import { vmTable } from '../../src/cli/status-view.ts';

export default class VmList extends BaseCommand {
  static override summary = 'list the virtual machines';
  static override description =
    'As the last good reading of prlctl showed them, with the address that traffic goes to.';
  static override examples = ['<%= config.bin %> vm list'];

  async run(): Promise<void> {
    await this.parse(VmList);
    this.show(await this.call('vm.list', {}), (vms) => vmTable(this.screen, vms));
  }
}
