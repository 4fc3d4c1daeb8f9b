// Small damage to a message, of the kinds that make two parsers disagree. Texts are latin1: one character, one byte.
import type { Random } from '../support/random.ts';

const SPECIAL = [
  '\r', '\n', '\r\n', '\0', '\t', ' ', ':', ',', ';', '=', '"', '\\', '/', '?', '#', '*', '@', '[', ']', '-', '_', '+',
  '0', '1', '5', 'a', 'f', 'g', 'A', 'x', '\x01', '\x0b', '\x0c', '\x1f', '\x7f', '\x80', '\x85', '\xa0', '\xff',
  '\r\n\r\n', '\r\n ', '\r\r\n', '\n\n', '0\r\n\r\n', '\r\n0\r\n', 'chunked', ', ', 'close',
] as const; // biome-ignore format: a list

type Mutation = (text: string, random: Random, other: string) => string;

function place(text: string, random: Random): number {
  // Line ends and colons are where framing is decided.
  if (random.below(2) === 0) {
    const marks = [...text.matchAll(/[\r\n:,; ]/g)];
    if (marks.length > 0) return random.pick(marks).index + random.below(2);
  }
  return random.below(text.length + 1);
}

const mutations: readonly Mutation[] = [
  function insert(text, random) {
    const at = place(text, random);
    return text.slice(0, at) + random.pick(SPECIAL) + text.slice(at);
  },
  function replace(text, random) {
    const at = place(text, random);
    return text.slice(0, at) + random.pick(SPECIAL) + text.slice(at + 1);
  },
  function remove(text, random) {
    const at = place(text, random);
    return text.slice(0, at) + text.slice(at + 1 + (random.below(4) === 0 ? random.below(8) : 0));
  },
  function flip(text, random) {
    if (text === '') return text;
    const at = random.below(text.length);
    return text.slice(0, at) + String.fromCharCode(text.charCodeAt(at) ^ (1 << random.below(8))) + text.slice(at + 1);
  },
  function swapCase(text, random) {
    const at = place(text, random);
    return (
      text.slice(0, at) + text.slice(at).replace(/[a-zA-Z]/, (letter) => String.fromCharCode(letter.charCodeAt(0) ^ 32))
    );
  },
  function repeat(text, random) {
    const at = place(text, random);
    const length = 1 + random.below(12);
    return text.slice(0, at) + text.slice(at, at + length) + text.slice(at);
  },
  function repeatLine(text, random) {
    const lines = text.split('\r\n');
    const at = random.below(lines.length);
    lines.splice(random.below(lines.length), 0, lines[at]!);
    return lines.join('\r\n');
  },
  function moveLine(text, random) {
    const lines = text.split('\r\n');
    const [line] = lines.splice(random.below(lines.length), 1);
    lines.splice(random.below(lines.length + 1), 0, line!);
    return lines.join('\r\n');
  },
  function borrowLine(text, random, other) {
    const lines = text.split('\r\n');
    lines.splice(1 + random.below(lines.length), 0, random.pick(other.split('\r\n')));
    return lines.join('\r\n');
  },
  function splice(text, random, other) {
    return text.slice(0, place(text, random)) + other.slice(place(other, random));
  },
  function append(text, _, other) {
    return text + other;
  },
  function cutShort(text, random) {
    return text.slice(0, place(text, random));
  },
];

export function mutate(text: string, random: Random, other: string): string {
  let mutated = text;
  const times = random.below(3) === 0 ? 1 + random.below(5) : 1;
  for (let i = 0; i < times; i++) mutated = random.pick(mutations)(mutated, random, other);
  return mutated;
}
