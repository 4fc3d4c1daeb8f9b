// What is told of each request and each TCP connection when it is over. The access log takes it.
import { randomBytes } from 'node:crypto';
import type { RequestHead } from '../http1/request-head.ts';
import type { HttpHost, HttpRoute } from './plan.ts';
import { monotonicMs } from './sweep.ts';

export interface AccessEntry {
  /** Undefined: no host is for the request, or its head could not be read. */
  readonly host: string | undefined;
  /** Path or pattern; undefined: none matched, or a TCP host. */
  readonly route: string | undefined;
  /** "VM Ubuntu port 8080" or "10.0.0.5:8080"; undefined: no route. */
  readonly target: string | undefined;
  /** Undefined: a TCP connection, or a head that could not be read. */
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

/** An id that a trusted client sent, if it is fit for a log and a header. */
export function trustedId(id: string | undefined): string | undefined {
  return id !== undefined && /^[A-Za-z0-9._:/+=-]{1,128}$/.test(id) ? id : undefined;
}

/** What is gathered about one request while it goes on; in the end it is the request's entry. */
export class RequestRecord implements AccessEntry {
  readonly requestId: string;
  readonly #beganAt = monotonicMs();
  #sentAt = 0;
  host: string | undefined = undefined;
  route: string | undefined = undefined;
  target: string | undefined = undefined;
  method: string | undefined = undefined;
  path: string | undefined = undefined;
  status: number | undefined = undefined;
  bytesIn = 0;
  bytesOut = 0;
  durationMs = 0;
  upstreamMs: number | undefined = undefined;
  client = '';
  /** Sent to the target more than once. */
  retried = false;
  failure: string | undefined = undefined;

  constructor(requestId: string) {
    this.requestId = requestId;
  }

  /** The request goes to the target now. */
  sent(): void {
    this.#sentAt = monotonicMs();
  }

  /** The head of the target's answer is here. */
  answered(status: number): void {
    this.status = status;
    this.upstreamMs = monotonicMs() - this.#sentAt;
  }

  /** The request is over. @param head undefined: it could not be read */
  over(client: string, head?: RequestHead, host?: HttpHost, route?: HttpRoute): this {
    this.client = client;
    this.host = host?.label;
    this.route = route?.label;
    this.target = route?.targetText;
    this.method = head?.method;
    this.path = head?.target;
    this.durationMs = monotonicMs() - this.#beganAt;
    return this;
  }
}
