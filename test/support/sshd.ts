// A real sshd on its own port with its own keys, and an ssh client that knows nothing of the user's own files.
import { mkdirSync } from 'node:fs';
import { copyFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { program, runOk } from './programs.ts';
import { Service } from './service.ts';

/** sshd that runs as root insists on this folder; packages make it when they start the service. */
const PRIVILEGE_SEPARATION = '/run/sshd';

export class Sshd {
  readonly port: number;
  readonly #service: Service;
  readonly #folder: string;

  private constructor(port: number, service: Service, folder: string) {
    this.port = port;
    this.#service = service;
    this.#folder = folder;
  }

  static async start(port: number, address = '127.0.0.1'): Promise<Sshd> {
    const folder = await mkdtemp(join(tmpdir(), 'sshd-'));
    for (const key of ['host', 'user']) {
      await runOk('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', join(folder, key)]);
    }
    await copyFile(join(folder, 'user.pub'), join(folder, 'authorized_keys'));
    await writeFile(join(folder, 'sshd_config'), configuration(folder, port, address));
    if (process.getuid?.() === 0 && process.platform === 'linux') mkdirSync(PRIVILEGE_SEPARATION, { recursive: true });
    const args = ['-D', '-e', '-f', join(folder, 'sshd_config')];
    return new Sshd(port, await Service.start(program('sshd'), args, { ready: 'Server listening on' }), folder);
  }

  /** Arguments of ssh that log in at `port`, which need not be sshd's own. */
  clientArgs(port: number, address = '127.0.0.1'): string[] {
    const options = [
      `IdentityFile=${join(this.#folder, 'user')}`,
      'IdentitiesOnly=yes',
      'BatchMode=yes',
      'StrictHostKeyChecking=no',
      `UserKnownHostsFile=${join(this.#folder, 'known_hosts')}`,
      'LogLevel=ERROR',
    ];
    const flags = options.flatMap((option) => ['-o', option]);
    return ['-F', 'none', ...flags, '-p', String(port), `${userInfo().username}@${address}`];
  }

  async stop(): Promise<void> {
    await this.#service.stop();
    await rm(this.#folder, { recursive: true, force: true });
  }
}

function configuration(folder: string, port: number, address: string): string {
  return `
Port ${port}
ListenAddress ${address}
HostKey ${folder}/host
AuthorizedKeysFile ${folder}/authorized_keys
PidFile none
StrictModes no
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin prohibit-password
PrintMotd no
`;
}
