// A real nginx as a VM's web server: own folder, own configuration, one address and port, in the foreground.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { program } from './programs.ts';
import { Service } from './service.ts';

export interface NginxOptions {
  readonly address: string;
  readonly port: number;
  /** Directives of the server block; `root` is the folder that `files` are in. */
  readonly server?: string;
  /** Name to content, served as they are. */
  readonly files?: Readonly<Record<string, string>>;
  /** Most that are open at once. */
  readonly connections?: number;
}

export class Nginx {
  readonly #service: Service;
  readonly #folder: string;

  private constructor(service: Service, folder: string) {
    this.#service = service;
    this.#folder = folder;
  }

  static async start(options: NginxOptions): Promise<Nginx> {
    const folder = await mkdtemp(join(tmpdir(), 'nginx-'));
    for (const [name, content] of Object.entries(options.files ?? {})) await writeFile(join(folder, name), content);
    const path = join(folder, 'nginx.conf');
    await writeFile(path, configuration(folder, options));
    const args = ['-p', folder, '-c', path, '-e', 'stderr'];
    try {
      return new Nginx(await Service.start(program('nginx'), args, { ready: 'start worker process ' }), folder);
    } catch (error) {
      await rm(folder, { recursive: true, force: true });
      throw error;
    }
  }

  /** At once: connections that are open are closed, as when a machine is switched off. */
  async stop(): Promise<void> {
    await this.#service.stop('SIGTERM');
    await rm(this.#folder, { recursive: true, force: true });
  }
}

function configuration(folder: string, { address, port, server = '', connections = 256 }: NginxOptions): string {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  return `
${process.getuid?.() === 0 ? 'user root;' : ''}
daemon off;
worker_processes 1;
pid ${folder}/nginx.pid;
error_log stderr notice;
events { worker_connections ${connections}; }
http {
  access_log off;
  default_type text/plain;
  ${temporary.map((name) => `${name}_temp_path ${folder}/${name};`).join('\n  ')}
  server {
    listen ${address}:${port};
    ${/^\s*root /m.test(server) ? '' : `root ${folder};`}
    ${server}
  }
}
`;
}
