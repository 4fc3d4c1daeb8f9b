// oclif's hook for a command that does not exist: says so, with the nearest one that does, and exits with 2.
import type { Hook } from '@oclif/core/hooks';
import { errorBody, ProxyError } from '../errors.ts';
import { clean } from './render.ts';

const MAX_DISTANCE = 3;

const hook: Hook.CommandNotFound = async function ({ id, argv, config }) {
  const asked = id.replaceAll(':', ' ');
  const names = config.commands.filter((command) => !command.hidden).map((command) => command.id.replaceAll(':', ' '));
  const near = nearest(asked, names);
  const hint = near === undefined ? '' : `did you mean \`${config.bin} ${near}\`? `;
  const text = `there is no command "${asked}"; ${hint}\`${config.bin} --help\` lists all commands`;
  const error = new ProxyError('invalid', text);
  process.stderr.write(argv?.includes('--json') ? `${JSON.stringify(errorBody(error))}\n` : `Error: ${clean(text)}\n`);
  this.exit(2);
};

export default hook;

/** The name with the fewest edits, when they are few. */
export function nearest(asked: string, names: readonly string[]): string | undefined {
  let best: string | undefined;
  let least = MAX_DISTANCE + 1;
  for (const name of names) {
    const distance = editDistance(asked, name);
    if (distance < least) {
      best = name;
      least = distance;
    }
  }
  return best;
}

function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const swap = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(swap, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
