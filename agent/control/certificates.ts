// Certificates of TLS hosts: PEM text or files, read and checked when a host is compiled. No error holds key material.
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createSecureContext, type SecureContext } from 'node:tls';
import { ProxyError } from '../../src/errors.ts';
import type { Tls } from '../../src/model/host.ts';

const MAX_FILE_BYTES = 1_000_000;

/**
 * @param tls enabled, with cert and key
 * @throws ProxyError invalid, with the field
 */
export function loadCertificate(tls: Tls): SecureContext {
  const cert = readPem('cert', tls.cert);
  const key = readPem('key', tls.key);
  checkPair(cert, key);
  try {
    return createSecureContext({ cert, key, minVersion: 'TLSv1.2' });
  } catch (error) {
    throw bad('cert', `cannot be used: ${error instanceof Error ? error.message : 'unknown reason'}`);
  }
}

function readPem(field: 'cert' | 'key', value: string | undefined): string {
  if (value === undefined) throw bad(field, 'is needed: give PEM text or the path of a file');
  if (value.includes('-----BEGIN')) return value;
  // Nothing that could be key material is repeated in an error.
  if (!/^[^\r\n]{1,1024}$/.test(value)) throw bad(field, 'is neither PEM text nor the path of a file');
  if (!/[/.\\]/.test(value)) throw bad(field, 'is not PEM text; a file is given by its path, with a / in it');
  try {
    const text = readFileSync(value, 'utf8');
    if (text.length <= MAX_FILE_BYTES && text.includes('-----BEGIN')) return text;
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown reason';
    throw bad(field, `the file ${value} cannot be read (${code})`);
  }
  throw bad(field, `the file ${value} holds no PEM text`);
}

function checkPair(cert: string, key: string): void {
  let certificate: X509Certificate;
  try {
    certificate = new X509Certificate(cert);
  } catch {
    throw bad('cert', 'is no certificate');
  }
  let matches: boolean;
  try {
    matches = certificate.checkPrivateKey(createPrivateKey(key));
  } catch {
    throw bad('key', 'is no private key that can be read (an encrypted one cannot)');
  }
  if (!matches) throw bad('key', 'does not belong to the certificate');
}

function bad(field: 'cert' | 'key', message: string): ProxyError {
  return new ProxyError('invalid', `tls.${field}: ${message}`, { problems: [{ path: `tls.${field}`, message }] });
}
