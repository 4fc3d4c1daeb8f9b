// Where llhttp differs from us on purpose, as data. `adapt` turns a message into one that llhttp takes, so that all the
// rest of it is still compared.
import { KNOWN_METHODS } from './llhttp.ts';

export interface Exception {
  readonly name: string;
  readonly reason: string;
  adapt?(head: string): string;
  /** The same for a chunked body. */
  adaptBody?(body: string): string;
}

function withoutProxyConnection(head: string): string {
  return head.replace(/\r\nproxy-connection:/gi, '\r\nX-Proxy-Connection:');
}

const METHOD = /^(?:\r\n)?([^ ]+) /;

const framingTrailers: Exception = {
  name: 'framing and connection fields in trailers',
  reason:
    'RFC 9110 6.5.1: they have no meaning there, and we drop them; llhttp refuses the message, or what follows a close',
  adaptBody: (body) => {
    const lines = body.split('\r\n');
    for (let i = lines.length - 1; i > 0 && !/^[0-9a-f]+(?:;.*)?$/i.test(lines[i]!); i--) {
      lines[i] = lines[i]!.replace(/^(?:content-length|transfer-encoding|(?:proxy-)?connection):/i, 'x:');
    }
    return lines.join('\r\n');
  },
};

const tabBehindCoding: Exception = {
  name: 'a tab behind the transfer coding',
  reason:
    'RFC 9112 5.1: white space around a value, tabs too, is no part of it; llhttp refuses it in a request, and in a response reads to the end of the connection. What we pass on is framed anew, without the tab',
  adapt: (head) => head.replace(/(\r\ntransfer-encoding:[ \t]*chunked)[ \t]+\r\n/gi, '$1\r\n'),
};

export const requestExceptions: readonly Exception[] = [
  tabBehindCoding,
  framingTrailers,
  {
    name: 'a method that llhttp does not know',
    reason: 'llhttp has a table; RFC 9110 16.1 lets a method be any token, and a gateway passes it on (9110 7.6)',
    adapt: (head) => {
      const method = METHOD.exec(head)?.[1] ?? '';
      return KNOWN_METHODS.has(method) ? head : head.replace(method, () => 'PATCH');
    },
  },
  {
    name: 'HTTP/1.2 and beyond',
    reason:
      'RFC 9110 6.2: a higher minor version is read as the highest that we know, 1.1; llhttp knows 1.0 and 1.1 only',
    adapt: (head) => head.replace(/^((?:\r\n)?[^ ]+ [^ ]+ HTTP\/1\.)[2-9]\r\n/, '$11\r\n'),
  },
  {
    name: 'Proxy-Connection',
    reason: 'llhttp reads it as Connection; it is in no RFC, and no client of a gateway has reason to send it: dropped',
    adapt: withoutProxyConnection,
  },
];

export const responseExceptions: readonly Exception[] = [
  tabBehindCoding,
  framingTrailers,
  {
    name: 'HTTP/1.2 and beyond',
    reason: 'RFC 9110 6.2, as for requests',
    adapt: (head) => head.replace(/^HTTP\/1\.[2-9]/, 'HTTP/1.1'),
  },
  {
    name: 'Proxy-Connection',
    reason: 'as for requests',
    adapt: withoutProxyConnection,
  },
  {
    name: 'interim answers with framing',
    reason:
      'RFC 9112 6.3: no 1xx has a body; llhttp knows that of 100, 102 and 103 only. The framing fields are not passed on',
    adapt: (head) =>
      /^HTTP\/1\.. 1/.test(head) && !/^HTTP\/1\.. 10[01]/.test(head)
        ? head.replace(/^(HTTP\/1\..) 1\d\d/, '$1 102')
        : head,
  },
  {
    name: 'interim answers that say close, or are HTTP/1.0',
    reason: 'another answer follows by definition; llhttp takes the connection for closed',
    adapt: (head) =>
      /^HTTP\/1\.. 1/.test(head)
        ? head.replace(/\r\nconnection:/gi, '\r\nX-Connection:').replace(/\r\n$/, 'Connection: keep-alive\r\n\r\n')
        : head,
  },
];

/** @param chunked the body is a whole chunked one */
export function adapted(head: string, body: string, chunked: boolean, exceptions: readonly Exception[]): string {
  const adaptedHead = exceptions.reduce((text, { adapt }) => adapt?.(text) ?? text, head);
  if (!chunked) return adaptedHead + body;
  return adaptedHead + exceptions.reduce((text, { adaptBody }) => adaptBody?.(text) ?? text, body);
}
