// Messages from a grammar: mostly right, with the odd choice that tests a rule. Damage is added by `mutate`.
import type { Random } from '../support/random.ts';
import { requestSeeds, responseSeeds, short } from './corpus.ts';
import { mutate } from './mutate.ts';

const METHODS = [
  'GET',
  'GET',
  'HEAD',
  'POST',
  'POST',
  'PUT',
  'DELETE',
  'OPTIONS',
  'PATCH',
  'TRACE',
  'PROPFIND',
  'FOO',
  'get',
];
const TARGETS = [
  '/', '/', '/a?b=c', '//a/%2F', '/?x=http://y/?z', '/a/./b', '/a|b"', '/\\', '*', 'http://b.test/x?y', 'http://b.test',
  'HTTP://B.test:80/', 'https://[::1]:8/a', '/%zz', '/;a=b', 'http://b.test?q', '/a#b', 'a', '/a@b:c',
]; // biome-ignore format: a list
const HOSTS = ['a.test', 'a.test', 'a.test', 'A.test:80', '[::1]:80', 'a.test.', '1.2.3.4', '', 'a_b.test', 'a.test:'];
const LENGTHS = ['0', '1', '5', '05', ' 5 ', '5\t', '+5', '-1', '5,5', '', '0x5', '9007199254740993', '4294967301'];
const CODINGS = [
  'chunked',
  'Chunked',
  ' chunked ',
  'chunked, chunked',
  'gzip, chunked',
  'identity',
  '',
  'chunked;a',
  'x, chunked',
];
const CONNECTIONS = [
  'close', 'keep-alive', 'Keep-Alive', 'upgrade', 'close, keep-alive', 'keep-alive, close', 'Close', 'X-A', 'TE', '',
  'close,', ',close', 'keep-alive, Upgrade', 'close\t', 'xclose', 'close x', 'content-length', 'transfer-encoding', 'host',
]; // biome-ignore format: a list
const OTHERS = [
  'X-A: 1', 'x-a: 2', 'X-B: \xe9\xff', 'X-Empty:', 'X-Tab:\ta\t', 'Cookie: a=b; c=d', 'Trailer: X-T', 'TE: trailers',
  'Upgrade: websocket', 'Upgrade: h2c', 'Expect: 100-continue', 'Via: 1.1 x', 'X-Forwarded-For: 1.2.3.4', 'Content_Length: 3',
  'Proxy-Connection: close', 'Proxy-Connection: keep-alive', 'Keep-Alive: timeout=5', 'Max-Forwards: 3', '!#$%&: x',
  'Transfer_Encoding: chunked', 'Content-Length2: 3', 'Forwarded: for=x', 'Date: now', "X-Quote: \"a\\\"b\"", 'X-Colon: a:b',
]; // biome-ignore format: a list
const EXTENSIONS = [
  '',
  '',
  '',
  '',
  ';a',
  ';a=b',
  ';a="b;c\\"d"',
  ';a;b=c',
  ' ;a',
  ';',
  ';a=',
  '; a',
  ';a="',
  ';a=b ',
  ';\xe9',
];
const CRLF = '\r\n';

function chance(random: Random, percent: number): boolean {
  return random.below(100) < percent;
}

function text(random: Random, length: number): string {
  let out = '';
  while (out.length < length) {
    out += random.pick([
      'a',
      'b',
      CRLF,
      '0\r\n\r\n',
      'GET /evil HTTP/1.1\r\nHost: e\r\n\r\n',
      '\0',
      '\xff',
      'HTTP/1.1 200 EVIL\r\n\r\n',
    ]);
  }
  return out.slice(0, length);
}

function chunked(random: Random): string {
  let out = '';
  for (let n = random.below(3); n > 0; n--) {
    const data = text(random, 1 + random.below(20));
    const size = data.length.toString(16);
    out += `${chance(random, 10) ? size.toUpperCase().padStart(4, '0') : size}${random.pick(EXTENSIONS)}${CRLF}${data}${CRLF}`;
  }
  out += `0${chance(random, 20) ? random.pick(EXTENSIONS) : ''}${CRLF}`;
  if (chance(random, 25))
    out += `${random.pick(['X-T: 1', 'Content-Length: 9', 'X-U: \xff', 'X-V:', 'X-W : 1', ' X'])}${CRLF}`;
  return out + CRLF;
}

/** Framing fields and the body that goes with them, or nearly. */
function framed(random: Random): { readonly lines: string[]; readonly body: string } {
  switch (random.below(8)) {
    case 0:
    case 1:
    case 2:
      return { lines: [], body: '' };
    case 3:
    case 4: {
      const body = text(random, random.below(30));
      return { lines: [`Content-Length: ${body.length}`], body };
    }
    case 5:
      return { lines: [`Content-Length: ${random.pick(LENGTHS)}`], body: 'hello' };
    case 6:
      return { lines: ['Transfer-Encoding: chunked'], body: chunked(random) };
    default: {
      const lines = [`Transfer-Encoding: ${random.pick(CODINGS)}`];
      if (chance(random, 20)) lines.push(`Content-Length: ${random.pick(LENGTHS)}`);
      return { lines, body: chunked(random) };
    }
  }
}

function fieldLines(random: Random, first: readonly string[]): string[] {
  const lines = [...first];
  for (let n = random.below(4); n > 0; n--) lines.push(random.pick(OTHERS));
  if (chance(random, 30)) lines.push(`Connection: ${random.pick(CONNECTIONS)}`);
  for (let i = lines.length - 1; i > 0; i--) {
    const j = random.below(i + 1);
    [lines[i], lines[j]] = [lines[j]!, lines[i]!];
  }
  return lines;
}

function request(random: Random): string {
  const { lines, body } = framed(random);
  const version = chance(random, 90) ? '1.1' : random.pick(['1.0', '1.2', '2.0', '0.9', '1.']);
  const host = chance(random, 95) ? [`Host: ${random.pick(HOSTS)}`] : [];
  const head = [
    `${random.pick(METHODS)} ${random.pick(TARGETS)} HTTP/${version}`,
    ...fieldLines(random, [...host, ...lines]),
  ];
  return `${chance(random, 5) ? CRLF : ''}${head.join(CRLF)}${CRLF}${CRLF}${body}`;
}

/** A stream of requests. */
export function requests(random: Random): string {
  let out = '';
  if (random.below(3) === 0) {
    // The long ones are about limits, and slow.
    out = random.pick(random.below(40) === 0 ? requestSeeds : shortRequests);
  } else {
    for (let n = 1 + random.below(3); n > 0; n--) out += request(random);
  }
  if (chance(random, 80)) out = mutate(out, random, random.pick(shortRequests));
  return out;
}

const shortRequests = short(requestSeeds);
const shortResponses = short(responseSeeds);

const STATUSES = [
  '200 OK',
  '200 OK',
  '200 OK',
  '404 Not Found',
  '204 No Content',
  '304 Not Modified',
  '206 ',
  '599',
  '426 U',
  '302 \xe9',
  '101 S',
];
const INTERIMS = ['100 Continue', '102 Processing', '103 Early Hints', '110 Odd', '199', '100'];

function response(random: Random, statuses: readonly string[]): string {
  const { lines, body } = framed(random);
  const version = chance(random, 90) ? '1.1' : random.pick(['1.0', '1.2', '2.0', '1.']);
  const interim = statuses === INTERIMS;
  const head = [
    `HTTP/${version} ${random.pick(statuses)}`,
    ...fieldLines(random, interim && chance(random, 80) ? [] : lines),
  ];
  return `${head.join(CRLF)}${CRLF}${CRLF}${interim ? '' : body}`;
}

/** What an origin sends in answer to one request. */
export function responses(random: Random): string {
  let out = '';
  if (random.below(3) === 0) {
    out = random.pick(random.below(40) === 0 ? responseSeeds : shortResponses);
  } else {
    for (let n = Math.max(0, random.below(5) - 2); n > 0; n--) out += response(random, INTERIMS);
    out += response(random, STATUSES);
    if (chance(random, 10)) out += response(random, STATUSES);
  }
  if (chance(random, 75)) out = mutate(out, random, random.pick(shortResponses));
  return out;
}
