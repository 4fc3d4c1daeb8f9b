// What the tests of other proxies assert, as far as the other tests here do not: Go's httputil.ReverseProxy (http.md A),
// http-proxy-3, node-http-proxy and httpxy (B). With real clients and origins where bytes are not the point.
import { once } from 'node:events';
import { Agent, createServer, type IncomingMessage, type RequestListener, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import type { HttpRoute } from '../../src/model/host.ts';
import { DataPlane, freePort, host } from '../support/data-plane.ts';
import { Nginx } from '../support/nginx.ts';
import { describeWith, program, run } from '../support/programs.ts';
import { answering, exchange, type OriginConnection, RawClient, RawOrigin } from '../support/raw.ts';
import { type Recorded, RecordingOrigin, valuesOf } from '../support/recording-origin.ts';
import { Service } from '../support/service.ts';

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';
const CLOSE = 'Host: a.test\r\nConnection: close\r\n';
const SHORT = 'HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort';

let plane: DataPlane;
let port: number;
const closing: (() => unknown)[] = [];

beforeEach(async () => {
  plane = new DataPlane();
  port = await freePort();
});
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
  await plane.close();
});

const url = (path = '/') => `http://127.0.0.1:${port}${path}`;

async function route(target: number, more: Partial<HttpRoute> = {}): Promise<void> {
  await plane.run([host({ port, routes: [{ target_host: '127.0.0.1', target_port: String(target), ...more }] })]);
}

async function recording(): Promise<RecordingOrigin> {
  const origin = await new RecordingOrigin().listen();
  closing.push(() => origin.close());
  await route(origin.port);
  return origin;
}

async function raw(serve?: (connection: OriginConnection) => void): Promise<RawOrigin> {
  const origin = await new RawOrigin(serve).listen();
  closing.push(() => origin.close());
  await route(origin.port);
  return origin;
}

async function node(serve: RequestListener): Promise<Server> {
  const server = createServer(serve).listen(0, '127.0.0.1');
  await once(server, 'listening');
  closing.push(() => {
    server.closeAllConnections();
    server.close();
  });
  await route((server.address() as AddressInfo).port);
  return server;
}

async function bodyOf(message: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of message) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

/** One request by its raw text, and what the origin saw of it. */
async function seen(origin: RecordingOrigin, text: string): Promise<Recorded> {
  expect(await exchange(port, text)).toMatch(/^HTTP\/1\.1 200 /);
  return origin.requests.at(-1)!;
}

describe('a request', () => {
  test.each(['keep-alive', 'keep-alive, upgrade', 'upgrade', 'Transfer-Encoding', 'Transfer-Encoding, upgrade'])(
    'hidden in a chunk of DELETE or OPTIONS stays a body, with Connection: %s',
    async (connection) => {
      const origin = await recording();
      for (const method of ['DELETE', 'OPTIONS']) {
        const hidden = 'GET /secret HTTP/1.1\r\nHost: a.test\r\n\r\n';
        const chunk = `${hidden.length.toString(16)}\r\n${hidden}\r\n0\r\n\r\n`;
        const text = `${method} / HTTP/1.1\r\nHost: a.test\r\nConnection: ${connection}\r\nUpgrade: websocket\r\nTransfer-Encoding: chunked\r\n\r\n${chunk}`;
        await exchange(port, `${text}GET /last HTTP/1.1\r\n${CLOSE}\r\n`);
        expect(origin.requests.splice(0).map((one) => [one.method, one.url, one.body])).toEqual([
          [method, '/', hidden],
          ['GET', '/last', ''],
        ]);
      }
      expect(origin.broken).toBe(0);
    },
  );

  test.each(['keep-alive, not upgrade', 'xyz', 'upgraded', ''])(
    'is no upgrade with Connection: %j',
    async (connection) => {
      const origin = await recording();
      const fields = `Host: a.test\r\nConnection: close\r\nConnection: ${connection}\r\nUpgrade: websocket\r\n`;
      const { rawHeaders } = await seen(origin, `GET / HTTP/1.1\r\n${fields}\r\n`);
      expect([...valuesOf(rawHeaders, 'upgrade'), ...valuesOf(rawHeaders, 'connection')]).not.toContain('websocket');
    },
  );

  test.each([
    ['Upgrade: H2C', []],
    ['Upgrade: \th2c ', []],
    ['Upgrade: h2c, websocket', ['websocket']],
    ['Upgrade: websocket\r\nUpgrade: h2c', ['websocket']],
    ['Upgrade: h2c\r\nUpgrade: ,H2c', []],
  ])('never upgrades to h2c: %j', async (field, upgrade) => {
    const origin = await recording();
    const text = `GET / HTTP/1.1\r\nHost: a.test\r\nConnection: close, Upgrade\r\n${field}\r\n\r\n`;
    expect(valuesOf((await seen(origin, text)).rawHeaders, 'upgrade')).toEqual(upgrade);
  });

  test('has fields stripped that any Connection line names, behind an empty one too', async () => {
    const origin = await recording();
    const text = `GET / HTTP/1.1\r\nHost: a.test\r\nConnection:\r\nConnection: X-A\r\nX-A: 1\r\nConnection: close,X-B\r\nX-B: 2\r\n\r\n`;
    const names = (await seen(origin, text)).rawHeaders.filter((_, i) => i % 2 === 0);
    for (const name of ['Connection', 'X-A', 'X-B']) expect(names).not.toContain(name);
  });

  test.each([
    '///test/crazy//slasher',
    '/?foo=bar//&target=http://foobar.com/?a=1%26b=2&other=2',
    '/http://other.test/x',
    '/a?a=1&a=2;b=3&c=%zz',
    `/q?${Array.from({ length: 2_000 }, (_, i) => `k${i}=v`).join('&')}`,
  ])('keeps its target byte for byte: %.60s', async (target) => {
    const origin = await recording();
    expect((await seen(origin, `GET ${target} HTTP/1.1\r\n${CLOSE}\r\n`)).url).toBe(target);
  });

  test('gets no User-Agent of ours, and keeps the spelling of its fields', async () => {
    const origin = await recording();
    const { rawHeaders } = await seen(origin, `GET / HTTP/1.1\r\n${CLOSE}X-oDD-cAsE: 1\r\n\r\n`);
    expect(valuesOf(rawHeaders, 'user-agent')).toEqual([]);
    expect(rawHeaders).toContain('X-oDD-cAsE');
    expect(
      valuesOf((await seen(origin, `GET / HTTP/1.1\r\n${CLOSE}User-Agent: x/1\r\n\r\n`)).rawHeaders, 'user-agent'),
    ).toEqual(['x/1']);
  });

  test('reaches a target on IPv6, whose Host has its brackets once', async () => {
    const origin = await new RawOrigin(answering(OK)).listen('::1');
    closing.push(() => origin.close());
    await route(origin.port, { target_host: '::1', preserve_host: false });
    expect(await exchange(port, `GET / HTTP/1.1\r\n${CLOSE}\r\n`)).toMatch(/ok$/);
    expect(await origin.connections[0]!.head()).toContain(`\r\nHost: [::1]:${origin.port}\r\n`);
  });

  test.each([
    ['that cannot be read', `HEAD /a b HTTP/1.1\r\n${CLOSE}\r\n`],
    ['whose body cannot be read', `HEAD / HTTP/1.1\r\n${CLOSE}Transfer-Encoding: chunked\r\n\r\nx\r\n`],
  ])('by HEAD %s is refused without a body (9110 9.3.2)', async (_, text) => {
    await recording();
    expect(await exchange(port, text)).toMatch(/^HTTP\/1\.1 400 [\s\S]*\r\nContent-Length: [1-9][\s\S]*\r\n\r\n$/);
  });
});

describe('an answer', () => {
  test('has fields stripped that any Connection line names, and no Connection of the origin', async () => {
    const fields = 'Connection:\r\nConnection: X-A\r\nX-A: 1\r\nConnection: keep-alive, x-b\r\nX-B: 2\r\nX-C: 3\r\n';
    await raw(answering(`HTTP/1.1 200 OK\r\n${fields}Content-Length: 0\r\n\r\n`));
    const answer = await exchange(port, `GET / HTTP/1.1\r\n${CLOSE}\r\n`);
    expect(answer).not.toMatch(/X-A|X-B|keep-alive/i);
    expect(answer).toContain('X-C: 3');
  });

  test('of 103 and 102 reaches a Node client in order, each with its own fields, and trailers at the end', async () => {
    await node((_, response) => {
      response.writeEarlyHints({ link: '</a>; rel=preload' });
      response.writeProcessing();
      response.writeHead(200, { Trailer: 'X-T', 'X-oDD-cAsE': '1' });
      response.write('body');
      response.addTrailers([['X-T', '1']]);
      response.end();
    });
    const client = request(url());
    const interim: [number, unknown][] = [];
    client.on('information', ({ statusCode, headers }) => interim.push([statusCode, headers.link]));
    client.end();
    const [response] = (await once(client, 'response')) as [IncomingMessage];
    expect(String(await bodyOf(response))).toBe('body');
    expect(interim).toEqual([
      [103, '</a>; rel=preload'],
      [102, undefined],
    ]);
    expect(response.rawHeaders).toContain('X-oDD-cAsE');
    expect(response.rawTrailers).toEqual(['X-T', '1']);
  });

  test('cut short while an upload of 6 MiB runs is an error to the client, over and over, and nothing stalls', async () => {
    await raw((connection) => connection.socket.once('data', () => connection.socket.end(SHORT)));
    const upload = async () => {
      const response = await fetch(url(), { method: 'POST', body: Buffer.alloc(6 << 20) });
      return response.text();
    };
    for (let i = 0; i < 10; i++) {
      const results = await Promise.allSettled([upload(), upload()]);
      expect(results.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    }
  });

  test('that streams ends with an error within a second when the origin is killed', async () => {
    const origin = await raw((connection) =>
      connection.socket.once('data', () =>
        connection.write(
          'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n9\r\ndata: 1\n\n\r\n',
        ),
      ),
    );
    const reader = (await fetch(url())).body!.getReader();
    expect(String(Buffer.from((await reader.read()).value!))).toBe('data: 1\n\n');
    const began = performance.now();
    origin.connections[0]!.socket.resetAndDestroy();
    await expect(reader.read()).rejects.toThrow();
    expect(performance.now() - began).toBeLessThan(1_000);
  });
});

describe('clients of the standard libraries', () => {
  const megabyte = Buffer.from(Array.from({ length: 1 << 20 }, (_, i) => (i * 31) % 251));

  async function echo(): Promise<void> {
    await node(async (req, res) => {
      const body = await bodyOf(req);
      res.setHeader('X-Seen', `${req.method} ${req.url} ${req.headers.authorization ?? '-'}`).end(body);
    });
  }

  test('of Node post 1 MiB and get the same back, by length and chunked, with their Authorization', async () => {
    await echo();
    for (const headers of [{ 'Content-Length': megabyte.length }, { 'Transfer-Encoding': 'chunked' }]) {
      const client = request(url('/up'), { method: 'POST', headers: { ...headers, Authorization: 'Basic eDp5' } });
      client.end(megabyte);
      const [response] = (await once(client, 'response')) as [IncomingMessage];
      expect((await bodyOf(response)).equals(megabyte)).toBe(true);
      expect(response.headers['x-seen']).toBe('POST /up Basic eDp5');
    }
  });

  test('of Node wait for 100 Continue and get it from a Node origin', async () => {
    await echo();
    const client = request(url(), { method: 'PUT', headers: { Expect: '100-continue', 'Content-Length': 2 } });
    client.flushHeaders();
    await once(client, 'continue');
    client.end('hi');
    const [response] = (await once(client, 'response')) as [IncomingMessage];
    expect(String(await bodyOf(response))).toBe('hi');
  });

  test('lose no request and mix no answers, one after another and many at once', async () => {
    await echo();
    const agent = new Agent({ keepAlive: true, maxSockets: 20 });
    closing.push(() => agent.destroy());
    const one = async (i: number) => {
      const client = request(url(`/${i}`), { method: 'POST', agent });
      client.end(`body ${i}`);
      const [response] = (await once(client, 'response')) as [IncomingMessage];
      return [response.headers['x-seen'], String(await bodyOf(response))];
    };
    for (let i = 0; i < 50; i++) expect(await one(i)).toEqual([`POST /${i} -`, `body ${i}`]);
    const all = await Promise.all(Array.from({ length: 300 }, (_, i) => one(i)));
    all.forEach((result, i) => void expect(result).toEqual([`POST /${i} -`, `body ${i}`]));
  });

  test('of Node and undici see an error when the origin sends less than it promised', async () => {
    await raw((connection) => connection.socket.once('data', () => connection.socket.end(SHORT)));
    await expect(fetch(url()).then((response) => response.text())).rejects.toThrow();
    const client = request(url()).end();
    const [response] = (await once(client, 'response')) as [IncomingMessage];
    await expect(bodyOf(response)).rejects.toThrow('aborted');
  });
});

describeWith(['curl'], 'curl', () => {
  test('posts with Expect of its own accord, and knows a short answer for what it is', async () => {
    const origin = await recording();
    const posted = await run('curl', ['-q', '-sS', '--data-binary', '@-', '-H', 'Expect: 100-continue', url()], {
      input: 'x'.repeat(2_000_000),
    });
    expect(posted.stdout).toBe('ok');
    expect(origin.requests[0]!.body).toHaveLength(2_000_000);
    await raw((connection) => connection.socket.once('data', () => connection.socket.end(SHORT)));
    expect((await run('curl', ['-q', '-sS', url()])).code).toBe(18);
  });
});

describeWith(['python3'], 'Python', () => {
  test('by http.client posts chunked and by length on one connection, and knows a short answer for what it is', async () => {
    const origin = await recording();
    const script = [
      'import http.client, sys',
      `c = http.client.HTTPConnection("127.0.0.1", ${port})`,
      'def ask(*a, **k):',
      '    c.request(*a, **k); r = c.getresponse(); return "%d %s" % (r.status, r.read().decode())',
      'print(ask("GET", "/1"))',
      'print(ask("POST", "/2", body=b"x" * 100000))',
      'print(ask("POST", "/3", body=iter([b"ab", b"cd"]), encode_chunked=True))',
      'print(ask("HEAD", "/4"))',
      'print(ask("DELETE", "/5"))',
    ].join('\n');
    const { stdout, stderr } = await run('python3', ['-c', script]);
    expect([stdout, stderr]).toEqual(['200 ok\n200 ok\n200 ok\n200 \n200 ok\n', '']);
    expect(origin.requests.map((one) => `${one.method} ${one.url} ${one.body.length}`)).toEqual([
      'GET /1 0',
      'POST /2 100000',
      'POST /3 4',
      'HEAD /4 0',
      'DELETE /5 0',
    ]);
    await raw((connection) => connection.socket.once('data', () => connection.socket.end(SHORT)));
    const short = await run('python3', ['-c', `import urllib.request as u; u.urlopen("${url()}").read()`]);
    expect(short.stderr).toContain('IncompleteRead(5 bytes read, 5 more expected)');
  });
});

describeWith(['python3'], 'Python’s http.server', () => {
  const HANDLER = [
    'from http.server import *',
    'import sys',
    'class H(BaseHTTPRequestHandler):',
    '    protocol_version = sys.argv[2]',
    '    def do_POST(self):',
    '        body = self.rfile.read(int(self.headers["Content-Length"]))',
    '        self.send_response(200)',
    '        if sys.argv[2] == "HTTP/1.1": self.send_header("Content-Length", str(len(body)))',
    '        self.end_headers(); self.wfile.write(body)',
    's = ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), H)',
    'print("ready", flush=True)',
    's.serve_forever()',
  ].join('\n');

  test.each(['HTTP/1.0', 'HTTP/1.1'])('answers by %s, until it closes or by length', async (version) => {
    const at = await freePort();
    const args = ['-u', '-c', HANDLER, String(at), version];
    const service = await Service.start(program('python3'), args, { ready: 'ready' });
    closing.push(() => service.stop('SIGTERM'));
    await route(at);
    for (const body of ['', 'x', 'y'.repeat(1 << 20)]) {
      expect((await (await fetch(url(), { method: 'POST', body })).text()) === body).toBe(true);
    }
  });
});

describeWith(['nginx'], 'nginx', () => {
  const page = 'compressible '.repeat(1_000);

  async function nginx(server: string): Promise<number> {
    const at = await freePort();
    const started = await Nginx.start({ address: '127.0.0.1', port: at, server, files: { 'index.html': page } });
    closing.push(() => started.stop());
    return at;
  }

  test('as the target: ranges, conditions, HEAD and 413 come through, over connections that are kept', async () => {
    await route(await nginx('client_max_body_size 10; location /up { proxy_pass http://127.0.0.1:1; }'));
    const whole = await fetch(url());
    expect(await whole.text()).toBe(page);
    const range = await fetch(url(), { headers: { Range: 'bytes=0-11' } });
    expect([range.status, await range.text(), range.headers.get('content-range')]).toEqual([
      206,
      'compressible',
      `bytes 0-11/${page.length}`,
    ]);
    const fresh = await fetch(url(), { headers: { 'If-None-Match': whole.headers.get('etag')! } });
    expect([fresh.status, await fresh.text()]).toEqual([304, '']);
    const head = await fetch(url(), { method: 'HEAD' });
    expect([head.headers.get('content-length'), await head.text()]).toEqual([String(page.length), '']);
    expect((await fetch(url('/up'), { method: 'POST', body: 'x'.repeat(100_000) })).status).toBe(413);
  });

  test('as the target compresses for a proxy only when told so by `gzip_proxied any`, or without Via', async () => {
    const gzip = 'gzip on; gzip_types text/plain;';
    for (const [server, via, encoding] of [
      [gzip, true, null],
      [gzip, false, 'gzip'],
      [`${gzip} gzip_proxied any;`, true, 'gzip'],
    ] as const) {
      const routes = [{ target_host: '127.0.0.1', target_port: String(await nginx(server)) }];
      await plane.run([host({ port, routes })], { via });
      const answer = await fetch(url());
      expect([answer.headers.get('content-encoding'), await answer.text()]).toEqual([encoding, page]);
    }
  });

  test.each([
    ['HTTP/1.0 and close', ''],
    ['HTTP/1.1 and keep-alive', 'proxy_http_version 1.1; proxy_set_header Connection "";'],
  ])('as the client, by %s, gets bodies, errors and streams whole', async (_, how) => {
    await node(async (req, res) => {
      if (req.url === '/stream') {
        res.write('a');
        res.end('b');
      } else res.writeHead(req.url === '/teapot' ? 418 : 200).end(await bodyOf(req));
    });
    const front = `http://127.0.0.1:${await nginx(`location / { proxy_pass http://127.0.0.1:${port}; ${how} }`)}`;
    const body = 'z'.repeat(300_000);
    for (let i = 0; i < 3; i++) {
      expect((await (await fetch(front, { method: 'POST', body })).text()) === body).toBe(true);
      expect((await fetch(`${front}/teapot`)).status).toBe(418);
      expect(await (await fetch(`${front}/stream`)).text()).toBe('ab');
    }
  });

  test('as the client passes an upgrade, which becomes a tunnel through both', async () => {
    const server = await node((_, response) => response.end());
    new WebSocketServer({ server }).on('connection', (one) => one.on('message', (data) => one.send(data)));
    const upgrade =
      'proxy_http_version 1.1; proxy_set_header Connection upgrade; proxy_set_header Upgrade $http_upgrade;';
    const front = await nginx(`location / { proxy_pass http://127.0.0.1:${port}; ${upgrade} }`);
    const client = new WebSocket(`ws://127.0.0.1:${front}/`);
    await once(client, 'open');
    client.send('through both');
    expect(String((await once(client, 'message'))[0])).toBe('through both');
    client.close();
    await once(client, 'close');
  });
});

describe('a WebSocket', () => {
  async function sockets(server: Server): Promise<WebSocketServer> {
    const accepting = new WebSocketServer({ server });
    accepting.on('connection', (one) => one.on('message', (data, binary) => one.send(data, { binary })));
    return accepting;
  }

  test.each([65_528, 65_529, 65_536])('passes a message of %d bytes, and one in fragments', async (size) => {
    await sockets(await node((_, response) => response.end()));
    const client = new WebSocket(url().replace('http', 'ws'), { perMessageDeflate: false });
    await once(client, 'open');
    client.send('x'.repeat(size));
    expect(String((await once(client, 'message'))[0])).toHaveLength(size);
    client.send('a'.repeat(size), { fin: false });
    client.send('b', { fin: true });
    expect(String((await once(client, 'message'))[0])).toBe(`${'a'.repeat(size)}b`);
    client.close();
    await once(client, 'close');
  });

  test('keeps three Set-Cookie lines of its 101, and no field is undefined', async () => {
    const accepting = await sockets(await node((_, response) => response.end()));
    accepting.on('headers', (headers) => headers.push('Set-Cookie: a', 'Set-Cookie: b', 'Set-Cookie: c'));
    const client = new WebSocket(url().replace('http', 'ws'));
    const [response] = (await once(client, 'upgrade')) as [IncomingMessage];
    expect(response.headers['set-cookie']).toEqual(['a', 'b', 'c']);
    expect(response.rawHeaders).not.toContain('undefined');
    client.terminate();
  });

  test('that is refused tells the client status and body of the origin', async () => {
    const server = await node((_, response) => response.end());
    server.on('upgrade', (_, socket) => socket.end("HTTP/1.1 418 I'm a teapot\r\nContent-Length: 3\r\n\r\ntea"));
    const client = new WebSocket(url().replace('http', 'ws'));
    client.on('error', () => {});
    const [, response] = (await once(client, 'unexpected-response')) as [unknown, IncomingMessage];
    expect([response.statusCode, String(await bodyOf(response))]).toEqual([418, 'tea']);
    client.terminate();
  });

  test('ends with an error when the origin hangs up instead of answering', async () => {
    const server = await node((_, response) => response.end());
    server.on('upgrade', (_, socket) => socket.destroy());
    const client = new WebSocket(url().replace('http', 'ws'));
    expect(String((await once(client, 'error'))[0])).toContain('502');
  });

  test('whose client goes before the 101 is given up at the origin', async () => {
    const origin = await raw();
    const next = origin.next();
    const client = new RawClient(port).send(
      'GET / HTTP/1.1\r\nHost: a.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n',
    );
    const connection = await next;
    await connection.head();
    client.close();
    await connection.until(({ closed, ended }) => closed || ended);
  });

  test('gets no HTTP status written into it when the origin fails, and its connection serves nobody else', async () => {
    const origin = await raw((connection) =>
      connection.socket.once('data', () => {
        if (!connection.received.includes('Upgrade')) connection.write(OK);
        else
          connection.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nhi');
      }),
    );
    const client = new RawClient(port).send(
      'GET / HTTP/1.1\r\nHost: a.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n',
    );
    await client.until((text) => text.endsWith('hi'));
    origin.connections[0]!.socket.resetAndDestroy();
    const received = await client.end();
    expect(received.match(/HTTP\/1\.1/g)).toHaveLength(1);
    expect(await exchange(port, `GET / HTTP/1.1\r\n${CLOSE}\r\n`)).toMatch(/ok$/);
    expect(origin.connections).toHaveLength(2);
  });
});

test('a proxy behind a proxy passes requests, WebSockets and truncation alike', async () => {
  const server = await node((req, response) => {
    if (req.url === '/short') {
      response.writeHead(200, { 'Content-Length': 10 }).write('short');
      setTimeout(() => response.destroy(), 20);
    } else response.end(req.url);
  });
  new WebSocketServer({ server }).on('connection', (one) => one.on('message', (data) => one.send(data)));
  const outer = new DataPlane();
  closing.push(() => outer.close());
  const inner = port;
  port = await freePort();
  await outer.run([host({ port, routes: [{ target_host: '127.0.0.1', target_port: String(inner) }] })]);
  expect(await (await fetch(url('/x?y'))).text()).toBe('/x?y');
  await expect(fetch(url('/short')).then((response) => response.text())).rejects.toThrow();
  const client = new WebSocket(url().replace('http', 'ws'));
  await once(client, 'open');
  client.send('through both');
  expect(String((await once(client, 'message'))[0])).toBe('through both');
  client.close();
  await once(client, 'close');
});
