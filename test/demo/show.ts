// How the demo looks: headings, commands and what they printed. Colours on a terminal only, and not with NO_COLOR.
import { Screen } from '../../src/cli/render.ts';

const { chalk } = new Screen(process.stdout, process.env);

/** True when the output of commands may be coloured too. */
export const isColoured = chalk.level > 0;

export function heading(text: string): void {
  print(`\n${chalk.bold.cyan(text)}`);
}

/** A sentence between the commands. */
export function say(text: string): void {
  print(chalk.dim(`  ${text}`));
}

/** A command that is run now. */
export function command(text: string): void {
  print(`  ${chalk.bold.green('$')} ${chalk.bold(text)}`);
}

/** What came of it. */
export function output(text: string): void {
  const lines = text.replace(/\n+$/, '').split('\n');
  for (const line of lines) print(line === '' ? '' : `  ${line}`);
}

/** A line of a conversation: `>` is what was sent, `<` what came back. */
export function spoken(mark: '>' | '<', line: string): void {
  print(`  ${mark === '>' ? chalk.yellow(mark) : chalk.green(mark)} ${line}`);
}

export function success(text: string): void {
  print(`\n${chalk.bold.green(text)}`);
}

/** To stderr, so that it is seen when the output goes to a file. */
export function failure(text: string): void {
  process.stderr.write(`\n${new Screen(process.stderr, process.env).chalk.bold.red(text)}\n`);
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
