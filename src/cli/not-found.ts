// oclif's hook for a command that does not exist: says so, with the nearest one that does, and exits with 2.
import type { Hook } from '@oclif/core/hooks';
import { errorBody, ProxyError } from '../errors.ts';
import { clean } from './render.ts';

const MAX_DISTANCE = 3;

const hook: Hook.CommandNotFound = async function ({ id, argv, config }) {
  const words = id.split(':');
  const commands = config.commands.filter(({ hidden }) => !hidden).map((command) => command.id.replaceAll(':', ' '));
  const topics = config.topics.filter(({ hidden }) => !hidden).map((topic) => topic.name.replaceAll(':', ' '));
  const text = notFoundText(words, commands, topics, config.bin);
  const error = new ProxyError('invalid', text);
  process.stderr.write(argv?.includes('--json') ? `${JSON.stringify(errorBody(error))}\n` : `Error: ${clean(text)}\n`);
  this.exit(2);
};

export default hook;

/** What is wrong with the words of a command line that name no command. */
export function notFoundText(
  words: readonly string[],
  commands: readonly string[],
  topics: readonly string[],
  bin: string,
): string {
  const asked = words.join(' ');
  if (asked.startsWith('-'))
    return `unexpected flag ${words[0]} before a command; \`${bin} --help\` lists all commands`;
  // oclif takes what follows a command without arguments for a part of its name.
  const command = commands.find((name) => asked.startsWith(`${name} `));
  if (command !== undefined) {
    const extra = asked.slice(command.length + 1);
    return `unexpected argument "${extra}" after \`${bin} ${command}\`; see \`${bin} ${command} --help\``;
  }
  const near = nearest(asked, commands) ?? nearest(asked, topics);
  const hint = near === undefined ? '' : `did you mean \`${bin} ${near}\`? `;
  return `there is no command "${asked}"; ${hint}\`${bin} --help\` lists all commands`;
}

/** The name with the fewest edits, when they are few for its length; words beyond those of a name are its arguments. */
export function nearest(asked: string, names: readonly string[]): string | undefined {
  const words = asked.split(' ');
  let best: string | undefined;
  let least = Number.POSITIVE_INFINITY;
  for (const name of names) {
    const head = words.slice(0, name.split(' ').length).join(' ');
    const distance = editDistance(head, name);
    if (distance < least && distance <= Math.min(MAX_DISTANCE, Math.ceil(head.length / 4))) {
      best = name;
      least = distance;
    }
  }
  return best;
}

/** Letters that are left out, added, changed or swapped with their neighbour. */
function editDistance(a: string, b: string): number {
  let before: number[] = [];
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const changed = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1] ? before[j - 2]! + 1 : changed;
      next.push(Math.min(changed, swapped, row[j]! + 1, next[j - 1]! + 1));
    }
    before = row;
    row = next;
  }
  return row[b.length]!;
}
