import { expect, test } from 'vitest';
import { LineBuffer } from '../../../agent/line-buffer.ts';

const text = (blocks: readonly Buffer[]) => Buffer.concat(blocks).toString();

test('gives lines back in order, of any script, over several blocks', () => {
  const buffer = new LineBuffer(1 << 20);
  const lines = Array.from({ length: 3_000 }, (_, i) => `${i} größer als 例\n`.repeat(3));
  for (const line of lines) buffer.push(line);
  expect(text(buffer.take())).toBe(lines.join(''));
  expect(buffer.empty).toBe(true);
});

test('uses blocks again that were given back, and no others', () => {
  const buffer = new LineBuffer(1 << 20);
  buffer.push('first\n');
  const taken = buffer.take();
  buffer.push('second\n');
  const second = buffer.take();
  expect(second[0]!.buffer).not.toBe(taken[0]!.buffer);
  buffer.recycle(taken);
  buffer.push('third\n');
  const third = buffer.take();
  buffer.push('fourth\n');
  expect([text(second), text(third), text(buffer.take())]).toEqual(['second\n', 'third\n', 'fourth\n']);
});

test('counts what finds no room, until it is taken', () => {
  const buffer = new LineBuffer(131_072);
  for (let i = 0; i < 200; i++) buffer.push('x'.repeat(1_000));
  expect(buffer.dropped).toBeGreaterThan(0);
  buffer.take();
  expect(buffer.dropped).toBe(0);
});
