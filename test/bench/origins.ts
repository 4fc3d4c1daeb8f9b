// Where the contenders lead to. Two web servers that serve files and take uploads (nginx, else a small one of ours),
// and one for WebSockets. Each is a process of its own that is not counted.
import { randomBytes } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { freePort } from '../support/data-plane.ts';
import { Nginx } from '../support/nginx.ts';
import { findProgram } from '../support/programs.ts';
import { Launched } from './launch.ts';
import type { OriginPorts } from './layout.ts';

export const KB = 1000;

/** Path to size, in bytes. `/app…` are the same for hosts with routes. */
export const FILES = { '/1k': KB, '/100k': 100 * KB, '/10m': 10_000 * KB } as const;

export interface Origins {
  readonly ports: OriginPorts;
  /** Path to content, the same at both web servers. */
  readonly files: ReadonlyMap<string, Buffer>;
  stop(): Promise<void>;
}

export async function startOrigins(folder: string): Promise<Origins> {
  const files = new Map(Object.entries(FILES).map(([path, size]) => [path, randomText(size)]));
  for (const path of ['/app10/1k']) files.set(path, files.get('/1k')!);
  const started: { stop(): Promise<void> }[] = [];
  const ports = { web: await freePort(), other: await freePort(), webSocket: await freePort(), tcp: await freePort() };
  const stop = async () => {
    for (const each of started) await each.stop();
  };
  try {
    started.push(await startWeb('web', ports.web, folder, files));
    started.push(await startWeb('other', ports.other, folder, files));
    started.push(await startOurs('echo', ports.webSocket, folder, 'origin.ts', 'echo', folder));
    started.push(await startOurs('tcp', ports.tcp, folder, 'tcp-origin.ts'));
  } catch (error) {
    await stop();
    throw error;
  }
  return { ports, files, stop };
}

async function startWeb(name: string, port: number, folder: string, files: ReadonlyMap<string, Buffer>) {
  const root = join(folder, name);
  for (const [path, content] of files) {
    await mkdir(join(root, path, '..'), { recursive: true });
    await writeFile(join(root, path), content);
  }
  await mkdir(join(root, 'up'));
  if (findProgram('nginx') === undefined) return startOurs(name, port, folder, 'origin.ts', name, root);
  return Nginx.start({ address: '127.0.0.1', port, server: nginxServer(name, root), connections: 4096 });
}

/** An upload is read to its end before it is answered; it lies there afterwards. */
function nginxServer(name: string, root: string): string {
  return `
    root ${root};
    sendfile on;
    keepalive_requests 100000000;
    open_file_cache max=100;
    client_max_body_size 0;
    client_body_buffer_size 128k;
    add_header X-Origin ${name};
    location /up/ { dav_methods PUT; }
    location /seen { return 200 "$http_host|$http_x_forwarded_for|$http_x_forwarded_proto|$connection_requests"; }
  `;
}

async function startOurs(name: string, port: number, folder: string, file: string, ...args: string[]) {
  const own = join(folder, `${name}-process`);
  await mkdir(own);
  const command = [join(import.meta.dirname, 'load', file), String(port), ...args];
  return Launched.start(process.execPath, { args: command, ports: [port], folder: own });
}

/** Not to be compressed, and text for the eyes of a person. */
function randomText(size: number): Buffer {
  return Buffer.from(
    randomBytes(Math.ceil(size / 2))
      .toString('hex')
      .slice(0, size),
    'latin1',
  );
}
