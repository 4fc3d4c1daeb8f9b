// http-proxy-3.mjs SITES LOG: http-proxy-3 with kept connections to the origins, forwarding headers, WebSockets, a log.
import { readFileSync } from 'node:fs';
import { Agent, createServer } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import httpProxy from 'http-proxy-3';
import { AccessLog } from './access-log.mjs';

const [sites, logPath] = process.argv.slice(2);
const log = new AccessLog(logPath);
const agent = new Agent({ keepAlive: true, maxFreeSockets: 64 });

for (const { port, cert, key, routes } of JSON.parse(readFileSync(sites, 'utf8'))) {
  const compiled = routes.map((route) => ({
    matches: matcher(route),
    proxy: httpProxy.createProxyServer({ target: `http://127.0.0.1:${route.port}`, agent, xfwd: true, ws: true }),
  }));
  for (const { proxy } of compiled) proxy.on('error', (_error, _req, res) => res?.destroy?.());
  const routeOf = (req) => compiled.find(({ matches }) => matches(req.url));
  const serve = (req, res) => {
    const began = performance.now();
    const { remoteAddress } = req.socket;
    res.once('finish', () => log.record(req, remoteAddress, res.statusCode, performance.now() - began));
    const route = routeOf(req);
    if (route === undefined) res.writeHead(404).end();
    else route.proxy.web(req, res);
  };
  const tls = cert === undefined ? undefined : { cert: readFileSync(cert), key: readFileSync(key) };
  const server = tls === undefined ? createServer(serve) : createTlsServer(tls, serve);
  server.on('upgrade', (req, socket, head) => routeOf(req)?.proxy.ws(req, socket, head));
  server.listen(Number(port), '127.0.0.1');
}

function matcher({ path, pattern }) {
  if (pattern !== undefined) {
    const compiled = new RegExp(pattern);
    return (url) => compiled.test(url);
  }
  if (path === '/') return () => true;
  return (url) => url === path || url.startsWith(`${path}/`) || url.startsWith(`${path}?`);
}
