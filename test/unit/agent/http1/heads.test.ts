import { expect, test } from 'vitest';
import {
  ChunkedDecoder,
  MAX_CHUNK_EXTENSION_BYTES,
  MAX_CHUNK_SIZE_DIGITS,
  MAX_TRAILER_BYTES,
} from '../../../../agent/http1/body.ts';
import { type Fields, MAX_FIELD_COUNT } from '../../../../agent/http1/fields.ts';
import { HeadBytes } from '../../../../agent/http1/head-fields.ts';
import { HeadProgress, HeadReader } from '../../../../agent/http1/head-reader.ts';
import {
  isHeadError,
  MAX_HEAD_BYTES,
  MAX_METHOD_BYTES,
  MAX_TARGET_BYTES,
  parseRequestHead,
} from '../../../../agent/http1/request-head.ts';
import { parseResponseHead } from '../../../../agent/http1/response-head.ts';
import { RequestStream, ResponseStream } from '../../../fuzz/engine.ts';
import { brokenUploads, requestCases } from '../../../wire/request-cases.ts';
import { responseCases } from '../../../wire/response-cases.ts';
import { everyPlace, tokenPlaces } from '../../../wire/split.ts';

/** What a reader makes of bytes that come in the given parts: the first head's text, or why there is none. */
function read(parts: readonly Buffer[]): { progress: HeadProgress; text: string; rest: string } {
  const reader = new HeadReader(MAX_HEAD_BYTES);
  let index = 0;
  for (const part of parts) {
    index++;
    const progress = reader.push(part, 0);
    if (progress === HeadProgress.more) continue;
    const rest = Buffer.concat([part.subarray(reader.next), ...parts.slice(index)]).toString('latin1');
    return { progress, text: reader.head?.text ?? '', rest: progress === HeadProgress.found ? rest : '' };
  }
  return { progress: HeadProgress.more, text: '', rest: '' };
}

const messages = [
  ...requestCases.map(({ name, send }) => [name, send] as const),
  ...responseCases.map(({ name, answer }) => [name, answer] as const),
].filter(([, text]) => text.length > 1 && text.length <= 2_000);

test.each(messages)('reads the same head wherever it is split: %s', (_, text) => {
  const bytes = Buffer.from(text, 'latin1');
  const whole = read([bytes]);
  for (let at = 1; at < bytes.length; at++) {
    const split = read([bytes.subarray(0, at), bytes.subarray(at)]);
    // A malformed head may be noticed before it is complete, but never be taken for a good one.
    if (split.progress === HeadProgress.malformed) expect(accepts(whole.text)).toBe(false);
    else expect(split).toEqual(whole);
  }
  const bytewise = read([...bytes].map((byte) => Buffer.from([byte])));
  if (bytewise.progress === HeadProgress.found) expect(bytewise).toEqual(whole);
});

const bytesOf = (text: string) => new HeadBytes(Buffer.from(text, 'latin1'), 0, text.length);

/** Longer ones would take minutes at every byte. */
const MAX_EVERY = 5_000;

const streams: readonly (readonly [string, string, () => RequestStream | ResponseStream])[] = [
  ...[...requestCases, ...brokenUploads].map(({ name, send }) => [name, send, () => new RequestStream()] as const),
  ...responseCases.map(({ name, answer, request = 'GET' }) => {
    const [method = ''] = request.split(' ');
    return [name, answer, () => new ResponseStream(method)] as const;
  }),
];

test.each(streams)('reads the same messages, bodies and all, wherever they are split: %s', (_, text, begin) => {
  const bytes = Buffer.from(text, 'latin1');
  const whole = JSON.stringify(begin().push(bytes));
  for (const at of text.length <= MAX_EVERY ? everyPlace(text) : tokenPlaces(text)) {
    const split = JSON.stringify(begin().push(bytes.subarray(0, at)).push(bytes.subarray(at)));
    if (split !== whole) expect({ at, split }).toEqual({ at, split: whole });
  }
  const bytewise = begin();
  for (let i = 0; i < bytes.length; i++) bytewise.push(bytes.subarray(i, i + 1));
  expect(JSON.stringify(bytewise)).toBe(whole);
});

function accepts(text: string): boolean {
  return !isHeadError(parseRequestHead(bytesOf(text))) || typeof parseResponseHead(bytesOf(text), 'GET') !== 'string';
}

function requestStatus(text: string): number {
  const head = parseRequestHead(bytesOf(text));
  return isHeadError(head) ? head.status : 200;
}

const get = (line: string, ...fields: string[]) => [line, 'Host: a', ...fields, '', ''].join('\r\n');

test('keeps to its limits, and says which one was passed', () => {
  expect(requestStatus(get(`${'M'.repeat(MAX_METHOD_BYTES)} / HTTP/1.1`))).toBe(200);
  expect(requestStatus(get(`${'M'.repeat(MAX_METHOD_BYTES + 1)} / HTTP/1.1`))).toBe(501);
  expect(requestStatus(get(`GET /${'a'.repeat(MAX_TARGET_BYTES - 1)} HTTP/1.1`))).toBe(200);
  expect(requestStatus(get(`GET /${'a'.repeat(MAX_TARGET_BYTES)} HTTP/1.1`))).toBe(414);
  const fields = (count: number) => new Array(count - 1).fill('X: 1');
  expect(requestStatus(get('GET / HTTP/1.1', ...fields(MAX_FIELD_COUNT)))).toBe(200);
  expect(requestStatus(get('GET / HTTP/1.1', ...fields(MAX_FIELD_COUNT + 1)))).toBe(431);
});

test('takes a head of exactly the limit and refuses one byte more', () => {
  const head = (size: number) => {
    const empty = get('GET / HTTP/1.1', 'X: ');
    return Buffer.from(get('GET / HTTP/1.1', `X: ${'a'.repeat(size - empty.length)}`));
  };
  expect(read([head(MAX_HEAD_BYTES)]).progress).toBe(HeadProgress.found);
  expect(read([head(MAX_HEAD_BYTES + 1)]).progress).toBe(HeadProgress.tooLarge);
  const split = (bytes: Buffer) => [bytes.subarray(0, 40_000), bytes.subarray(40_000)];
  expect(read(split(head(MAX_HEAD_BYTES))).progress).toBe(HeadProgress.found);
  expect(read(split(head(MAX_HEAD_BYTES + 1))).progress).toBe(HeadProgress.tooLarge);
});

test('reads a line of many spaces in linear time', () => {
  const began = performance.now();
  parseRequestHead(bytesOf(get('GET / HTTP/1.1', `X:${' \t'.repeat(30_000)}\x01`)));
  expect(performance.now() - began).toBeLessThan(1_000);
});

class TextSink {
  data = '';

  bodyData(data: Buffer): void {
    this.data += data.toString('latin1');
  }
}

/** Decodes in the given parts; data and state, or undefined when the body is broken. */
function decode(parts: readonly Buffer[]): { data: string; done: boolean; trailers: Fields; rest: number } | undefined {
  const decoder = new ChunkedDecoder();
  const sink = new TextSink();
  let rest = 0;
  for (const part of parts) {
    if (decoder.done) rest += part.length;
    else rest += part.length - decoder.push(part, 0, sink);
    if (decoder.broken) return undefined;
  }
  return { data: sink.data, done: decoder.done, trailers: decoder.trailers, rest };
}

const bodies = [
  '0\r\n\r\n',
  '5\r\nhello\r\n0\r\n\r\n',
  '5;a=b;c="d;\\"e"\r\nhello\r\n3\r\nabc\r\n0\r\nX-T: 1\r\nY: 2\r\n\r\nNEXT',
  '00005\r\nhello\r\n000\r\n\r\n',
  'a\r\n0123456789\r\nA;x\r\n0123456789\r\n0;y\r\n\r\n',
  '5\r\nhello\r\n0\r\nX T: 1\r\n\r\n',
  '5\r\nhello0\r\n\r\n',
];

test.each(bodies)('decodes the same wherever it is split: %j', (text) => {
  const bytes = Buffer.from(text, 'latin1');
  const whole = decode([bytes]);
  for (let at = 1; at < bytes.length; at++) expect(decode([bytes.subarray(0, at), bytes.subarray(at)])).toEqual(whole);
  expect(decode([...bytes].map((byte) => Buffer.from([byte])))).toEqual(whole);
});

test('keeps the limits of lengths: 15 digits, and chunks of 2^53 - 1', () => {
  const status = (length: string) => requestStatus(get('POST / HTTP/1.1', `Content-Length: ${length}`));
  expect([status('9'.repeat(15)), status('9'.repeat(16))]).toEqual([200, 400]);
  // Zeros before it are no part of a number (9110 8.6).
  expect([status(`000${'9'.repeat(15)}`), status('0'.repeat(30)), status(`0${'9'.repeat(16)}`)]).toEqual([
    200, 200, 400,
  ]);
  expect(decode([Buffer.from('1fffffffffffff\r\n')])).toMatchObject({ done: false });
  expect(decode([Buffer.from('20000000000000\r\n')])).toBeUndefined();
});

test('keeps the limits of the chunked coding', () => {
  const done = (text: string) => decode([Buffer.from(text)])?.done;
  expect(done(`${'0'.repeat(MAX_CHUNK_SIZE_DIGITS)}\r\n\r\n`)).toBe(true);
  expect(done(`${'0'.repeat(MAX_CHUNK_SIZE_DIGITS + 1)}\r\n\r\n`)).toBeUndefined();
  expect(done(`0;${'a'.repeat(MAX_CHUNK_EXTENSION_BYTES)}\r\n\r\n`)).toBe(true);
  expect(done(`0;${'a'.repeat(MAX_CHUNK_EXTENSION_BYTES + 1)}\r\n\r\n`)).toBeUndefined();
  const trailer = (bytes: number) => `0\r\nX: ${'a'.repeat(bytes - 'X: \r\n\r\n'.length)}\r\n\r\n`;
  expect(done(trailer(MAX_TRAILER_BYTES))).toBe(true);
  expect(done(trailer(MAX_TRAILER_BYTES + 1))).toBeUndefined();
});
