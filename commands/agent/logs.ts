// `prproxy agent logs`: the agent's log; works whether or not the agent runs.
import { boolean, string } from '@oclif/core/flags';
import { BaseCommand } from '../../src/cli/base-command.ts';
import { LogFile } from '../../src/cli/log-file.ts';
import { logLine } from '../../src/cli/log-line.ts';
import { parseCount } from '../../src/cli/parse.ts';

const DEFAULT_LINES = '100';

export default class AgentLogs extends BaseCommand {
  static override summary = "show the agent's log";
  static override description = 'Readable on a terminal; JSON, one entry per line, in a pipe or with --json.';
  static override examples = [
    '<%= config.bin %> agent logs',
    '<%= config.bin %> agent logs --follow',
    '<%= config.bin %> agent logs -n 1000 | grep error',
  ];
  static override flags = {
    follow: boolean({ char: 'f', description: 'go on printing what is added, until Ctrl-C' }),
    lines: string({ char: 'n', helpValue: 'N', default: DEFAULT_LINES, description: 'how many lines from the end' }),
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(AgentLogs);
    const count = parseCount('lines', flags.lines);
    const readable = this.screen.isTerminal && !this.json;
    const print = (line: string) => {
      process.stdout.write(`${readable ? logLine(line, this.screen) : line}\n`);
    };
    const file = new LogFile(this.paths.agentLog);
    const lines = file.last(count);
    lines.forEach(print);
    if (lines.length === 0 && count > 0) this.say(`prproxy: there is no log yet: ${this.paths.agentLog}`);
    if (flags.follow) file.follow(print);
    else file.close();
  }
}
