// Heads as they go on the wire, and the few answers that are made before there is a request to answer.
import { STATUS_CODES } from 'node:http';
import { type Fields, field } from './fields.ts';

let dateSecond = -1;
let dateText = '';

/** Now, as an IMF-fixdate (RFC 9110 5.6.7); made once a second. */
export function httpDate(): string {
  const now = Date.now();
  const second = Math.floor(now / 1000);
  if (second !== dateSecond) {
    dateSecond = second;
    dateText = new Date(now).toUTCString();
  }
  return dateText;
}

export function reasonPhrase(status: number): string {
  return STATUS_CODES[status] ?? '';
}

/** @param framing the lines for Content-Length, Transfer-Encoding and Connection, each with its CRLF */
export function responseHead(status: number, reason: string, fields: Fields, framing: string): string {
  return `HTTP/1.1 ${status} ${reason}\r\n${fields}${framing}\r\n`;
}

/** @param framing see `responseHead` */
export function requestHead(method: string, target: string, fields: Fields, framing: string): string {
  return `${method} ${target} HTTP/1.1\r\n${fields}${framing}\r\n`;
}

/**
 * A whole plain-text answer that closes the connection: for heads that could not be read.
 * @param request its id in the log, if it has one; `bodyless`: it was HEAD (RFC 9110 9.3.2)
 */
export function closingAnswer(
  status: number,
  message: string,
  request: { readonly requestId?: string; readonly bodyless?: boolean } = {},
): string {
  const body = `${status} ${reasonPhrase(status)}: ${message}\n`;
  let fields = `Date: ${httpDate()}\r\nContent-Type: text/plain; charset=utf-8\r\nCache-Control: no-store\r\n`;
  if (request.requestId !== undefined) fields += field('X-Request-Id', request.requestId);
  const framing = `Content-Length: ${body.length}\r\nConnection: close\r\n`;
  return responseHead(status, reasonPhrase(status), fields, framing) + (request.bodyless === true ? '' : body);
}
