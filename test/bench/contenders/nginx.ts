// nginx with one worker: kept connections to the origins, WebSockets, buffered access log (prproxy's is, too), and the
// forwarding headers that prproxy sets. Uploads are passed on as they come, as prproxy does.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { findProgram, program, run } from '../../support/programs.ts';
import type { Contender, Running } from '../contender.ts';
import { Launched } from '../launch.ts';
import { allPorts, type HttpSite, httpSites, type Layout, type Route, targetPorts } from '../layout.ts';

/** More than any load opens, and so many kept upstream. */
const CONNECTIONS = 1024;
const KEPT = 64;
const STREAM_MODULE = '/usr/lib/nginx/modules/ngx_stream_module.so';

export const nginx: Contender = {
  name: 'nginx',
  speaks: ['http', 'tcp'],
  warms: false,
  missing: () => (findProgram('nginx') === undefined ? 'nginx' : undefined),
  version: async () => /nginx\/(\S+)/.exec((await run('nginx', ['-v'])).stderr)?.[1] ?? 'unknown',
  start,
};

async function start(layout: Layout, folder: string): Promise<Running> {
  const path = join(folder, 'nginx.conf');
  await writeFile(path, configuration(layout, folder));
  const args = ['-p', folder, '-c', path, '-e', join(folder, 'error.log')];
  const launched = await Launched.start(program('nginx'), { args, ports: allPorts(layout), folder });
  return { layout, roots: [launched.pid], stop: () => launched.stop() };
}

function configuration(layout: Layout, folder: string): string {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  return `
load_module ${STREAM_MODULE};
${process.getuid?.() === 0 ? 'user root;' : ''}
daemon off;
worker_processes 1;
pid ${folder}/nginx.pid;
events { worker_connections ${CONNECTIONS}; }
http {
  ${temporary.map((name) => `${name}_temp_path ${folder}/${name};`).join('\n  ')}
  access_log ${folder}/access.log combined buffer=64k flush=1s;
  keepalive_requests 100000000;
  client_max_body_size 0;
  map $http_upgrade $upstream_connection { default upgrade; '' ''; }
  ${targetPorts(layout).map(upstream).join('\n  ')}
  ${httpSites(layout).map(server).join('\n  ')}
}
stream {
  log_format tcp '$remote_addr [$time_local] $status $bytes_sent $bytes_received $session_time';
  access_log ${folder}/tcp.log tcp buffer=64k flush=1s;
  server { listen 127.0.0.1:${layout.tcp.port}; proxy_pass 127.0.0.1:${layout.tcp.targetPort}; proxy_half_close on; }
}
`;
}

function upstream(port: number): string {
  return `upstream to_${port} { server 127.0.0.1:${port}; keepalive ${KEPT}; keepalive_requests 100000000; }`;
}

function server({ host, port, tls, routes }: HttpSite): string {
  return `server {
    listen 127.0.0.1:${port}${tls === undefined ? '' : ' ssl'};
    server_name ${host};
    ${tls === undefined ? '' : `ssl_certificate ${tls.cert}; ssl_certificate_key ${tls.key};`}
    proxy_http_version 1.1;
    proxy_request_buffering off;
    proxy_max_temp_file_size 0;
    proxy_set_header Host $http_host;
    proxy_set_header Connection $upstream_connection;
    proxy_set_header Upgrade $http_upgrade;
    proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
    proxy_set_header X-Forwarded-Host $http_host;
    proxy_set_header X-Forwarded-Proto $scheme;
    proxy_set_header X-Request-Id $request_id;
    proxy_set_header Via "1.1 nginx";
    ${routes.map(location).join('\n    ')}
  }`;
}

function location({ path, pattern, port }: Route): string {
  const match = pattern === undefined ? path : `~ "${pattern}"`;
  return `location ${match} { proxy_pass http://to_${port}; }`;
}
