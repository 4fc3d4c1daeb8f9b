// Bad input, by CLI and REST: each is refused with a message that names the field and the remedy, with the exit code or
// status of the table, and nothing has changed afterwards.
import { request } from 'node:http';
import { createServer, type Server } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { AgentHome } from '../support/agent-home.ts';
import { freePort } from '../support/data-plane.ts';
import { exchange } from '../support/raw.ts';

let home: AgentHome;
let token: string;
let before: { saved: string; hosts: unknown };
/** A port that this process holds. */
let foreign: Server;
const webPort = await freePort();
const dbPort = await freePort();
const foreignPort = await freePort();

beforeAll(async () => {
  home = await AgentHome.running();
  home.prlctl.addVm({ name: 'Ubuntu', addresses: ['127.0.0.2'] });
  token = await home.token();
  const target = { target_host: '127.0.0.1', target_port: '1' };
  const http_routes = [{ path: '/app', ...target }];
  await home.rpc('host.add', { name: 'web', host: '127.0.0.1', port: webPort, http_routes });
  await home.rpc('host.add', { name: 'db', host: '127.0.0.1', port: dbPort, tcp_route: target });
  await home.rpc('host.add', { name: 'cors', host: 'cors.test', port: webPort, cors: { enabled: true } });
  foreign = createServer();
  await new Promise<void>((resolve) => foreign.listen(foreignPort, '127.0.0.1', resolve));
});
afterAll(async () => {
  foreign.close();
  await home.dispose();
});

/** What no refused input may change. */
async function present() {
  return { saved: await home.saved(), hosts: await home.rpc('host.list', {}) };
}
beforeEach(async () => {
  before = await present();
});
afterEach(async () => {
  expect(await present()).toEqual(before);
});

/** A command line, its exit code, and what its message must say: the field, then the remedy. */
type BadCommand = readonly [what: string, line: string, exit: number, ...says: RegExp[]];

const ADD = 'route http add web --path /x';
const TO = '--target-host h --port 1';
const PORT_RANGE = /1 to 65535/;

const commands: readonly BadCommand[] = [
  ['an unknown command', 'hots list', 2, /"hots list"/, /did you mean `prproxy host list`/],
  ['a topic with a letter swapped', 'hots', 2, /did you mean `prproxy host`/],
  ['an unknown command that is short', 'nope', 2, /"nope"; `prproxy --help`/],
  ['an argument of a command that takes none', 'status extra', 2, /unexpected argument "extra"/, /status --help/],
  ['a flag of no command', '--nope', 2, /unexpected flag --nope/, /prproxy --help/],
  ['an unknown command that is like no other', 'frobnicate', 2, /"frobnicate"/, /prproxy --help/],
  ['an unknown flag', 'host list --colour', 2, /--colour/, /prproxy host list --help/],
  ['an argument too many', 'host remove web db', 2, /db/, /--help/],
  ['a missing argument', 'host show', 2, /host/, /prproxy host show --help/],
  ['a flag without its value', 'host add :1 --name', 2, /--name/, /--help/],
  ['an unknown name in --timeout', 'config set --timeout conect=1', 2, /timeouts\.conect/, /did you mean connect/],

  ['neither path nor pattern', `route http add web ${TO}`, 2, /path \(--path\)/, /exactly one of path and pattern/],
  ['both path and pattern', `${ADD} --pattern y ${TO}`, 2, /path \(--path\)/, /exactly one of path and pattern/],
  [
    'neither VM nor address',
    `${ADD} --port 1`,
    2,
    /target_vm_id \(--vm\)/,
    /exactly one of target_vm_id and target_host/,
  ],
  ['both VM and address', `${ADD} --vm Ubuntu ${TO}`, 2, /--vm/, /exactly one of target_vm_id and target_host/],
  ['neither, for a TCP route', 'route tcp set db --port 1', 2, /target_vm_id \(--vm\)/, /exactly one/],
  ['no port of the target', `${ADD} --target-host h`, 2, /target_port \(--port\): is missing/],

  ['listen port 0', 'host add 127.0.0.1:0', 2, /port/, PORT_RANGE],
  ['listen port 65536', 'host add 127.0.0.1:65536', 2, /port/, PORT_RANGE],
  ['listen port abc', 'host add 127.0.0.1:abc', 2, /port/, PORT_RANGE],
  ['listen port 080', 'host add 127.0.0.1:080', 2, /port/, PORT_RANGE, /leading zeros/],
  ['an IPv6 address that may be one with a port', 'host add ::1:9000', 2, /\[::1\]:9000/],
  ['an empty address', 'host add ', 2, /host: is empty/],
  ['a change of nothing', 'host update web', 2, /nothing to change: give at least one flag/],
  ['settings of nothing', 'config set', 2, /nothing to change: give at least one flag/],
  ['--no-tls with a certificate', 'host update web --no-tls --tls-cert /c', 2, /--no-tls/, /contradict/],
  ['--no-cors with an origin', 'host update web --no-cors --cors-origin *', 2, /--no-cors/, /contradict/],
  ['a negative number of lines', 'logs -n -1', 2, /lines \(--lines\): must be a whole number/],
  ['no port after the colon', 'host add 127.0.0.1:', 2, /port/, /missing/],
  ['target port 0', `${ADD} --target-host h --port 0`, 2, /target_port \(--port\)/, PORT_RANGE],
  ['target port 65536', `${ADD} --target-host h --port 65536`, 2, /target_port \(--port\)/, PORT_RANGE],
  ['target port abc', `${ADD} --target-host h --port abc`, 2, /target_port \(--port\)/, PORT_RANGE],
  ['target port 080', `${ADD} --target-host h --port 080`, 2, /target_port \(--port\)/, /leading zeros/],
  ['default port 0', 'config set --port 0', 2, /port \(--port\)/, PORT_RANGE],
  ['an order of 0', 'route http move web /app 0', 2, /order/, /at least 1/],
  ['an order that is no number', 'route http move web /app first', 2, /order/, /must be a number/],

  ['a bad pattern', `route http add web --pattern ( ${TO}`, 2, /pattern \(--pattern\): "\("/, /google\/re2/],
  ['a pattern with look-ahead', `route http add web --pattern (?=x) ${TO}`, 2, /--pattern/, /google\/re2/],
  ['a path without /', `route http add web --path app ${TO}`, 2, /--path/, /begin with \//],
  ['a path with a query', `route http add web --path /a?b ${TO}`, 2, /--path/, /\?/],
  ['a path with an encoded dot segment', `route http add web --path /app/..%2fsecret ${TO}`, 2, /--path/, /segment/],

  ['an HTTP route on a TCP host', `route http add db --path / ${TO}`, 2, /tcp_route/, /route tcp remove db/],
  ['a TCP route on a host with HTTP routes', `route tcp set web ${TO}`, 2, /tcp_route/, /route http remove web/],
  ['cors on a TCP host', 'host update db --cors', 2, /cors \(--cors\)/, /remove one of the two/],
  ['tls on a TCP host', 'host update db --tls-cert /c --tls-key /k', 2, /tls/, /remove one of the two/],
  [
    'a certificate that is not there',
    'host add :1 --tls-cert /nope --tls-key /nope',
    2,
    /tls\.cert \(--tls-cert\).*\/nope/,
  ],
  ['a certificate without a key', 'host add :1 --tls-cert /c', 2, /tls\.key \(--tls-key\)/, /PEM/],

  ['a host that is there', `host add 127.0.0.1:${webPort}`, 4, /127\.0\.0\.1/, /prproxy host remove web/],
  ['a name that is taken', 'host add 127.0.0.1:1 --name WEB', 4, /name WEB/, /choose another/],
  ['a name that is an address', `host add 127.0.0.1:1 --name 127.0.0.1:${dbPort}`, 4, /host db/, /choose another/],
  ['an HTTP host on the port of a TCP host', `host add a.test:${dbPort}`, 4, /db/, /another port/],
  [
    'a port of another program',
    `host add 127.0.0.1:${foreignPort}`,
    4,
    new RegExp(`${foreignPort}.*pid ${process.pid}`),
    /another port/,
  ],
  [
    'the REST port of another program',
    `config set --rest-port ${foreignPort}`,
    4,
    new RegExp(`${foreignPort}`),
    /--rest-port/,
  ],

  ['an unknown host', 'host show nope', 3, /nope/, /prproxy host list/],
  ['an unknown host to remove', 'host remove nope', 3, /nope/, /prproxy host list/],
  ['an unknown host for a route', `route http add nope --path / ${TO}`, 3, /nope/, /prproxy host list/],
  ['an unknown route', 'route http remove web /nope', 3, /\/nope/, /prproxy route http list web/],
  ['a TCP route that is not there', 'route tcp remove web', 3, /web/, /no TCP route/],
  ['an unknown VM', 'vm show nope', 3, /nope/, /prproxy vm list/],
  ['an unknown VM as a target', `${ADD} --vm nope --port 1`, 3, /nope/, /prproxy vm list/],

  ['REST beyond loopback', 'config set --rest-host 0.0.0.0', 2, /rest_host \(--rest-host\)/, /loopback/],
  ['a network that is none', 'config set --vm-networks 10.0.0.0/33', 2, /vm_networks/, /10\.211\.55\.0\/24/],
  ['a negative time', 'config set --timeout drain=-1', 2, /timeouts\.drain \(--timeout\)/, /at least 0/],
  ['a time that must be more than 0', 'config set --timeout connect=0', 2, /timeouts\.connect/, /more than 0/],
  ['a host that is no name', 'host add a_b!:80', 2, /host/, /IP address, localhost, a hostname/],

  [
    'Host injected',
    `${ADD} ${TO} --request-header Host:x`,
    2,
    /request_headers\.Host \(--request-header\)/,
    /cannot be injected/,
  ],
  [
    'a framing header injected',
    `${ADD} ${TO} --request-header Content-Length:1`,
    2,
    /Content-Length/,
    /cannot be injected/,
  ],
  [
    'a hop-by-hop header injected',
    `${ADD} ${TO} --response-header Connection:x`,
    2,
    /--response-header/,
    /cannot be injected/,
  ],
  [
    'X-Forwarded-For injected',
    `${ADD} ${TO} --request-header X_Forwarded-For:x`,
    2,
    /X_Forwarded-For/,
    /cannot be injected/,
  ],
  ['a header that is no name', `${ADD} ${TO} --request-header a(b:x`, 2, /request_headers\.a\(b/, /no header name/],
  ['a header without a colon', `${ADD} ${TO} --request-header nothing`, 2, /--request-header/, /'Name: value'/],
  [
    'CORS fields on a host with cors',
    `route http add cors --path / ${TO} --response-header Access-Control-Max-Age:1`,
    2,
    /response_headers\.Access-Control-Max-Age/,
    /turn cors off/,
  ],
  [
    'credentials for all origins',
    'host add :1 --cors --cors-credentials',
    2,
    /cors\.allow_credentials \(--cors-credentials\)/,
    /allowed_origins/,
  ],
  [
    'an origin that is none',
    'host add :1 --cors-origin app.test',
    2,
    /cors\.allowed_origins\[0\] \(--cors-origin\)/,
    /https:\/\/app\.test/,
  ],
];

describe('the command line refuses', () => {
  for (const [what, line, exit, ...says] of commands) {
    test(what, async () => {
      const { code, stdout, stderr } = await home.cli(...line.split(' '));
      for (const text of says) expect(stderr).toMatch(text);
      expect({ code, stdout }).toEqual({ code: exit, stdout: '' });
      expect(stderr).toMatch(/^Error: /);
      expect(stderr).not.toMatch(/\n\s+at |Error:.*Error:/);
    });
  }

  test('several mistakes at once, and tells them all', async () => {
    const line = 'route http add web --path x --pattern y --port 0 --schema ftp --request-header Host:x --hold -1';
    const { code, stderr } = await home.cli(...line.split(' '));
    expect(code).toBe(2);
    expect(stderr).toMatch(/^Error: \d problems\n/);
    for (const field of [
      'path (--path)',
      'target_port (--port)',
      'schema (--schema)',
      'request_headers.Host',
      'hold (--hold)',
    ])
      expect(stderr).toContain(field);
  });

  test('a mistake under --json: the error is JSON on stderr, stdout stays empty', async () => {
    const { code, stdout, stderr } = await home.cli('host', 'add', ':0', '--json');
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(JSON.parse(stderr)).toMatchObject({
      code: 400,
      error: 'invalid',
      details: { problems: [{ path: 'port', message: expect.stringMatching(PORT_RANGE) }] },
    });
  });

  test('a mistake on the command line itself under --json: as JSON too', async () => {
    for (const line of ['host list --colour --json', 'hots list --json']) {
      const { code, stdout, stderr } = await home.cli(...line.split(' '));
      expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
      expect(JSON.parse(stderr)).toMatchObject({ code: 400, error: 'invalid' });
    }
  });
});

describe('the listener refuses', () => {
  test.each(['/app/..%2fsecret', '/app/%2e%2e/secret', '/app/..;x/secret', '/app/..%5csecret', '/app/../secret'])(
    'a request for %s',
    async (path) => {
      const answer = await exchange(webPort, `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n`);
      expect(answer).toMatch(/^HTTP\/1\.1 400 /);
    },
  );
});

// --- REST ----------------------------------------------------------------------------------------------------------

interface RestRequest {
  readonly method?: string;
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
  /** The token is left out. */
  readonly bare?: true;
}

interface Answer {
  readonly status: number;
  readonly headers: NodeJS.Dict<string | string[]>;
  readonly text: string;
}

const HOSTS = '/v1/reverse-proxy/hosts';
const JSON_TYPE = { 'content-type': 'application/json' };

/** With node:http, since fetch would not send a foreign Host. */
function send({ method = 'POST', path = HOSTS, headers = {}, body, bare }: RestRequest): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const own = bare ? {} : { authorization: `Bearer ${token}` };
    const options = { host: '127.0.0.1', port: home.restPort, method, path, headers: { ...own, ...headers } };
    const sent = request(options, (response) => {
      let text = '';
      response.on('data', (chunk) => (text += String(chunk)));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, text }));
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

const post = (body: unknown): RestRequest => ({ headers: JSON_TYPE, body: JSON.stringify(body) });
const host = { host: '127.0.0.1', port: '1' };
const route = { path: '/x', target_host: 'h', target_port: 1 };

type BadRequest = readonly [what: string, request: RestRequest, status: number, error: string, ...says: RegExp[]];

const requests: readonly BadRequest[] = [
  ['no token', { bare: true, ...post(host) }, 401, 'unauthorized', /token is needed/, /rest-token/],
  ['no token, to read', { bare: true, method: 'GET' }, 401, 'unauthorized', /token is needed/],
  [
    'a wrong token',
    { ...post(host), headers: { ...JSON_TYPE, authorization: 'Bearer wrong' } },
    401,
    'unauthorized',
    /token is wrong/,
    /rest-token/,
  ],
  [
    'a wrong X-Api-Key',
    { bare: true, method: 'GET', headers: { 'x-api-key': 'wrong' } },
    401,
    'unauthorized',
    /token is wrong/,
  ],
  [
    'a foreign Origin',
    { ...post(host), headers: { ...JSON_TYPE, origin: 'https://evil.test' } },
    403,
    'forbidden',
    /origin/,
  ],
  [
    'a foreign Origin without token',
    { bare: true, method: 'GET', headers: { origin: 'https://evil.test' } },
    403,
    'forbidden',
  ],
  ['the Origin null', { method: 'GET', headers: { origin: 'null' } }, 403, 'forbidden'],
  [
    'a foreign Host',
    { method: 'GET', headers: { host: 'evil.test' } },
    421,
    'misdirected',
    /127\.0\.0\.1 or localhost/,
  ],
  ['a foreign Host without token', { bare: true, method: 'GET', headers: { host: 'evil.test' } }, 421, 'misdirected'],
  ['a Host of another port', { method: 'GET', headers: { host: '127.0.0.1:1' } }, 421, 'misdirected'],
  ['broken JSON', { headers: JSON_TYPE, body: '{"host":' }, 400, 'invalid', /not JSON/],
  ['JSON that is no object', { headers: JSON_TYPE, body: '[1]' }, 400, 'invalid', /must be a JSON object/],
  ['JSON that is not UTF-8', { headers: JSON_TYPE, body: Buffer.from([0x22, 0xff, 0x22]) }, 400, 'invalid', /UTF-8/],
  [
    'a wrong content type',
    { headers: { 'content-type': 'text/plain' }, body: '{}' },
    415,
    'unsupported_media_type',
    /application\/json/,
  ],
  [
    'a form',
    { headers: { 'content-type': 'application/x-www-form-urlencoded' }, body: 'host=x' },
    415,
    'unsupported_media_type',
  ],
  ['no content type', { body: '{}' }, 415, 'unsupported_media_type', /application\/json/],
  ['a body of 10 MB', { headers: JSON_TYPE, body: Buffer.alloc(10_000_000, 0x20) }, 413, 'too_large', /1048576/],
  [
    'a chunked body of 10 MB',
    { headers: { ...JSON_TYPE, 'transfer-encoding': 'chunked' }, body: Buffer.alloc(10_000_000, 0x20) },
    413,
    'too_large',
  ],
  ['an unknown field', post({ ...host, nmae: 'x' }), 400, 'invalid', /nmae: is no field here/, /did you mean name/],
  [
    'an unknown field deep inside',
    post({ ...host, http_routes: [{ ...route, taget: 1 }] }),
    400,
    'invalid',
    /http_routes\[0\]\.taget/,
  ],
  [
    '__proto__ as a field',
    { headers: JSON_TYPE, body: '{"__proto__":{"a":1},"port":"1"}' },
    400,
    'invalid',
    /__proto__/,
  ],
  [
    'both targets',
    post({ ...host, tcp_route: { target_host: 'h', target_vm_id: 'v', target_port: 1 } }),
    400,
    'invalid',
    /exactly one/,
  ],
  [
    'both kinds of routes',
    post({ ...host, http_routes: [route], tcp_route: { target_host: 'h', target_port: 1 } }),
    400,
    'invalid',
    /tcp_route/,
  ],
  [
    'one path twice',
    post({ ...host, http_routes: [route, { ...route, path: '/x/' }] }),
    400,
    'invalid',
    /http_routes\[1\]\.path/,
  ],
  [
    'a bad pattern',
    post({ ...host, http_routes: [{ ...route, path: undefined, pattern: '(' }] }),
    400,
    'invalid',
    /pattern/,
    /re2/,
  ],
  ['an id of its own', post({ ...host, id: 'mine' }), 400, 'invalid', /id: is given by prproxy/],
  [
    'another id',
    { ...post({ id: 'other' }), method: 'PUT', path: `${HOSTS}/web` },
    400,
    'invalid',
    /an id never changes/,
  ],
  [
    'a parameter of the path in the body',
    { ...post({ host_id: 'db' }), method: 'PUT', path: `${HOSTS}/web` },
    400,
    'invalid',
    /host_id/,
  ],
  [
    'enabled in config set',
    { ...post({ enabled: false }), method: 'PUT', path: '/v1/reverse-proxy' },
    400,
    'invalid',
    /prproxy disable/,
  ],
  [
    'rest_host beyond loopback',
    { ...post({ rest_host: '0.0.0.0' }), method: 'PUT', path: '/v1/reverse-proxy' },
    400,
    'invalid',
    /rest_host/,
    /loopback/,
  ],
  [
    'an order of 0',
    { ...post({ id: '/app', order: 0 }), method: 'PUT', path: `${HOSTS}/web/http_routes/order` },
    400,
    'invalid',
    /order/,
  ],
  ['a path that is badly encoded', { method: 'DELETE', path: `${HOSTS}/web/http_routes/%zz` }, 400, 'invalid', /%zz/],
  [
    'a port of another program',
    post({ host: '127.0.0.1', port: foreignPort }),
    409,
    'conflict',
    new RegExp(`${foreignPort}.*pid ${process.pid}`),
  ],
  ['an unknown host', { method: 'DELETE', path: `${HOSTS}/nope` }, 404, 'not_found', /nope/, /host list/],
  [
    'a header with a line break',
    post({ ...host, http_routes: [{ ...route, request_headers: { 'X-A': 'a\r\nB: c' } }] }),
    400,
    'invalid',
    /http_routes\[0\]\.request_headers\.X-A/,
  ],
];

describe('REST refuses', () => {
  for (const [what, bad, status, error, ...says] of requests) {
    test(what, async () => {
      const answer = await send(bad);
      const body = JSON.parse(answer.text) as { code: number; error: string; message: string };
      expect({ status: answer.status, code: body.code, error: body.error }).toEqual({ status, code: status, error });
      for (const text of says) expect(body.message).toMatch(text);
      expect(answer.headers['content-type']).toMatch(/^application\/json/);
      expect(answer.headers['access-control-allow-origin']).toBeUndefined();
      expect(answer.text).not.toContain(token);
    });
  }

  test('several mistakes at once, each with its path', async () => {
    const answer = await send(
      post({
        host: 'a b',
        port: 0,
        nmae: 'x',
        http_routes: [{ path: 'x', target_port: 0, schema: 'ftp' }],
        cors: { enabled: 1 },
      }),
    );
    const { details } = JSON.parse(answer.text) as { details: { problems: { path: string }[] } };
    const paths = details.problems.map(({ path }) => path);
    expect(answer.status).toBe(400);
    expect(paths).toEqual(
      expect.arrayContaining([
        'host',
        'port',
        'nmae',
        'http_routes[0].path',
        'http_routes[0].target_port',
        'http_routes[0].schema',
        'http_routes[0].target_vm_id',
        'cors.enabled',
      ]),
    );
  });
});
