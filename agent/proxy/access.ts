// What is told of each request and each TCP connection when it is over. The access log takes it; types and the making
// of ids only.
import { randomBytes } from 'node:crypto';

export interface AccessEntry {
  readonly host: string;
  /** Path or pattern; undefined: none matched, or a TCP host. */
  readonly route: string | undefined;
  /** "VM Ubuntu port 8080" or "10.0.0.5:8080"; undefined: no route. */
  readonly target: string | undefined;
  /** Undefined: a TCP connection. */
  readonly method: string | undefined;
  readonly path: string | undefined;
  /** Of the final answer; undefined: none was sent. */
  readonly status: number | undefined;
  /** Bytes of bodies, or of the tunnel, from the client and to it. */
  readonly bytesIn: number;
  readonly bytesOut: number;
  /** Milliseconds from the head to the end, and from the sending to the head of the answer. */
  readonly durationMs: number;
  readonly upstreamMs: number | undefined;
  readonly client: string;
  /** The request was sent to the target twice. */
  readonly retried: boolean;
  /** Short code of what went wrong. */
  readonly failure: string | undefined;
  readonly requestId: string | undefined;
}

/** Takes entries on the hot path: must cost little, and never throw or wait. */
export interface AccessSink {
  record(entry: AccessEntry): void;
}

/** Ids that no other agent's requests have: a random beginning and a count. */
export class RequestIds {
  readonly #prefix = randomBytes(6).toString('hex');
  #count = 0;

  next(): string {
    return `${this.#prefix}-${(++this.#count).toString(36)}`;
  }
}
