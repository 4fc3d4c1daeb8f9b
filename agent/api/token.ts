// The token of the REST server: made at the first start, kept in a private file, compared in constant time. It is never
// logged and never shown.
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { chmodSync, closeSync, fsyncSync, openSync, readFileSync, renameSync, statSync, writeSync } from 'node:fs';
import { ProxyError } from '../../src/errors.ts';

const TOKEN_BYTES = 32;
/** What an owner may have put there instead: printable, no spaces. */
const TOKEN = /^[\x21-\x7e]{16,1024}$/;

/**
 * Reads the token, or makes it.
 * @throws ProxyError unavailable when the file cannot be read or written, or holds no token
 */
export function loadToken(path: string): string {
  try {
    if (statSync(path, { throwIfNoEntry: false }) === undefined) return makeToken(path);
    if ((statSync(path).mode & 0o077) !== 0) chmodSync(path, 0o600);
    const token = readFileSync(path, 'utf8').trim();
    if (TOKEN.test(token)) return token;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new ProxyError('unavailable', `the REST token cannot be used: ${reason}`, undefined, { cause: error });
  }
  throw new ProxyError('unavailable', `${path} holds no token: remove the file, and the next start makes a new one`);
}

/** Whole or not there: a token that is half written would lock every client out. */
function makeToken(path: string): string {
  const token = randomBytes(TOKEN_BYTES).toString('base64url');
  const handle = openSync(`${path}.new`, 'w', 0o600);
  try {
    writeSync(handle, `${token}\n`);
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
  renameSync(`${path}.new`, path);
  return token;
}

/** Tells whether a given text is the token; takes the same time however much of it is right. */
export function tokenCheck(token: string): (given: string) => boolean {
  const expected = digest(token);
  return (given) => timingSafeEqual(digest(given), expected);
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
