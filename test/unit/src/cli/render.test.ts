// What reaches the screen: widths, colours, and nothing that could steer a terminal.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { wrap } from '../../../../src/cli/layout.ts';
import { clean, colorLevel, Screen } from '../../../../src/cli/render.ts';

const ESC = '\u001b';
const strip = (text: string) => text.replaceAll(/\u001b\[[0-9;]*m/g, '');
/** Any UTF-16 unit; fast-check's own table of characters takes seconds to load. */
const character = fc.integer({ min: 0, max: 0xffff }).map((unit) => String.fromCharCode(unit));
const HEAD = ['NAME', 'STATE', 'REASON'];
const ROWS = [
  ['web', 'listening', ''],
  ['ssh', 'failed', 'port 22 is used by another program: choose another port or end that program first'],
];

describe('clean', () => {
  it('leaves no control character, whatever comes', () => {
    fc.assert(
      fc.property(fc.string({ unit: character }), (text) => {
        expect(clean(text)).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/);
      }),
    );
  });

  it('shows what was there, and leaves other text alone', () => {
    expect(clean('a\u001b[31mb\n\u2028\u202e')).toBe('a\\x1b[31mb\\x0a\\u2028\\u202e');
    expect(clean('web – 日本語 é')).toBe('web – 日本語 é');
  });
});

describe('colorLevel', () => {
  it.each([
    ['a terminal', true, {}, 1],
    ['a pipe', false, {}, 0],
    ['a terminal with NO_COLOR', true, { NO_COLOR: '1' }, 0],
    ['a terminal with an empty NO_COLOR', true, { NO_COLOR: '' }, 1],
    ['a dumb terminal', true, { TERM: 'dumb' }, 0],
    ['a pipe with FORCE_COLOR', false, { FORCE_COLOR: '1' }, 1],
    ['a terminal with FORCE_COLOR=0', true, { FORCE_COLOR: '0' }, 0],
    ['FORCE_COLOR and NO_COLOR', true, { FORCE_COLOR: '1', NO_COLOR: '1' }, 0],
  ])('for %s', (_what, isTerminal, env, level) => {
    expect(colorLevel(isTerminal, env)).toBe(level);
  });
});

describe('Screen', () => {
  it('aligns columns in a pipe, without colour, without cutting', () => {
    const text = new Screen({}, {}).table(HEAD, ROWS);
    expect(text).not.toContain(ESC);
    expect(text.split('\n')).toEqual([
      'NAME  STATE      REASON',
      'web   listening',
      'ssh   failed     port 22 is used by another program: choose another port or end that program first',
    ]);
  });

  it('colours states on a terminal, and nothing with NO_COLOR', () => {
    const stream = { isTTY: true, columns: 200 };
    expect(new Screen(stream, {}).table(HEAD, ROWS)).toContain(`${ESC}[31mfailed${ESC}[39m`);
    expect(new Screen(stream, { NO_COLOR: '1' }).table(HEAD, ROWS)).not.toContain(ESC);
  });

  it('fits any table into the width of the terminal, and loses nothing', () => {
    const cell = fc.string({ unit: fc.constantFrom('a', 'b', ' ', 'é', '日'), maxLength: 60 }).map((s) => s.trim());
    const rows = fc.array(fc.tuple(cell, cell, cell));
    fc.assert(
      fc.property(rows, fc.integer({ min: 40, max: 120 }), (list, columns) => {
        const text = strip(new Screen({ isTTY: true, columns }, {}).table(HEAD, list));
        for (const line of text.split('\n')) expect(widthOf(line)).toBeLessThanOrEqual(columns);
        const letters = (s: string) => [...s.replaceAll(/\s/g, '')].sort().join('');
        expect(letters(text)).toBe(letters([...HEAD, ...list.flat()].join('')));
      }),
    );
  });

  it('breaks a word that is longer than a line', () => {
    expect(wrap('aaaaaaaa bb', 3)).toBe('aaa\naaa\naa\nbb');
  });

  it('escapes what a value could do to the terminal', () => {
    const text = new Screen({ isTTY: true, columns: 80 }, { NO_COLOR: '1' }).table(['NAME'], [[`x${ESC}[2Jy\nz`]]);
    expect(text).toBe('NAME\nx\\x1b[2Jy\\x0az');
  });

  it('leaves out pairs without a value', () => {
    const pairs = [
      ['name', 'web'],
      ['error', undefined],
      ['listens on', ':80'],
    ] as const;
    expect(new Screen({}, {}).pairs(pairs)).toBe('name        web\nlistens on  :80');
  });
});

function widthOf(line: string): number {
  return [...line].reduce((sum, char) => sum + (char === '日' ? 2 : 1), 0);
}
