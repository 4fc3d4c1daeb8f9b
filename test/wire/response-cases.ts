// Answers of an origin as raw bytes, and what the client must get. Each is sent whole and split. `CLOSE` at the end
// means that the origin closes behind it.

export interface ResponseCase {
  readonly name: string;
  /** The request line and further fields; GET HTTP/1.1 when left out. */
  readonly request?: string;
  readonly answer: string;
  /** The origin ends the connection behind the answer. */
  readonly closes?: boolean;
  readonly status: number;
  readonly interim?: readonly number[];
  /** What the body decodes to; left out: not looked at. */
  readonly body?: string;
  /** Lower-case name → all values; [] = absent. */
  readonly headers?: Readonly<Record<string, readonly string[]>>;
  readonly trailers?: readonly string[];
  /** The answer must not look complete to the client. */
  readonly cut?: boolean;
  /** The upstream connection must not be used again. */
  readonly once?: boolean;
}

const CRLF = '\r\n';

function head(...lines: string[]): string {
  return `${lines.join(CRLF)}${CRLF}${CRLF}`;
}

const OK = 'HTTP/1.1 200 OK';
const CHUNKED = 'Transfer-Encoding: chunked';

/** A head without a body, of so many bytes, its empty line included. */
function headOf(bytes: number): string {
  const empty = head(OK, 'Content-Length: 0', 'X-A: ');
  return head(OK, 'Content-Length: 0', `X-A: ${'a'.repeat(bytes - empty.length)}`);
}

/** An answer whose chunked body goes over a limit, or just not. */
function chunked(name: string, body: string, broken: boolean): ResponseCase {
  const answer = `${head(OK, CHUNKED)}${body}`;
  if (broken) return { name: `cuts an answer with ${name}`, answer, status: 200, cut: true, once: true };
  return { name: `takes an answer with ${name}`, answer, status: 200, body: 'a' };
}

function bad(name: string, answer: string, closes = false): ResponseCase {
  return { name: `answers 502 to ${name}`, answer, closes, status: 502, once: true };
}

const framing: ResponseCase[] = [
  {
    name: 'passes a body by length',
    answer: `${head(OK, 'Content-Length: 2')}hi`,
    status: 200,
    body: 'hi',
    headers: { 'content-length': ['2'], 'transfer-encoding': [] },
  },
  {
    name: 'passes an empty body',
    answer: head(OK, 'Content-Length: 0'),
    status: 200,
    body: '',
    headers: { 'content-length': ['0'] },
  },
  {
    name: 'passes a chunked body',
    answer: `${head(OK, CHUNKED)}1${CRLF}h${CRLF}1${CRLF}i${CRLF}0${CRLF}${CRLF}`,
    status: 200,
    body: 'hi',
    headers: { 'transfer-encoding': ['chunked'], 'content-length': [] },
  },
  {
    name: 'reads a coding with a tab behind it, and frames the body anew (9112 5.1)',
    answer: `${head(OK, 'Transfer-Encoding: chunked\t')}2${CRLF}hi${CRLF}0${CRLF}${CRLF}`,
    status: 200,
    body: 'hi',
    headers: { 'transfer-encoding': ['chunked'] },
  },
  { name: 'passes an empty chunked body', answer: `${head(OK, CHUNKED)}0${CRLF}${CRLF}`, status: 200, body: '' },
  {
    name: 'drops chunk extensions',
    answer: `${head(OK, CHUNKED)}2;a=b${CRLF}hi${CRLF}0;c${CRLF}${CRLF}`,
    status: 200,
    body: 'hi',
  },
  {
    name: 'frames a body that ends with the connection (9112 6.3)',
    answer: `${head(OK)}hi`,
    closes: true,
    status: 200,
    body: 'hi',
    headers: { 'transfer-encoding': ['chunked'] },
    once: true,
  },
  {
    name: 'frames a body of HTTP/1.0',
    answer: `${head('HTTP/1.0 200 OK')}hi`,
    closes: true,
    status: 200,
    body: 'hi',
    once: true,
  },
  {
    name: 'takes HTTP/1.0 with a length',
    answer: `${head('HTTP/1.0 200 OK', 'Content-Length: 2')}hi`,
    status: 200,
    body: 'hi',
    once: true,
  },
  {
    name: 'sends a chunked answer to HTTP/1.0 until close (9112 6.1)',
    request: 'GET / HTTP/1.0',
    answer: `${head(OK, CHUNKED)}2${CRLF}hi${CRLF}0${CRLF}${CRLF}`,
    status: 200,
    body: 'hi',
    headers: { 'transfer-encoding': [], connection: ['close'] },
  },
  {
    name: 'drops what follows Content-Length',
    answer: `${head(OK, 'Content-Length: 2')}hi${head('HTTP/1.1 200 EVIL', 'Content-Length: 0')}`,
    status: 200,
    body: 'hi',
    once: true,
  },
  {
    name: 'drops what follows the last chunk',
    answer: `${head(OK, CHUNKED)}2${CRLF}hi${CRLF}0${CRLF}${CRLF}EVIL`,
    status: 200,
    body: 'hi',
    once: true,
  },
  {
    name: 'drops a body behind Content-Length: 0',
    answer: `${head(OK, 'Content-Length: 0')}EVIL`,
    status: 200,
    body: '',
    once: true,
  },
  {
    name: 'does not use a connection again that says close (9112 9.6)',
    answer: `${head(OK, 'Content-Length: 2', 'Connection: close')}hi`,
    status: 200,
    body: 'hi',
    headers: { connection: ['close'] },
    once: true,
  },
  {
    name: 'passes trailers on',
    answer: `${head(OK, CHUNKED, 'Trailer: X-T')}2${CRLF}hi${CRLF}0${CRLF}X-T: 1${CRLF}Content-Length: 5${CRLF}${CRLF}`,
    status: 200,
    body: 'hi',
    trailers: ['X-T: 1'],
    headers: { trailer: ['X-T'] },
  },
  {
    name: 'passes trailers on that were not announced',
    answer: `${head(OK, CHUNKED)}2${CRLF}hi${CRLF}0${CRLF}X-T: 1${CRLF}${CRLF}`,
    status: 200,
    body: 'hi',
    trailers: ['X-T: 1'],
  },
  {
    name: 'sends no trailers to HTTP/1.0',
    request: 'GET / HTTP/1.0',
    answer: `${head(OK, CHUNKED, 'Trailer: X-T')}2${CRLF}hi${CRLF}0${CRLF}X-T: 1${CRLF}${CRLF}`,
    status: 200,
    body: 'hi',
    headers: { trailer: [] },
  },
  {
    name: 'passes a body that ends with the connection to HTTP/1.0 likewise (9112 6.3)',
    request: 'GET / HTTP/1.0',
    answer: `${head(OK)}hi`,
    closes: true,
    status: 200,
    body: 'hi',
    headers: { 'transfer-encoding': [], 'content-length': [], connection: ['close'] },
    once: true,
  },
  {
    name: 'drops trailers of an answer that Connection names (9110 7.6.1)',
    answer: `${head(OK, CHUNKED, 'Connection: X-T')}2${CRLF}hi${CRLF}0${CRLF}X-T: 1${CRLF}X-U: 2${CRLF}${CRLF}`,
    status: 200,
    body: 'hi',
    trailers: ['X-U: 2'],
  },
];

const bodyless: ResponseCase[] = [
  {
    name: 'keeps Content-Length of an answer to HEAD and sends no body (9110 8.6)',
    request: 'HEAD / HTTP/1.1',
    answer: head(OK, 'Content-Length: 5'),
    status: 200,
    body: '',
    headers: { 'content-length': ['5'] },
  },
  {
    name: 'drops a body that answers HEAD (9112 6.3)',
    request: 'HEAD / HTTP/1.1',
    answer: `${head(OK, 'Content-Length: 5')}hello`,
    status: 200,
    body: '',
    once: true,
  },
  {
    name: 'drops a chunked body that answers HEAD',
    request: 'HEAD / HTTP/1.1',
    answer: `${head(OK, CHUNKED)}1${CRLF}a${CRLF}0${CRLF}${CRLF}`,
    status: 200,
    body: '',
    once: true,
  },
  {
    name: 'passes 204 without framing (9110 8.6)',
    answer: head('HTTP/1.1 204 No Content'),
    status: 204,
    body: '',
    headers: { 'content-length': [], 'transfer-encoding': [] },
  },
  {
    name: 'strips Content-Length from 204',
    answer: head('HTTP/1.1 204 No Content', 'Content-Length: 0'),
    status: 204,
    body: '',
    headers: { 'content-length': [] },
  },
  {
    name: 'drops a body behind 204',
    answer: `${head('HTTP/1.1 204 No Content', 'Content-Length: 2')}hi`,
    status: 204,
    body: '',
    once: true,
  },
  {
    name: 'keeps Content-Length of 304',
    answer: head('HTTP/1.1 304 Not Modified', 'Content-Length: 5', 'ETag: "a"'),
    status: 304,
    body: '',
    headers: { 'content-length': ['5'], etag: ['"a"'] },
  },
  {
    name: 'invents no Content-Length for 304',
    answer: head('HTTP/1.1 304 Not Modified'),
    status: 304,
    body: '',
    headers: { 'content-length': [] },
  },
  {
    name: 'invents no framing for an answer to HEAD',
    request: 'HEAD / HTTP/1.1',
    answer: head(OK),
    status: 200,
    body: '',
    headers: { 'content-length': [], 'transfer-encoding': [] },
  },
  {
    name: 'strips Transfer-Encoding from 204 (9112 6.1)',
    answer: head('HTTP/1.1 204 No Content', CHUNKED),
    status: 204,
    body: '',
    headers: { 'transfer-encoding': [] },
  },
  {
    name: 'strips Transfer-Encoding from 304, of a body that is not there',
    answer: head('HTTP/1.1 304 Not Modified', CHUNKED),
    status: 304,
    body: '',
    headers: { 'transfer-encoding': [] },
  },
  {
    name: 'drops a body behind 304',
    answer: `${head('HTTP/1.1 304 Not Modified', 'Content-Length: 4')}EVIL`,
    status: 304,
    body: '',
    once: true,
  },
];

const heads: ResponseCase[] = [
  {
    name: 'passes an unknown status and its reason',
    answer: head('HTTP/1.1 599 Odd Thing', 'Content-Length: 0'),
    status: 599,
  },
  { name: 'takes an empty reason', answer: head('HTTP/1.1 200 ', 'Content-Length: 0'), status: 200 },
  {
    name: 'takes a status line that ends behind the code',
    answer: head('HTTP/1.1 200', 'Content-Length: 0'),
    status: 200,
  },
  {
    name: 'keeps Date and Server',
    answer: head(OK, 'Date: Mon, 01 Jan 2024 00:00:00 GMT', 'Server: x', 'Content-Length: 0'),
    status: 200,
    headers: { date: ['Mon, 01 Jan 2024 00:00:00 GMT'], server: ['x'] },
  },
  {
    name: 'keeps two Set-Cookie lines apart (9110 5.3)',
    answer: head(OK, 'Set-Cookie: a=1', 'Set-Cookie: b=2', 'Content-Length: 0'),
    status: 200,
    headers: { 'set-cookie': ['a=1', 'b=2'] },
  },
  {
    name: 'passes bytes beyond ASCII',
    answer: head(OK, 'X-A: \xe9\xff', 'Content-Length: 0'),
    status: 200,
    headers: { 'x-a': ['\xe9\xff'] },
  },
  {
    name: 'drops hop-by-hop fields and what Connection names',
    answer: head(
      OK,
      'Connection: X-A',
      'X-A: 1',
      'Keep-Alive: timeout=5',
      'Proxy-Connection: close',
      'Upgrade: x',
      'Content-Length: 0',
    ),
    status: 200,
    headers: { 'x-a': [], 'keep-alive': [], 'proxy-connection': [], upgrade: [] },
  },
  {
    name: 'keeps Upgrade in 426 (9110 15.5.22)',
    answer: head('HTTP/1.1 426 Upgrade Required', 'Upgrade: websocket', 'Connection: Upgrade', 'Content-Length: 0'),
    status: 426,
    headers: { upgrade: ['websocket'] },
  },
  {
    name: 'leaves Location alone',
    answer: head('HTTP/1.1 302 Found', 'Location: http://10.0.0.1/x', 'Content-Length: 0'),
    status: 302,
    headers: { location: ['http://10.0.0.1/x'] },
  },
  {
    name: 'keeps a field called Trailers',
    answer: head(OK, 'Trailers: X', 'Content-Length: 0'),
    status: 200,
    headers: { trailers: ['X'] },
  },
  {
    name: 'passes WWW-Authenticate and Allow untouched (9110 11.6.1)',
    answer: head(
      'HTTP/1.1 401 Unauthorized',
      'WWW-Authenticate: Basic realm="a, b"',
      'WWW-Authenticate: Bearer',
      'Allow: GET,  PUT',
      'Content-Length: 0',
    ),
    status: 401,
    headers: { 'www-authenticate': ['Basic realm="a, b"', 'Bearer'], allow: ['GET,  PUT'] },
  },
  {
    name: 'passes Via of the target, and adds none of its own (9110 7.6.3)',
    answer: head(OK, 'Via: 1.1 x', 'Content-Length: 0'),
    status: 200,
    headers: { via: ['1.1 x'] },
  },
  {
    name: 'adds Date where Connection takes it away (9110 6.6.1)',
    answer: head(OK, 'Connection: Date', 'Date: Mon, 01 Jan 2024 00:00:00 GMT', 'Content-Length: 0'),
    status: 200,
  },
  {
    name: 'keeps its framing when Connection names Content-Length',
    answer: `${head(OK, 'Connection: Content-Length', 'Content-Length: 2')}hi`,
    status: 200,
    body: 'hi',
    headers: { 'content-length': ['2'] },
  },
];

const limits: ResponseCase[] = [
  {
    name: 'takes an answer with 200 fields',
    answer: head(OK, 'Content-Length: 0', ...new Array(199).fill('X-A: 1')),
    status: 200,
  },
  { name: 'takes an answer with a head of 65536 bytes', answer: headOf(65_536), status: 200 },
  chunked('a chunk size of 16 digits', `${'0'.repeat(15)}1${CRLF}a${CRLF}0${CRLF}${CRLF}`, false),
  chunked('a chunk size of 17 digits', `${'0'.repeat(16)}1${CRLF}a${CRLF}0${CRLF}${CRLF}`, true),
  chunked('4096 bytes of chunk extensions', `1;${'e'.repeat(4_096)}${CRLF}a${CRLF}0${CRLF}${CRLF}`, false),
  chunked('4097 bytes of chunk extensions', `1;${'e'.repeat(4_097)}${CRLF}a${CRLF}0${CRLF}${CRLF}`, true),
  chunked('16384 bytes of trailers', `1${CRLF}a${CRLF}0${CRLF}${trailersOf(16_384)}`, false),
  chunked('16385 bytes of trailers', `1${CRLF}a${CRLF}0${CRLF}${trailersOf(16_385)}`, true),
];

/** Of so many bytes, the empty line behind them included. */
function trailersOf(bytes: number): string {
  return `X-T: ${'t'.repeat(bytes - 'X-T: '.length - 4)}${CRLF}${CRLF}`;
}

const interim: ResponseCase[] = [
  {
    name: 'passes 103 and 102 on, in order, with their fields (9110 15.2)',
    answer:
      head('HTTP/1.1 103 Early Hints', 'Link: </a>') + head('HTTP/1.1 102 Processing') + head(OK, 'Content-Length: 0'),
    status: 200,
    interim: [103, 102],
  },
  {
    name: 'sends no 1xx to HTTP/1.0',
    request: 'GET / HTTP/1.0',
    answer: head('HTTP/1.1 103 Early Hints') + head(OK, 'Content-Length: 0'),
    status: 200,
    interim: [],
  },
  {
    name: 'passes a 100 on that nobody waits for, once (9110 15.2)',
    answer: head('HTTP/1.1 100 Continue').repeat(2) + head(OK, 'Content-Length: 0'),
    status: 200,
    interim: [100],
  },
  {
    name: 'takes 100 interim answers',
    answer: head('HTTP/1.1 102 Processing').repeat(100) + head(OK, 'Content-Length: 0'),
    status: 200,
  },
  bad('101 interim answers', head('HTTP/1.1 102 Processing').repeat(101) + head(OK, 'Content-Length: 0')),
  bad('nothing but interim answers', head('HTTP/1.1 103 Early Hints'), true),
  bad(
    '101 that was not asked for (9110 7.8)',
    head('HTTP/1.1 101 Switching Protocols', 'Connection: Upgrade', 'Upgrade: websocket'),
  ),
  {
    name: 'passes an interim answer of unknown status on',
    answer: head('HTTP/1.1 199 Odd') + head(OK, 'Content-Length: 0'),
    status: 200,
    interim: [199],
  },
];

const malformed: ResponseCase[] = [
  bad('no answer', '', true),
  bad('half a head', 'HTTP/1.1 200 OK\r\nX', true),
  bad('another protocol', head('HTTPS/1.1 200 OK')),
  bad('HTTP/2.0', head('HTTP/2.0 200 OK')),
  bad('a version with two digits', head('HTTP/1.10 200 OK', 'Content-Length: 0')),
  bad('two spaces before the status', head('HTTP/1.1  200 OK')),
  bad('a status of two digits', head('HTTP/1.1 20 OK')),
  bad('a status of four digits', head('HTTP/1.1 2000 OK')),
  bad('a status below 100', head('HTTP/1.1 099 Odd')),
  bad('a tab behind the version', head('HTTP/1.1\t200 OK')),
  bad('bare LF as line ends', 'HTTP/1.1 200 OK\nContent-Length: 0\n\n'),
  bad('a bare CR in the reason', 'HTTP/1.1 200 O\rK\r\n\r\n'),
  bad('a bare CR in a value', head(OK, 'X-A: a\rb', 'Content-Length: 0')),
  bad('NUL in a value (9110 5.5)', head(OK, 'X-A: a\0b', 'Content-Length: 0')),
  bad('obs-fold (9112 5.2)', head(OK, 'X-A: 1', ' 2', 'Content-Length: 0')),
  bad('a space before a colon (9112 5.1)', head(OK, 'X-A : 1', 'Content-Length: 0')),
  bad('an empty field name', head(OK, ': 1', 'Content-Length: 0')),
  bad('a line without a colon', head(OK, 'X-A', 'Content-Length: 0')),
  bad('an invalid length (9112 6.3)', `${head(OK, 'Content-Length: foo')}hi`),
  bad('a negative length', `${head(OK, 'Content-Length: -1')}hi`),
  bad('an empty length', `${head(OK, 'Content-Length:')}hi`),
  bad('two equal lengths', `${head(OK, 'Content-Length: 2', 'Content-Length: 2')}hi`),
  bad('a list of lengths', `${head(OK, 'Content-Length: 2, 2')}hi`),
  bad('a length with a coding', `${head(OK, 'Content-Length: 2', CHUNKED)}0${CRLF}${CRLF}`),
  bad('a coding with a length', `${head(OK, CHUNKED, 'Content-Length: 2')}0${CRLF}${CRLF}`),
  bad('an unknown coding', head(OK, 'Transfer-Encoding: gzip'), true),
  bad('two codings', head(OK, CHUNKED, CHUNKED)),
  bad('chunked that is not last', head(OK, 'Transfer-Encoding: chunked, gzip')),
  bad('chunked in HTTP/1.0', `${head('HTTP/1.0 200 OK', CHUNKED)}0${CRLF}${CRLF}`),
  bad('201 fields', head(OK, 'Content-Length: 0', ...new Array(200).fill('X-A: 1'))),
  bad('a head beyond 65536 bytes', headOf(65_537)),
];

const cut: ResponseCase[] = [
  {
    name: 'cuts an answer short that ends before its length (9112 8)',
    answer: `${head(OK, 'Content-Length: 5')}hi`,
    closes: true,
    status: 200,
    cut: true,
  },
  {
    name: 'cuts a chunked answer without its last chunk',
    answer: `${head(OK, CHUNKED)}2${CRLF}hi${CRLF}`,
    closes: true,
    status: 200,
    cut: true,
  },
  {
    name: 'cuts a chunked answer with a broken chunk size',
    answer: `${head(OK, CHUNKED)}2${CRLF}hi${CRLF}zz${CRLF}`,
    status: 200,
    cut: true,
  },
  {
    name: 'cuts a chunked answer with a bare LF',
    answer: `${head(OK, CHUNKED)}2${CRLF}hi\n0${CRLF}${CRLF}`,
    status: 200,
    cut: true,
  },
  {
    name: 'cuts a chunked answer inside its trailers',
    answer: `${head(OK, CHUNKED)}2${CRLF}hi${CRLF}0${CRLF}X-T: 1${CRLF}`,
    closes: true,
    status: 200,
    cut: true,
  },
  {
    name: 'resets HTTP/1.0 when a chunked answer is cut off (9112 8)',
    request: 'GET / HTTP/1.0',
    answer: `${head(OK, CHUNKED)}2${CRLF}hi${CRLF}`,
    closes: true,
    status: 200,
    cut: true,
  },
];

export const responseCases: readonly ResponseCase[] = [
  ...framing,
  ...bodyless,
  ...heads,
  ...limits,
  ...interim,
  ...malformed,
  ...cut,
];
