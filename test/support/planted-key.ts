// A real certificate and its private key, made by openssl, and what to search outputs for: any line of the key.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface PlantedKey {
  readonly cert: string;
  readonly key: string;
  /** Lines of the key's body, any of which would give it away. */
  readonly lines: readonly string[];
}

export function plantKey(folder: string): PlantedKey {
  const [certPath, keyPath] = [join(folder, 'planted.crt'), join(folder, 'planted.key')];
  const subject = ['-subj', '/CN=planted.test', '-days', '2'];
  const args = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', keyPath, '-out', certPath, ...subject];
  execFileSync('openssl', args, { stdio: 'ignore' });
  const [cert, key] = [readFileSync(certPath, 'utf8'), readFileSync(keyPath, 'utf8')];
  return { cert, key, lines: key.split('\n').filter((line) => line !== '' && !line.startsWith('-----')) };
}
