// Differential fuzzing against Node's own llhttp, a little of it: `npm run fuzz` goes on for as long as told. What it finds
// becomes a case of request-cases.ts or response-cases.ts.
import { describe, expect, test } from 'vitest';
import { timed } from '../fuzz/compare.ts';
import { RequestStream } from '../fuzz/engine.ts';
import { requestExceptions, responseExceptions } from '../fuzz/exceptions.ts';
import { LlhttpReader } from '../fuzz/llhttp.ts';
import { describe as describeFindings, fuzz, newReport, total } from '../fuzz/run.ts';
import { seedFromEnv } from '../support/random.ts';

const FIXED_SEED = 20_240_607;
/** Each goes with 16 cases of the parser alone. */
const WIRE_CASES = process.env.CI === 'true' ? 11_000 : 2_000;

describe('a fuzzed message is read as strict llhttp reads it, wherever it is split, alone and through the proxy', () => {
  test.each([
    ['the same ones each time', FIXED_SEED],
    ['new ones each time', seedFromEnv()],
  ])('%s, seed %d', { timeout: 180_000 }, async (_, seed) => {
    const report = await fuzz(newReport(seed), (done) => done < WIRE_CASES);
    console.log(
      `fuzz: seed ${seed}, ${total(report)} cases, ${Math.round(total(report) / (report.milliseconds / 1000))}/s`,
    );
    expect(describeFindings(report)).toBe('');
  });
});

describe('the second opinion is strict:', () => {
  const refused = {
    'a length with a coding': 'POST / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n',
    'a bare LF': 'GET / HTTP/1.1\nHost: a\r\n\r\n',
    'obs-fold': 'GET / HTTP/1.1\r\nX: 1\r\n 2\r\n\r\n',
    'a space before a colon': 'GET / HTTP/1.1\r\nX : 1\r\n\r\n',
    'a chunk size with a space': 'POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1 \r\na\r\n0\r\n\r\n',
    'a request behind Connection: close': 'GET / HTTP/1.1\r\nConnection: close\r\n\r\nGET / HTTP/1.1\r\n\r\n',
  };
  test.each(Object.entries(refused))('it refuses %s', (_, text) => {
    const reader = new LlhttpReader({ kind: 'request' });
    reader.push(Buffer.from(text, 'latin1'));
    expect(reader.error).toMatch(/^HPE_/);
    reader.close();
  });
  test('every exception from it has its reason', () => {
    for (const { reason } of [...requestExceptions, ...responseExceptions]) expect(reason).not.toBe('');
  });
});

describe('a message made to be slow is read in bounded time, whole and byte by byte:', () => {
  const SIZE = 60_000;
  const filled = (before: string, part: string, after: string) =>
    before + part.repeat(Math.floor((SIZE - before.length) / part.length)) + after;
  const get = 'GET / HTTP/1.1\r\nHost: a\r\n';
  const chunked = `${get}Transfer-Encoding: chunked\r\n\r\n`;
  test.each([
    ['a list of options', filled(`${get}Connection: `, 'a, ', '\r\n\r\n')],
    ['commas', filled(`${get}Connection: `, ',', '\r\n\r\n')],
    ['spaces in a value', filled(`${get}X: a`, ' ', 'b\r\n\r\n')],
    ['spaces in front of a control byte', filled(`${get}X:`, ' ', '\x01\r\n\r\n')],
    ['Via', filled(`${get}Via: `, '1.1 x, ', '\r\n\r\n')],
    ['an authority', filled('GET http://', 'a.', '/ HTTP/1.1\r\nHost: a\r\n\r\n')],
    ['a Host', filled('GET / HTTP/1.1\r\nHost: ', 'a.', '!\r\n\r\n')],
    ['a request line of spaces', filled('GET /', ' HTTP/2.0', '\r\n\r\n')],
    ['codings', filled(`${get}Transfer-Encoding: `, 'gzip,', 'chunked\r\n\r\n')],
    ['field lines', filled(get, 'a:\r\n', '\r\n')],
    ['chunk extensions', filled(chunked, '1;a="\\"\\"";b=c\r\nx\r\n', '0\r\n\r\n')],
    ['an extension with quotes', filled(`${chunked}1;a="`, '\\"', '"\r\n')],
    ['chunks of one byte', filled(chunked, '1\r\nx\r\n', '0\r\n\r\n')],
    ['trailers', filled(`${chunked}0\r\n`, 'a:\r\n', '\r\n')],
  ])('%s', (_, text) => {
    const bytes = Buffer.from(text, 'latin1');
    const whole = timed(() => void new RequestStream().push(bytes));
    const bytewise = timed(() => {
      const stream = new RequestStream();
      for (let i = 0; i < bytes.length; i++) stream.push(bytes.subarray(i, i + 1));
      return undefined;
    });
    expect([whole, bytewise]).toEqual([undefined, undefined]);
  });
});
