// fastify-http-proxy.mjs SITES LOG: @fastify/http-proxy with forwarding headers, WebSockets, a log. It routes by prefix
// only: patterns are left out, and it does not take part where they matter.
import { readFileSync } from 'node:fs';
import httpProxy from '@fastify/http-proxy';
import fastify from 'fastify';
import { AccessLog } from './access-log.mjs';

const [sites, logPath] = process.argv.slice(2);
const log = new AccessLog(logPath);

for (const { port, cert, key, routes } of JSON.parse(readFileSync(sites, 'utf8'))) {
  const https = cert === undefined ? null : { cert: readFileSync(cert), key: readFileSync(key) };
  const server = fastify({ https, bodyLimit: 2 ** 30 });
  server.addHook('onResponse', async (request, reply) => {
    log.record(request.raw, request.ip, reply.statusCode, reply.elapsedTime);
  });
  for (const { path, pattern, port: target } of routes) {
    if (pattern !== undefined) continue;
    await server.register(httpProxy, {
      upstream: `http://127.0.0.1:${target}`,
      prefix: path,
      rewritePrefix: path,
      websocket: true,
      replyOptions: {
        rewriteRequestHeaders: (request, headers) => ({
          ...headers,
          host: request.headers.host,
          'x-forwarded-for': request.ip,
          'x-forwarded-proto': request.protocol,
        }),
      },
    });
  }
  await server.listen({ port: Number(port), host: '127.0.0.1' });
}
