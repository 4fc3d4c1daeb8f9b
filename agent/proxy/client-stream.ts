// The client's side of one exchange, without any wire syntax. HTTP/1.1 (connection.ts) is the first implementation. Types
// only.
import type { Socket } from 'node:net';
import type { Fields } from '../http1/fields.ts';
import type { ResponseHead } from '../http1/response-head.ts';
import type { Peer } from './forwarding.ts';

/** The body of an answer, as the client's side must frame it. */
export interface AnswerBody {
  /** Content-Length; undefined: not known before the end. */
  readonly length: number | undefined;
  /** No body follows, whatever `length` says (HEAD, 204, 304). */
  readonly none: boolean;
  readonly trailer: string | undefined;
  /** Upgrade field of a 426. */
  readonly upgrade: string | undefined;
}

/** The client's side of one exchange; HTTP/1.1 is the first implementation. */
export interface ClientStream {
  readonly peer: Peer;
  /** Bytes that the client has not taken yet. */
  readonly unsent: number;
  informational(status: number, reason: string, fields: Fields): void;
  respond(status: number, reason: string, fields: Fields, body: AnswerBody): void;
  /** @returns false when the client reads more slowly than we write; `clientDrained` tells when to go on */
  write(data: Buffer): boolean;
  /** The answer is complete. */
  end(trailers: Fields): void;
  /** The answer cannot be completed, and must not look complete. */
  abort(): void;
  /** Stops and goes on reading the request's body. */
  pause(): void;
  resume(): void;
  /** The target switched protocols: sends the 101 and tunnels from now on. */
  upgrade(head: ResponseHead, fields: Fields, upstream: Socket, rest: Buffer | undefined): void;
  /** Calls `onDeadline` of the exchange once in so many milliseconds; 0 = never. Replaces an earlier limit. */
  limit(ms: number): void;
}
