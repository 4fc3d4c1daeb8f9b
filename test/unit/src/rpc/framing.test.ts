// Lines out of a byte stream, however it is cut.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeLine, LineReader, MAX_REQUEST_BYTES, NOT_UTF8 } from '../../../../src/rpc/framing.ts';

/** Any UTF-16 unit; fast-check's own table of characters takes seconds to load. */
const character = fc.integer({ min: 0, max: 0xffff }).map((unit) => String.fromCharCode(unit));

/** What comes out when the stream arrives in these chunks. */
function read(chunks: readonly Buffer[], maxBytes = 1000) {
  const lines: string[] = [];
  let tooLong = 0;
  const reader = new LineReader(
    (line) => lines.push(line),
    () => tooLong++,
    maxBytes,
  );
  for (const chunk of chunks) reader.feed(chunk);
  return { lines, tooLong };
}

/** The bytes cut at these places. */
function split(bytes: Buffer, places: readonly number[]): Buffer[] {
  const cuts = [0, ...places.map((place) => place % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
  return cuts.slice(1).map((end, i) => bytes.subarray(cuts[i], end));
}

describe('encodeLine', () => {
  it('writes any value on one line', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const line = encodeLine(value);
        expect(line.indexOf('\n')).toBe(line.length - 1);
        expect(JSON.stringify(JSON.parse(line))).toBe(JSON.stringify(value));
      }),
    );
  });
});

describe('LineReader', () => {
  it('gives the same messages for any split of a stream', () => {
    const message = fc.oneof(fc.string({ unit: character }), fc.jsonValue());
    fc.assert(
      fc.property(fc.array(message), fc.array(fc.nat()), (messages, places) => {
        const bytes = Buffer.from(messages.map(encodeLine).join(''));
        const expected = messages.map((value) => encodeLine(value).slice(0, -1));
        expect(read(split(bytes, places), bytes.length)).toEqual({ lines: expected, tooLong: 0 });
      }),
    );
  });

  it('gives the same lines for any bytes, whole or one by one', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (array) => {
        const bytes = Buffer.from(array);
        expect(read([...bytes].map((byte) => Buffer.from([byte])))).toEqual(read([bytes]));
      }),
    );
  });

  it('takes a line at the limit and refuses one byte more, whether its newline has come or not', () => {
    expect(read([Buffer.from('aaaaa\n')], 5)).toEqual({ lines: ['aaaaa'], tooLong: 0 });
    expect(read([Buffer.from('aaa'), Buffer.from('aa\nbbbbb'), Buffer.from('\n')], 5).lines).toEqual([
      'aaaaa',
      'bbbbb',
    ]);
    expect(read([Buffer.from('aaaaaa\n')], 5)).toEqual({ lines: [], tooLong: 1 });
    expect(read([Buffer.from('aaa'), Buffer.from('aaa')], 5)).toEqual({ lines: [], tooLong: 1 });
  });

  it('counts bytes, not characters', () => {
    expect(read([Buffer.from('éé\n')], 4).lines).toEqual(['éé']);
    expect(read([Buffer.from('ééé\n')], 4).tooLong).toBe(1);
  });

  it('ignores everything after a line that was too long', () => {
    expect(read([Buffer.from('ok\ntoo long\nok\n'), Buffer.from('ok\n')], 3)).toEqual({ lines: ['ok'], tooLong: 1 });
  });

  it('leaves out empty lines', () => {
    expect(read([Buffer.from('\n\na\n\n')]).lines).toEqual(['a']);
  });

  it('gives a line that is not UTF-8 as one that no JSON parser takes, and goes on', () => {
    const bytes = Buffer.concat([Buffer.from('"'), Buffer.from([0xff, 0xc3]), Buffer.from('"\n{}\n')]);
    expect(read([bytes]).lines).toEqual([NOT_UTF8, '{}']);
    expect(() => JSON.parse(NOT_UTF8)).toThrow();
  });

  it('puts a character that is cut by a chunk together again', () => {
    const bytes = Buffer.from('"é"\n');
    expect(read([bytes.subarray(0, 2), bytes.subarray(2)]).lines).toEqual(['"é"']);
  });

  it('keeps its own copy of what a reused buffer held', () => {
    const lines: string[] = [];
    const reader = new LineReader(
      (line) => lines.push(line),
      () => {},
      100,
    );
    const buffer = Buffer.from('abc');
    reader.feed(buffer);
    buffer.write('xyz');
    reader.feed(Buffer.from('\n'));
    expect(lines).toEqual(['abc']);
  });

  it('takes the longest message in small chunks in linear time', () => {
    const chunk = Buffer.alloc(16, 'a');
    const count = MAX_REQUEST_BYTES / chunk.length;
    const started = performance.now();
    const { lines } = read([...Array<Buffer>(count).fill(chunk), Buffer.from('\n')], MAX_REQUEST_BYTES);
    expect(lines[0]?.length).toBe(MAX_REQUEST_BYTES);
    expect(performance.now() - started).toBeLessThan(5000);
  });
});
