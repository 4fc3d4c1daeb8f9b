// HAProxy with one thread. It writes its log line by line: it has no buffer for files.
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { findProgram, program, runOk } from '../../support/programs.ts';
import type { Contender, Running } from '../contender.ts';
import { Launched } from '../launch.ts';
import { allPorts, type HttpSite, httpSites, type Layout, type Route, targetPorts } from '../layout.ts';

export const haproxy: Contender = {
  name: 'haproxy',
  speaks: ['http', 'tcp'],
  warms: false,
  missing: () => (findProgram('haproxy') === undefined ? 'haproxy' : undefined),
  version: async () => /version (\d[\d.]*)/.exec(await runOk('haproxy', ['-v']))?.[1] ?? 'unknown',
  start,
};

async function start(layout: Layout, folder: string): Promise<Running> {
  const path = join(folder, 'haproxy.cfg');
  const { cert, key } = layout.tls.tls!;
  const pem = join(folder, 'bench.pem');
  await writeFile(pem, (await readFile(cert, 'utf8')) + (await readFile(key, 'utf8')), { mode: 0o600 });
  await writeFile(path, configuration(layout, pem));
  const launched = await Launched.start(program('haproxy'), {
    args: ['-db', '-f', path],
    ports: allPorts(layout),
    folder,
  });
  return { layout, roots: [launched.pid], stop: () => launched.stop() };
}

function configuration(layout: Layout, pem: string): string {
  return `
global
  nbthread 1
  maxconn 4096
  log stdout format raw local0
defaults
  log global
  timeout connect 5s
  timeout client 75s
  timeout server 600s
  timeout tunnel 1h
${httpSites(layout)
  .map((site) => frontend(site, pem))
  .join('')}
${targetPorts(layout).map(backend).join('')}
listen tcp
  mode tcp
  option tcplog
  bind 127.0.0.1:${layout.tcp.port}
  server target 127.0.0.1:${layout.tcp.targetPort}
`;
}

function frontend({ port, tls, routes }: HttpSite, pem: string): string {
  return `
frontend site_${port}
  mode http
  option httplog
  option forwardfor
  bind 127.0.0.1:${port}${tls === undefined ? '' : ` ssl crt ${pem}`}
  unique-id-format %{+X}o%ci%cp%fi%fp%Ts%rt%pid
  unique-id-header X-Request-Id
  http-request set-header X-Forwarded-Proto ${tls === undefined ? 'http' : 'https'}
  http-request set-header X-Forwarded-Host %[req.hdr(host)]
  http-request add-header Via "1.1 haproxy"
  ${routes.map(useBackend).join('\n  ')}
`;
}

function useBackend({ path, pattern, port }: Route): string {
  if (pattern !== undefined) return `use_backend to_${port} if { path_reg '${pattern}' }`;
  if (path === '/') return `default_backend to_${port}`;
  return `use_backend to_${port} if { path ${path} } || { path_beg ${path}/ }`;
}

function backend(port: number): string {
  return `
backend to_${port}
  mode http
  http-reuse always
  server target 127.0.0.1:${port}
`;
}
