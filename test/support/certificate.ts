// A self-signed certificate, made by openssl, in files.
import { join } from 'node:path';
import { runOk } from './programs.ts';

export interface CertificateFiles {
  readonly cert: string;
  readonly key: string;
}

/** @param names DNS names that it is for */
export async function selfSigned(folder: string, ...names: string[]): Promise<CertificateFiles> {
  const [cert, key] = [join(folder, `${names[0]}.crt`), join(folder, `${names[0]}.key`)];
  const alternatives = `subjectAltName=${names.map((name) => `DNS:${name}`).join(',')}`;
  const type = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  const subject = ['-subj', `/CN=${names[0]}`, '-addext', alternatives, '-days', '2'];
  await runOk('openssl', ['req', '-x509', ...type, ...subject, '-keyout', key, '-out', cert]);
  return { cert, key };
}
