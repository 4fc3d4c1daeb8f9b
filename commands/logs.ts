// `prproxy logs`: the access log, one entry per request and TCP connection; works whether or not the agent runs.
import { boolean, string } from '@oclif/core/flags';
import { accessFilter, accessLine } from '../src/cli/access-line.ts';
import { BaseCommand } from '../src/cli/base-command.ts';
import { LogFile } from '../src/cli/log-file.ts';
import { parseCount } from '../src/cli/parse.ts';

const DEFAULT_LINES = '100';

export default class Logs extends BaseCommand {
  static override summary = 'show the access log: requests and TCP connections';
  static override description = 'Readable on a terminal; JSON, one entry per line, in a pipe or with --json.';
  static override examples = [
    '<%= config.bin %> logs',
    '<%= config.bin %> logs --follow --host web',
    '<%= config.bin %> logs --status 5xx',
  ];
  static override flags = {
    follow: boolean({ char: 'f', description: 'go on printing what is added, until Ctrl-C' }),
    lines: string({ char: 'n', helpValue: 'N', default: DEFAULT_LINES, description: 'how many entries from the end' }),
    host: string({ helpValue: 'NAME', description: 'only entries of this host, by its name' }),
    status: string({ helpValue: 'CODE', description: 'only answers with this status; x stands for any digit (5xx)' }),
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(Logs);
    const count = parseCount('lines', flags.lines);
    const wanted = accessFilter({ host: flags.host, status: flags.status });
    const readable = this.screen.isTerminal && !this.json;
    const print = (line: string) => {
      process.stdout.write(`${readable ? accessLine(line, this.screen) : line}\n`);
    };
    const file = new LogFile(this.paths.accessLog);
    const lines = file.last(Number.POSITIVE_INFINITY).filter(wanted);
    if (count > 0) lines.slice(-count).forEach(print);
    if (lines.length === 0) this.say(`prproxy: no such entries yet in ${this.paths.accessLog}`);
    if (flags.follow) file.follow((line) => wanted(line) && print(line));
    else file.close();
  }
}
