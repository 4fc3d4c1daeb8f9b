// A real PostgreSQL with an empty database in a folder of its own, listening on loopback. The server refuses to run as
// root, so root runs it as the user `postgres`.
import { chown, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { program, runOk } from './programs.ts';
import { Service } from './service.ts';

interface User {
  readonly uid?: number;
  readonly gid?: number;
}

export class Postgres {
  readonly #service: Service;
  readonly #folder: string;

  private constructor(service: Service, folder: string) {
    this.#service = service;
    this.#folder = folder;
  }

  static async start(port: number, address = '127.0.0.1'): Promise<Postgres> {
    const folder = await mkdtemp(join(tmpdir(), 'postgres-'));
    const user = await serverUser();
    if (user.uid !== undefined && user.gid !== undefined) await chown(folder, user.uid, user.gid);
    const data = join(folder, 'data');
    await runOk('initdb', ['-D', data, '-A', 'trust', '-U', 'tester', '--no-sync', '-E', 'UTF8', '--locale', 'C'], {
      ...user,
      cwd: folder,
    });
    const args = ['-D', data, '-p', String(port), '-h', address, '-k', folder, '-F'];
    const ready = 'ready to accept connections';
    return new Postgres(await Service.start(program('postgres'), args, { ...user, cwd: folder, ready }), folder);
  }

  /** One query by psql at `port`, which need not be the server's own. @returns rows, `|` between columns */
  static async query(port: number, sql: string, address = '127.0.0.1'): Promise<string> {
    const args = ['-X', '-h', address, '-p', String(port), '-U', 'tester', '-d', 'postgres', '-Atc', sql];
    return (await runOk('psql', args, { env: { ...process.env, PGCONNECT_TIMEOUT: '20' } })).trimEnd();
  }

  async stop(): Promise<void> {
    await this.#service.stop('SIGINT');
    await rm(this.#folder, { recursive: true, force: true });
  }
}

/** Nothing to say unless we are root. */
async function serverUser(): Promise<User> {
  if (process.getuid?.() !== 0) return {};
  const id = async (flag: string) => Number(await runOk('id', [flag, 'postgres']));
  return { uid: await id('-u'), gid: await id('-g') };
}
