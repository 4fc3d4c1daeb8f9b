// Requests as raw bytes, and what must become of them. Each is sent whole and split, over the wire; the heads also go
// through the parser alone, split at every byte. RFC sections stand where a MUST or SHOULD is meant.

/** What a strict second parser (Node's) at the origin must see of a request that is passed on. */
export interface Seen {
  readonly method?: string;
  readonly url?: string;
  /** Lower-case name → all values, in order; [] = the field must not be there. */
  readonly headers?: Readonly<Record<string, readonly string[]>>;
  readonly body?: string;
  readonly trailers?: Readonly<Record<string, string>>;
}

export interface RequestCase {
  readonly name: string;
  readonly send: string;
  /** Statuses of the final answers, in order. After the last one the connection must end. */
  readonly answers: readonly number[];
  /** What reaches the origin; none: not one request, nor a byte of one. */
  readonly origin?: readonly Seen[];
}

const CRLF = '\r\n';

/** A request that ends the connection: `line`, Host, Connection: close, then `fields`. */
function closing(line: string, ...fields: string[]): string {
  return `${[line, 'Host: a.test', 'Connection: close', ...fields].join(CRLF)}${CRLF}${CRLF}`;
}

/** Lines as they are, with CRLF and an empty line at the end. */
function head(...lines: string[]): string {
  return `${lines.join(CRLF)}${CRLF}${CRLF}`;
}

/** A head of so many bytes, its empty line included. */
function headOf(bytes: number): string {
  const empty = closing('GET / HTTP/1.1', 'X-A: ');
  return closing('GET / HTTP/1.1', `X-A: ${'a'.repeat(bytes - empty.length)}`);
}

function refused(name: string, send: string, status = 400): RequestCase {
  return { name, send, answers: [status] };
}

function passed(name: string, send: string, seen: Seen = {}): RequestCase {
  return { name, send, answers: [200], origin: [seen] };
}

const GET = 'GET / HTTP/1.1';
const POST = 'POST / HTTP/1.1';
const CHUNKED = 'Transfer-Encoding: chunked';

const requestLines: RequestCase[] = [
  passed('passes a plain GET', closing(GET), { method: 'GET', url: '/' }),
  passed('passes one empty line before the request (9112 2.2)', `${CRLF}${closing(GET)}`, { method: 'GET' }),
  refused('refuses two empty lines before the request', `${CRLF}${CRLF}${closing(GET)}`),
  refused('refuses a bare CR before the request', `\r${closing(GET)}`),
  refused('refuses a bare LF with 400, whatever else is wrong', closing('GET / HTTP/2.0', 'X-A: a\nb')),
  passed('passes an unknown method (9110 7.6)', closing('PROPFIND / HTTP/1.1'), { method: 'PROPFIND' }),
  refused('refuses two spaces in the request line (9112 3)', closing('GET  / HTTP/1.1')),
  refused('refuses a tab in the request line', closing('GET\t/ HTTP/1.1')),
  refused('refuses a space in the target (9112 3.2)', closing('GET /a b HTTP/1.1')),
  refused('refuses a space behind the version', closing('GET / HTTP/1.1 ')),
  refused('refuses a leading space', closing(' GET / HTTP/1.1')),
  refused('refuses a method that is no token', closing('G@T / HTTP/1.1')),
  refused('refuses a method with a colon', closing('GET: / HTTP/1.1')),
  refused('refuses a lower-case protocol name', closing('GET / http/1.1')),
  refused('refuses another protocol', closing('GET / RTSP/1.0')),
  refused('refuses a version without minor', closing('GET / HTTP/1')),
  refused('refuses a version with two digits', closing('GET / HTTP/01.01')),
  refused('refuses a request line without version', head('GET /', 'Host: a.test')),
  refused('refuses HTTP/2.0 with 505 (9110 15.6.6)', closing('GET / HTTP/2.0'), 505),
  refused('refuses the preface of HTTP/2 with 505', `PRI * HTTP/2.0${CRLF}${CRLF}SM${CRLF}${CRLF}`, 505),
  refused('refuses HTTP/0.9 as a version with 505', closing('GET / HTTP/0.9'), 505),
  passed('reads HTTP/1.2 as HTTP/1.1 (9110 6.2)', closing('GET / HTTP/1.2')),
  refused('refuses a control byte in the target', closing('GET /\x01 HTTP/1.1')),
  refused('refuses a byte beyond ASCII in the target', closing('GET /\xe9 HTTP/1.1')),
  refused('refuses a fragment (9112 3.2)', closing('GET /a#b HTTP/1.1')),
  refused('refuses a target without a slash', closing('GET a HTTP/1.1')),
  refused('refuses a method of more than 32 bytes with 501', closing(`${'M'.repeat(33)} / HTTP/1.1`), 501),
  passed('passes a target of 16384 bytes', closing(`GET /${'a'.repeat(16_383)} HTTP/1.1`)),
  refused('refuses a target of 16385 bytes with 414', closing(`GET /${'a'.repeat(16_384)} HTTP/1.1`), 414),
  refused('refuses a request line beyond 65536 bytes with 414', closing(`GET /${'a'.repeat(70_000)} HTTP/1.1`), 414),
  refused('refuses a request line that never ends with 414', `GET /${'a'.repeat(70_000)}`, 414),
  refused('refuses bytes that are no HTTP (9112 2.2)', head('EHLO a.test')),
];

const targets: RequestCase[] = [
  passed('passes path and query byte for byte (9110 7.7)', closing('GET //a/%2F/%00/;x=%zz?q=1&a=%41?? HTTP/1.1'), {
    url: '//a/%2F/%00/;x=%zz?q=1&a=%41??',
  }),
  passed('passes a bare question mark', closing('GET /a? HTTP/1.1'), { url: '/a?' }),
  passed('passes a query with a dot segment', closing('GET /a?../b HTTP/1.1'), { url: '/a?../b' }),
  passed('passes dots that are no dot segment', closing('GET /a/.../.b/c. HTTP/1.1'), { url: '/a/.../.b/c.' }),
  refused('refuses a dot segment', closing('GET /a/../b HTTP/1.1')),
  refused('refuses a dot segment at the end', closing('GET /a/.. HTTP/1.1')),
  refused('refuses an encoded dot segment', closing('GET /a/%2e%2E/b HTTP/1.1')),
  refused('refuses a dot segment behind an encoded slash', closing('GET /app/..%2fsecret HTTP/1.1')),
  refused('refuses a dot segment behind a backslash', closing('GET /app\\..\\secret HTTP/1.1')),
  refused('refuses a dot segment with a parameter', closing('GET /app/..;x/secret HTTP/1.1')),
  passed('reads absolute-form, its authority wins (9112 3.2.2)', closing('GET http://b.test:81/x?y HTTP/1.1'), {
    url: '/x?y',
    headers: { host: ['b.test:81'] },
  }),
  passed('reads absolute-form without a path as /', closing('GET http://b.test HTTP/1.1'), { url: '/' }),
  passed('reads absolute-form with a query and no path', closing('GET http://b.test?q HTTP/1.1'), { url: '/?q' }),
  refused('refuses userinfo in absolute-form (9110 4.2.4)', closing('GET http://u@b.test/ HTTP/1.1')),
  refused('refuses absolute-form with an empty authority', closing('GET http:///x HTTP/1.1')),
  refused('refuses absolute-form with a bad port', closing('GET http://b.test:99999/ HTTP/1.1')),
  refused('refuses another scheme', closing('GET ftp://b.test/ HTTP/1.1')),
  refused('refuses the asterisk with GET (9112 3.2.4)', closing('GET * HTTP/1.1')),
  { name: 'answers OPTIONS * itself', send: closing('OPTIONS * HTTP/1.1'), answers: [204] },
  refused('refuses OPTIONS *x', closing('OPTIONS *x HTTP/1.1')),
  refused('refuses CONNECT with 501 (9110 9.3.6)', closing('CONNECT b.test:443 HTTP/1.1'), 501),
  refused('refuses CONNECT to a port beyond 65535 (9110 9.3.6)', closing('CONNECT b.test:65536 HTTP/1.1')),
  refused('refuses https on a connection that is not secured (9110 7.4)', closing('GET https://a.test/ HTTP/1.1'), 421),
  refused('refuses CONNECT without a port', closing('CONNECT b.test HTTP/1.1')),
  refused('refuses CONNECT with a path', closing('CONNECT / HTTP/1.1')),
  refused('refuses authority-form outside CONNECT', closing('GET b.test:80 HTTP/1.1')),
  refused('refuses TRACE with 405 (9110 9.3.8)', closing('TRACE / HTTP/1.1'), 405),
  {
    name: 'answers OPTIONS of an absolute URL without a path as OPTIONS * (9112 3.2.4)',
    send: closing('OPTIONS http://b.test HTTP/1.1'),
    answers: [204],
  },
];

const hosts: RequestCase[] = [
  refused('refuses HTTP/1.1 without Host (9112 3.2)', head(GET, 'Connection: close')),
  refused('refuses two Host fields', head(GET, 'Host: a.test', 'Host: a.test')),
  refused('refuses two Host fields in HTTP/1.0', head('GET / HTTP/1.0', 'Host: a.test', 'Host: b.test')),
  passed('takes HTTP/1.0 without Host', head('GET / HTTP/1.0'), { url: '/' }),
  passed('passes Host as sent, in its case and with its port', head(GET, 'Host: A.Test:8080', 'Connection: close'), {
    headers: { host: ['A.Test:8080'] },
  }),
  ...[
    ['an empty Host', ''],
    ['userinfo in Host', 'u@a.test'],
    ['a path in Host', 'a.test/x'],
    ['a comma in Host', 'a.test,b.test'],
    ['a space in Host', 'a.test b'],
    ['two ports in Host', 'a.test:80:81'],
    ['a port that is no number in Host', 'a.test:http'],
    ['a port beyond 65535 in Host', 'a.test:65536'],
    ['a port of six digits in Host', 'a.test:000080'],
    ['two dots in Host', 'a..test'],
    ['an unbalanced bracket in Host', '[::1'],
    ['an IPv6 address that is none in Host', '[::1::2]'],
    ['text behind an IPv6 address in Host', '[::1]x'],
    ['a query in Host', 'a.test?x'],
    ['a byte beyond ASCII in Host', '\xe9.test'],
  ].map(([name, value]) => refused(`refuses ${name}`, head(GET, `Host: ${value}`, 'Connection: close'))),
  passed('tolerates a trailing dot in Host', head(GET, 'Host: a.test.', 'Connection: close')),
  passed('tolerates an empty port in Host', head(GET, 'Host: a.test:', 'Connection: close')),
  passed('takes an IPv6 address as Host', head(GET, 'Host: [::1]:80', 'Connection: close'), {
    headers: { host: ['[::1]:80'] },
  }),
];

const fields: RequestCase[] = [
  refused('refuses obs-fold (9112 5.2)', closing(GET, 'X-A: 1', ' 2')),
  refused('refuses obs-fold with a tab', closing(GET, 'X-A: 1', '\t2')),
  refused('refuses white space before the first field (9112 2.2)', head(GET, ' Host: a.test')),
  refused('refuses a space before the colon (9112 5.1)', closing(GET, 'X-A : 1')),
  refused('refuses a tab before the colon', closing(GET, 'X-A\t: 1')),
  refused('refuses an empty field name', closing(GET, ': 1')),
  refused('refuses a field without a colon', closing(GET, 'X-A')),
  refused('refuses a bracket in a field name', closing(GET, 'X[A]: 1')),
  refused('refuses a byte beyond ASCII in a field name', closing(GET, 'X-\xe9: 1')),
  refused('refuses NUL in a value (9110 5.5)', closing(GET, 'X-A: a\0b')),
  refused('refuses a control byte in a value', closing(GET, 'X-A: a\x01b')),
  refused('refuses DEL in a value', closing(GET, 'X-A: a\x7fb')),
  refused('refuses a bare CR in a value (9112 2.2)', closing(GET, 'X-A: a\rb')),
  refused('refuses a bare LF in a value', closing(GET, 'X-A: a\nX-B: b')),
  refused('refuses bare LF as line ends', 'GET / HTTP/1.1\nHost: a.test\n\n'),
  refused('refuses a bare LF behind the request line', `GET / HTTP/1.1\nHost: a.test${CRLF}${CRLF}`),
  refused('refuses CR CR LF', `GET / HTTP/1.1${CRLF}Host: a.test\r${CRLF}${CRLF}`),
  refused('refuses a head that ends with LF CR LF', `GET / HTTP/1.1${CRLF}Host: a.test\n${CRLF}`),
  passed('passes a value beyond ASCII byte for byte (9110 5.5)', closing(GET, 'X-A: \xe9\xff'), {
    headers: { 'x-a': ['\xe9\xff'] },
  }),
  passed('passes an empty value', closing(GET, 'X-A:'), { headers: { 'x-a': [''] } }),
  passed('passes a value with inner spaces', closing(GET, 'X-A: \t a  b \t '), { headers: { 'x-a': ['a  b'] } }),
  passed('keeps the order of equal fields (9110 5.3)', closing(GET, 'X-A: 1', 'X-B: 2', 'X-A: 3'), {
    headers: { 'x-a': ['1', '3'] },
  }),
  passed(
    'passes Authorization and conditions untouched',
    closing(GET, 'Authorization: Basic x', 'If-None-Match: "a"'),
    {
      headers: { authorization: ['Basic x'], 'if-none-match': ['"a"'] },
    },
  ),
  passed('takes 200 fields', head(GET, 'Host: a.test', 'Connection: close', ...new Array(198).fill('X-A: 1'))),
  refused(
    'refuses 201 fields with 431 (6585 5)',
    head(GET, 'Host: a.test', 'Connection: close', ...new Array(199).fill('X-A: 1')),
    431,
  ),
  passed('takes a head of 65536 bytes', headOf(65_536)),
  refused('refuses a head beyond 65536 bytes with 431', headOf(65_537), 431),
  refused('refuses a head that never ends with 431', `${GET}${CRLF}X-A: ${'a'.repeat(70_000)}`, 431),
];

const lengths: RequestCase[] = [
  passed('passes a body by length', `${closing(POST, 'Content-Length: 5')}hello`, {
    body: 'hello',
    headers: { 'content-length': ['5'], 'transfer-encoding': [] },
  }),
  passed('passes a length of zero', closing(POST, 'Content-Length: 0'), {
    body: '',
    headers: { 'content-length': ['0'] },
  }),
  passed('adds no framing to a request without body (9112 6.3)', closing(GET), {
    headers: { 'content-length': [], 'transfer-encoding': [] },
  }),
  ...['+5', '-1', '0x5', '1_0', '5 5', '', '5, 10', '5,5', '9'.repeat(16), '1e3'].map((value) =>
    refused(
      `refuses Content-Length ${JSON.stringify(value)} (9112 6.3)`,
      `${closing(POST, `Content-Length: ${value}`)}hello`,
    ),
  ),
  refused('refuses two different lengths', `${closing(POST, 'Content-Length: 5', 'Content-Length: 6')}hello!`),
  refused('refuses two equal lengths (9110 8.6)', `${closing(POST, 'Content-Length: 5', 'Content-Length: 5')}hello`),
  refused('refuses a length with a coding (9112 6.1)', `${closing(POST, 'Content-Length: 5', CHUNKED)}0${CRLF}${CRLF}`),
  refused('refuses a coding with a length', `${closing(POST, CHUNKED, 'Content-Length: 5')}0${CRLF}${CRLF}`),
  refused(
    'refuses a length named in odd case with a coding',
    `${closing(POST, 'cOnTeNt-LeNgTh: 5', CHUNKED)}0${CRLF}${CRLF}`,
  ),
];

/** Trailers of so many bytes, the empty line behind them included. */
function trailersOf(bytes: number): string {
  return `X-T: ${'a'.repeat(bytes - 'X-T: '.length - 4)}${CRLF}${CRLF}`;
}

const codings: RequestCase[] = [
  passed(
    'passes a chunked body, framed anew',
    `${closing(POST, CHUNKED)}3${CRLF}abc${CRLF}2${CRLF}de${CRLF}0${CRLF}${CRLF}`,
    {
      body: 'abcde',
      headers: { 'transfer-encoding': ['chunked'], 'content-length': [] },
    },
  ),
  passed('reads Chunked in any case (9112 7)', `${closing(POST, 'Transfer-Encoding: Chunked')}0${CRLF}${CRLF}`, {
    body: '',
  }),
  passed(
    'reads a coding with a tab behind it, and frames the body anew (9112 5.1)',
    `${closing(POST, 'Transfer-Encoding: chunked\t')}1${CRLF}a${CRLF}0${CRLF}${CRLF}`,
    { body: 'a', headers: { 'transfer-encoding': ['chunked'] } },
  ),
  {
    name: 'takes no Connection out of trailers',
    send:
      `${head(POST, 'Host: a.test', CHUNKED)}0${CRLF}Connection: close${CRLF}Proxy-Connection: close${CRLF}${CRLF}` +
      closing('GET /2 HTTP/1.1'),
    answers: [200, 200],
    origin: [{ body: '', trailers: {} }, { url: '/2' }],
  },
  passed('keeps the body of a chunked GET', `${closing(GET, CHUNKED)}1${CRLF}a${CRLF}0${CRLF}${CRLF}`, { body: 'a' }),
  passed(
    'keeps the body of a chunked DELETE',
    `${closing('DELETE / HTTP/1.1', CHUNKED)}b${CRLF}GET /secret${CRLF}0${CRLF}${CRLF}`,
    { body: 'GET /secret' },
  ),
  passed(
    'keeps the body of a chunked OPTIONS',
    `${closing('OPTIONS / HTTP/1.1', CHUNKED)}1${CRLF}a${CRLF}0${CRLF}${CRLF}`,
    { body: 'a' },
  ),
  passed(
    'reads a chunk size in capitals and with leading zeros',
    `${closing(POST, CHUNKED)}00A${CRLF}0123456789${CRLF}0${CRLF}${CRLF}`,
    { body: '0123456789' },
  ),
  passed(
    'ignores and drops chunk extensions (9112 7.1.1)',
    `${closing(POST, CHUNKED)}1;a=b;c="d;\\"e"${CRLF}x${CRLF}0;z${CRLF}${CRLF}`,
    { body: 'x' },
  ),
  passed(
    'takes 4096 bytes of chunk extensions',
    `${closing(POST, CHUNKED)}1;${'a'.repeat(4_096)}${CRLF}x${CRLF}0${CRLF}${CRLF}`,
    { body: 'x' },
  ),
  passed(
    'reads a chunk size of 16 digits',
    `${closing(POST, CHUNKED)}${'0'.repeat(15)}1${CRLF}x${CRLF}0${CRLF}${CRLF}`,
    { body: 'x' },
  ),
  passed('takes 16384 bytes of trailers', `${closing(POST, CHUNKED)}0${CRLF}${trailersOf(16_384)}`, {
    trailers: { 'X-T': 'a'.repeat(16_384 - 'X-T: '.length - 4) },
  }),
  passed(
    'passes trailers on, without those that must not be there',
    `${closing(POST, CHUNKED, 'Trailer: X-T')}1${CRLF}x${CRLF}0${CRLF}X-T: 1${CRLF}Content-Length: 9${CRLF}Authorization: x${CRLF}${CRLF}`,
    {
      body: 'x',
      trailers: { 'X-T': '1' },
    },
  ),
  passed('does not wait for a body because of a Trailer field', closing(GET, 'Trailer: X-T'), {
    headers: { trailer: [] },
  }),
  ...[
    'chunked, chunked',
    'chunked, gzip',
    'gzip',
    'identity',
    'chunked;x=y',
    'xchunked',
    '',
    ',',
    'chunked identity',
    '"chunked"',
  ].map((value) =>
    refused(
      `refuses Transfer-Encoding ${JSON.stringify(value)} (9112 6.3)`,
      `${closing(POST, `Transfer-Encoding: ${value}`)}0${CRLF}${CRLF}`,
    ),
  ),
  refused(
    'refuses an unknown coding before chunked with 501 (9112 6.1)',
    `${closing(POST, 'Transfer-Encoding: gzip, chunked')}0${CRLF}${CRLF}`,
    501,
  ),
  refused('refuses two coding fields', `${closing(POST, CHUNKED, CHUNKED)}0${CRLF}${CRLF}`),
  refused('refuses a folded coding', `${closing(POST, 'Transfer-Encoding:', ' chunked')}0${CRLF}${CRLF}`),
  refused('refuses a coding with a vertical tab', `${closing(POST, 'Transfer-Encoding: \x0bchunked')}0${CRLF}${CRLF}`),
  refused(
    'refuses a coding in HTTP/1.0 (9112 6.1)',
    `${head('POST / HTTP/1.0', 'Host: a.test', CHUNKED)}0${CRLF}${CRLF}`,
  ),
  passed(
    'drops trailers that Connection names (9110 7.6.1)',
    `${head(POST, 'Host: a.test', 'Connection: close, X-T', CHUNKED)}1${CRLF}x${CRLF}0${CRLF}X-T: 1${CRLF}X-U: 2${CRLF}${CRLF}`,
    { body: 'x', trailers: { 'X-U': '2' } },
  ),
  passed(
    'passes a body on whose client does not wait for 100 (9110 10.1.1)',
    `${closing(POST, 'Expect: 100-continue', 'Content-Length: 2')}hi`,
    { body: 'hi', headers: { expect: ['100-continue'] } },
  ),
];

/** The head is fine, the body breaks: the origin has seen a request begin, and never its end. */
const brokenBodies: readonly (readonly [string, string])[] = [
  ['a chunk size with a sign', `+1${CRLF}a${CRLF}0${CRLF}${CRLF}`],
  ['a chunk size with 0x', `0x1${CRLF}a${CRLF}0${CRLF}${CRLF}`],
  ['a chunk size with a space behind it', `1 ${CRLF}a${CRLF}0${CRLF}${CRLF}`],
  ['a chunk size with a space before it', ` 1${CRLF}a${CRLF}0${CRLF}${CRLF}`],
  ['no chunk size', `${CRLF}a${CRLF}0${CRLF}${CRLF}`],
  ['a chunk size that is no number', `g${CRLF}a${CRLF}0${CRLF}${CRLF}`],
  ['a chunk size with an underscore', `1_0${CRLF}0123456789abcdef${CRLF}0${CRLF}${CRLF}`],
  ['a chunk size of 17 digits', `${'0'.repeat(16)}1${CRLF}a${CRLF}0${CRLF}${CRLF}`],
  ['a chunk size beyond 2^53', `20000000000001${CRLF}a${CRLF}0${CRLF}${CRLF}`],
  ['a bare LF behind a chunk size', `1\na${CRLF}0${CRLF}${CRLF}`],
  ['a bare CR behind a chunk size', `1\ra${CRLF}0${CRLF}${CRLF}`],
  ['chunk data longer than its size', `1${CRLF}ab${CRLF}0${CRLF}${CRLF}`],
  ['a bare LF behind chunk data', `1${CRLF}a\n0${CRLF}${CRLF}`],
  ['an extension without a name', `1;${CRLF}a${CRLF}0${CRLF}${CRLF}`],
  ['an extension with an open quote', `1;a="b${CRLF}a${CRLF}0${CRLF}${CRLF}`],
  ['an extension with a bare LF', `1;a\nb${CRLF}a${CRLF}0${CRLF}${CRLF}`],
  ['extensions beyond 4096 bytes', `1;${'a'.repeat(4_097)}${CRLF}a${CRLF}0${CRLF}${CRLF}`],
  ['a trailer with a space before the colon', `0${CRLF}X-T : 1${CRLF}${CRLF}`],
  ['a folded trailer', `0${CRLF}X-T: 1${CRLF} 2${CRLF}${CRLF}`],
  ['a bare LF in the trailers', `0${CRLF}X-T: 1\n${CRLF}`],
  ['trailers beyond 16384 bytes', `0${CRLF}${trailersOf(16_385)}`],
];

export const brokenUploads: readonly RequestCase[] = brokenBodies.map(([name, body]) =>
  refused(`refuses ${name} (9112 7.1)`, `${closing(POST, CHUNKED)}${body}`),
);

const hops: RequestCase[] = [
  passed(
    'drops what Connection names, in any case and several lines (9110 7.6.1)',
    head(GET, 'Host: a.test', 'Connection: close, X-A', 'connection: ,x-b', 'X-A: 1', 'X-B: 2', 'X-C: 3'),
    {
      headers: { 'x-a': [], 'x-b': [], 'x-c': ['3'] },
    },
  ),
  passed(
    'drops hop-by-hop fields that Connection does not name',
    closing(
      GET,
      'Keep-Alive: timeout=5',
      'Proxy-Connection: keep-alive',
      'TE: gzip',
      'Upgrade: websocket',
      'HTTP2-Settings: x',
    ),
    {
      headers: { 'keep-alive': [], 'proxy-connection': [], te: [], upgrade: [], 'http2-settings': [] },
    },
  ),
  passed(
    'does not let Connection remove Host, framing or our own fields',
    `${head(POST, 'Host: a.test', 'Connection: close, Host, Content-Length, X-Forwarded-For, Forwarded', 'Content-Length: 1')}a`,
    {
      body: 'a',
      headers: { host: ['a.test'], 'content-length': ['1'], 'x-forwarded-for': ['127.0.0.1'] },
    },
  ),
  passed(
    'passes TE: trailers on, and no other coding',
    head(GET, 'Host: a.test', 'Connection: close, TE', 'TE: gzip, trailers'),
    { headers: { te: ['trailers'] } },
  ),
  passed('does not honour Proxy-Connection', closing(GET, 'Proxy-Connection: keep-alive')),
  passed('drops an Upgrade without the Connection option (9110 7.8)', closing(GET, 'Upgrade: websocket'), {
    headers: { upgrade: [] },
  }),
  passed(
    'drops an Upgrade from HTTP/1.0',
    head('GET / HTTP/1.0', 'Host: a.test', 'Connection: upgrade', 'Upgrade: websocket'),
    { headers: { upgrade: [] } },
  ),
  passed(
    'drops an Upgrade to h2c',
    head(GET, 'Host: a.test', 'Connection: close, Upgrade, HTTP2-Settings', 'Upgrade: h2c', 'HTTP2-Settings: x'),
    {
      headers: { upgrade: [], 'http2-settings': [] },
    },
  ),
  passed('adds Via with the version received (9110 7.6.3)', head('GET / HTTP/1.0', 'Host: a.test', 'Via: 1.1 x'), {
    headers: { via: ['1.1 x', '1.0 prproxy-test'] },
  }),
  refused('breaks a loop with 508', closing(GET, `Via: ${new Array(8).fill('1.1 prproxy-test').join(', ')}`), 508),
  passed('lets seven passes through', closing(GET, `Via: ${new Array(7).fill('1.1 prproxy-test').join(', ')}`)),
  {
    name: 'answers OPTIONS with Max-Forwards: 0 itself (9110 7.6.2)',
    send: closing('OPTIONS / HTTP/1.1', 'Max-Forwards: 0'),
    answers: [204],
  },
  passed('counts Max-Forwards of OPTIONS down', closing('OPTIONS / HTTP/1.1', 'Max-Forwards: 5'), {
    headers: { 'max-forwards': ['4'] },
  }),
  passed('leaves Max-Forwards of GET alone', closing(GET, 'Max-Forwards: 5'), { headers: { 'max-forwards': ['5'] } }),
  passed(
    'replaces forwarding fields of a stranger, in any spelling',
    closing(
      GET,
      'X-Forwarded-For: 1.2.3.4',
      'x_forwarded_for: 1.2.3.4',
      'X-Forwarded-Host: evil',
      'Forwarded: for=1.2.3.4',
      'X-Real-IP: 1.2.3.4',
      'X_REAL-IP: 1.2.3.4',
      'X-Forwarded-Anything: x',
    ),
    {
      headers: {
        'x-forwarded-for': ['127.0.0.1'],
        x_forwarded_for: [],
        'x-forwarded-host': ['a.test'],
        'x-forwarded-proto': ['http'],
        'x-real-ip': ['127.0.0.1'],
        'x_real-ip': [],
        'x-forwarded-anything': [],
        forwarded: ['for=127.0.0.1;host="a.test";proto=http'],
      },
    },
  ),
  refused(
    'refuses an unknown expectation with 417 (9110 10.1.1)',
    closing(POST, 'Expect: magic', 'Content-Length: 0'),
    417,
  ),
  passed(
    'ignores Expect from HTTP/1.0',
    `${head('POST / HTTP/1.0', 'Host: a.test', 'Expect: 100-continue', 'Content-Length: 1')}a`,
    { body: 'a', headers: { expect: [] } },
  ),
  passed('invents no Max-Forwards (9110 9.3.7)', closing('OPTIONS / HTTP/1.1'), { headers: { 'max-forwards': [] } }),
  {
    name: 'reads Max-Forwards: 00 as zero (9110 7.6.2)',
    send: closing('OPTIONS / HTTP/1.1', 'Max-Forwards: 00'),
    answers: [204],
  },
  passed('counts Max-Forwards with a leading zero down', closing('OPTIONS / HTTP/1.1', 'Max-Forwards: 05'), {
    headers: { 'max-forwards': ['4'] },
  }),
  passed(
    'drops an Authorization that Connection names',
    closing(GET, 'Connection: Authorization', 'Authorization: x'),
    {
      headers: { authorization: [] },
    },
  ),
];

const sequences: RequestCase[] = [
  {
    name: 'answers pipelined requests in order (9112 9.3.2)',
    send:
      head('GET /1 HTTP/1.1', 'Host: a.test') +
      `${head('POST /2 HTTP/1.1', 'Host: a.test', 'Content-Length: 2')}ab` +
      `${head('POST /3 HTTP/1.1', 'Host: a.test', CHUNKED)}1${CRLF}c${CRLF}0${CRLF}${CRLF}` +
      closing('GET /4 HTTP/1.1'),
    answers: [200, 200, 200, 200],
    origin: [{ url: '/1' }, { url: '/2', body: 'ab' }, { url: '/3', body: 'c' }, { url: '/4' }],
  },
  {
    name: 'processes nothing behind Connection: close (9112 9.6)',
    send: closing('GET /1 HTTP/1.1') + closing('GET /2 HTTP/1.1'),
    answers: [200],
    origin: [{ url: '/1' }],
  },
  {
    name: 'closes behind HTTP/1.0 without keep-alive',
    send: head('GET /1 HTTP/1.0', 'Host: a.test') + closing('GET /2 HTTP/1.1'),
    answers: [200],
    origin: [{ url: '/1' }],
  },
  {
    name: 'keeps HTTP/1.0 open when asked to',
    send: head('GET /1 HTTP/1.0', 'Host: a.test', 'Connection: keep-alive') + closing('GET /2 HTTP/1.1'),
    answers: [200, 200],
    origin: [{ url: '/1' }, { url: '/2' }],
  },
  {
    name: 'reads what follows a request without framing as the next request',
    send: head('POST /1 HTTP/1.1', 'Host: a.test') + closing('GET /2 HTTP/1.1'),
    answers: [200, 200],
    origin: [{ url: '/1', body: '' }, { url: '/2' }],
  },
  {
    name: 'refuses a bad request behind a good one, and nothing after it',
    send:
      head('GET /1 HTTP/1.1', 'Host: a.test') +
      head('GET /2 HTTP/1.1', 'Host: a.test', 'X : 1') +
      closing('GET /3 HTTP/1.1'),
    answers: [200, 400],
    origin: [{ url: '/1' }],
  },
  {
    name: 'does not take a hidden request out of a body',
    send: `${head('POST /1 HTTP/1.1', 'Host: a.test', 'Content-Length: 37')}GET /hidden HTTP/1.1\r\nHost: a.test\r\n\r${closing('GET /2 HTTP/1.1')}`,
    answers: [200, 200],
    origin: [{ url: '/1', body: 'GET /hidden HTTP/1.1\r\nHost: a.test\r\n\r' }, { url: '/2' }],
  },
  {
    name: 'does not keep HTTP/1.0 open because of Proxy-Connection (9112 9.3)',
    send: head('GET /1 HTTP/1.0', 'Host: a.test', 'Proxy-Connection: keep-alive') + closing('GET /2 HTTP/1.1'),
    answers: [200],
    origin: [{ url: '/1' }],
  },
  {
    name: 'closes when Connection says both close and keep-alive (9112 9.3)',
    send: head(GET, 'Host: a.test', 'Connection: keep-alive, close') + closing('GET /2 HTTP/1.1'),
    answers: [200],
    origin: [{ url: '/' }],
  },
];

export const requestCases: readonly RequestCase[] = [
  ...requestLines,
  ...targets,
  ...hosts,
  ...fields,
  ...lengths,
  ...codings,
  ...hops,
  ...sequences,
];
