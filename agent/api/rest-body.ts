// Reading the JSON body of a REST request: bounded, typed, an object. A body that is too large is read to its end (to
// a limit) and dropped, so that the client gets to see the answer.
import type { IncomingMessage } from 'node:http';
import { invalid, ProxyError } from '../../src/errors.ts';

/** Of a body, in bytes. */
export const MAX_BODY_BYTES = 1024 * 1024;
/** What is read and dropped of a body that is too large. */
const MAX_DROPPED_BYTES = 64 * 1024 * 1024;

export type Fields = Readonly<Record<string, unknown>>;

/**
 * The fields of the body; none when there is no body.
 * @throws ProxyError too_large, unsupported_media_type, invalid
 */
export async function readFields(request: IncomingMessage): Promise<Fields> {
  const bytes = await readBytes(request);
  if (bytes.length === 0) return {};
  if (!isJson(request.headers['content-type'])) {
    throw new ProxyError('unsupported_media_type', 'a body must have the content type application/json');
  }
  const value = parsed(bytes);
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Fields;
  throw invalid([{ path: '', message: 'the body must be a JSON object' }]);
}

function readBytes(request: IncomingMessage): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let length = 0;
    const tooLarge = () => reject(new ProxyError('too_large', `a body may have ${MAX_BODY_BYTES} bytes`));
    request.on('data', (chunk: Buffer) => {
      length += chunk.length;
      if (length <= MAX_BODY_BYTES) chunks.push(chunk);
      else chunks.length = 0;
      if (length > MAX_DROPPED_BYTES) tooLarge();
    });
    request.on('end', () => (length > MAX_BODY_BYTES ? tooLarge() : resolve(Buffer.concat(chunks))));
    request.on('error', () => reject(new ProxyError('invalid', 'the body was not sent to its end')));
    request.on('close', () => reject(new ProxyError('invalid', 'the body was not sent to its end')));
  });
}

function isJson(type: string | undefined): boolean {
  return /^application\/(?:[\w.-]+\+)?json *(?:;|$)/i.test(type ?? '');
}

function parsed(bytes: Buffer): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    throw invalid([{ path: '', message: 'the body is not JSON in UTF-8' }]);
  }
}
