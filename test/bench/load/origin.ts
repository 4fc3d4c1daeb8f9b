// `node origin.ts PORT NAME ROOT`: a small web server for where nginx is missing, and the echo of WebSockets. Serves the
// files below ROOT, takes PUT of files, and tells at /seen what it got of a request.
import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { join } from 'node:path';
import { WebSocketServer } from 'ws';

const [port, name = '', root = '.'] = process.argv.slice(2);
const files = new Map<string, Buffer>();
const served = new WeakMap<object, number>();

const server = createServer((req, res) => void serve(req, res).catch(() => res.destroy()));
server.keepAliveTimeout = 600_000;
new WebSocketServer({ server, perMessageDeflate: false }).on('connection', (ws) => {
  ws.on('message', (data, binary) => ws.send(data, { binary }));
  ws.on('error', () => {});
});
server.listen(Number(port), '127.0.0.1');

async function serve(req: IncomingMessage, res: ServerResponse): Promise<void> {
  const count = (served.get(req.socket) ?? 0) + 1;
  served.set(req.socket, count);
  res.setHeader('X-Origin', name);
  if (req.method === 'PUT') {
    const parts: Buffer[] = [];
    for await (const part of req) parts.push(part as Buffer);
    // The body is kept when a proof asks for it; a load does not measure our disk.
    if (req.url!.endsWith('/proof')) await writeFile(join(root, req.url!), Buffer.concat(parts));
    return void res.writeHead(204).end();
  }
  if (req.url === '/seen') {
    const { host, 'x-forwarded-for': client, 'x-forwarded-proto': scheme } = req.headers;
    return void res.end(`${host}|${client}|${scheme}|${count}`);
  }
  res.end(fileAt(req.url!));
}

function fileAt(path: string): Buffer {
  const known = files.get(path) ?? readFileSync(join(root, path));
  files.set(path, known);
  return known;
}
