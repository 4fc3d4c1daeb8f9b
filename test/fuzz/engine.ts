// Our own reading of a stream of requests, or of the answers to one request, with nothing but agent/http1: what a client
// connection and an upstream connection make of the bytes, without sockets.
import { ChunkedDecoder, trailersPast } from '../../agent/http1/body.ts';
import type { Fields } from '../../agent/http1/fields.ts';
import type { HeadBytes } from '../../agent/http1/head-fields.ts';
import { HeadProgress, HeadReader } from '../../agent/http1/head-reader.ts';
import { isHeadError, MAX_HEAD_BYTES, parseRequestHead, type RequestHead } from '../../agent/http1/request-head.ts';
import { parseResponseHead, type ResponseHead } from '../../agent/http1/response-head.ts';
import { MAX_INFORMATIONAL } from '../../agent/proxy/upstream-connection.ts';

/** `open`: more bytes are due. `close`: the body goes on until the connection ends. */
export type End = 'open' | 'close' | 'refused' | 'done';

export interface Taken<Head> {
  readonly head: Head;
  /** As the wire had it, its empty line included. */
  readonly text: string;
  body: string;
  trailers: Fields;
  complete: boolean;
  /** The body cannot be read on. */
  broken: boolean;
  /** Offsets in the stream, behind the head and behind what was read of the message. */
  readonly bodyAt: number;
  endAt: number;
}

abstract class Stream<Head extends { readonly named: ReadonlySet<string> | undefined }> {
  readonly taken: Taken<Head>[] = [];
  end: End = 'open';
  /** What a refusal answers. */
  status = 0;
  /** What was refused is the head of a HEAD request. */
  refusedHead = false;
  /** What it says; may depend on where the bytes are split. */
  #why = '';
  readonly #reader = new HeadReader(MAX_HEAD_BYTES);
  #decoder: ChunkedDecoder | undefined = undefined;
  #remaining = 0;
  #inBody = false;
  #offset = 0;

  get why(): string {
    return this.#why;
  }

  push(chunk: Buffer): this {
    let at = 0;
    while (at < chunk.length && (this.end === 'open' || this.end === 'close')) {
      at = this.#inBody ? this.#body(chunk, at) : this.#head(chunk, at);
    }
    this.#offset += chunk.length;
    return this;
  }

  protected abstract parse(
    bytes: HeadBytes,
  ): { readonly head: Head } | { readonly why: string; readonly status: number };
  protected abstract framing(head: Head): 'none' | 'length' | 'chunked' | 'close';
  protected abstract length(head: Head): number;
  /** The message is complete: what of the stream? */
  protected abstract after(head: Head): End;

  protected refuse(why: string, status: number): void {
    this.end = 'refused';
    this.#why = why;
    this.status = status;
  }

  #head(chunk: Buffer, at: number): number {
    const progress = this.#reader.push(chunk, at);
    if (progress === HeadProgress.more) return chunk.length;
    if (progress === HeadProgress.malformed) this.refuse('malformed', 400);
    else if (progress === HeadProgress.tooLarge) this.refuse('too large', this.#reader.pastFirstLine ? 431 : 414);
    else this.#begin(this.#reader.head!, this.#reader.next);
    this.refusedHead = this.end === 'refused' && this.#reader.isHead;
    return this.#reader.next;
  }

  #begin(bytes: HeadBytes, next: number): void {
    const result = this.parse(bytes);
    const { text } = bytes;
    if ('why' in result) return this.refuse(result.why, result.status);
    const { head } = result;
    const bodyAt = this.#offset + next;
    this.taken.push({ head, text, body: '', trailers: '', complete: false, broken: false, bodyAt, endAt: bodyAt });
    const framing = this.framing(head);
    this.#decoder = framing === 'chunked' ? new ChunkedDecoder() : undefined;
    this.#remaining = framing === 'length' ? this.length(head) : 0;
    this.#inBody = framing === 'chunked' || framing === 'close' || this.#remaining > 0;
    if (framing === 'close') this.end = 'close';
    if (!this.#inBody) this.#complete(this.#last);
  }

  get #last(): Taken<Head> {
    return this.taken.at(-1)!;
  }

  #complete(message: Taken<Head>): void {
    message.complete = true;
    this.#inBody = false;
    this.end = this.after(message.head);
  }

  #body(chunk: Buffer, at: number): number {
    const message = this.#last;
    const next = this.#decoder === undefined ? this.#counted(chunk, at) : this.#chunked(chunk, at, this.#decoder);
    message.endAt = this.#offset + next;
    return next;
  }

  #counted(chunk: Buffer, at: number): number {
    const end = this.end === 'close' ? chunk.length : Math.min(chunk.length, at + this.#remaining);
    this.#last.body += chunk.toString('latin1', at, end);
    if (this.end === 'close') return end;
    this.#remaining -= end - at;
    if (this.#remaining === 0) this.#complete(this.#last);
    return end;
  }

  #chunked(chunk: Buffer, at: number, decoder: ChunkedDecoder): number {
    const message = this.#last;
    const next = decoder.push(chunk, at, {
      bodyData(data) {
        message.body += data.toString('latin1');
      },
    });
    message.broken = decoder.broken;
    if (decoder.broken) this.refuse('invalid chunked coding', 400);
    if (!decoder.done) return next;
    message.trailers = trailersPast(decoder, message.head.named);
    this.#complete(message);
    return next;
  }
}

export class RequestStream extends Stream<RequestHead> {
  protected override parse(bytes: HeadBytes) {
    const head = parseRequestHead(bytes);
    return isHeadError(head) ? { why: head.message, status: head.status } : { head };
  }

  protected override framing(head: RequestHead) {
    return head.framing;
  }

  protected override length(head: RequestHead): number {
    return head.length;
  }

  protected override after(head: RequestHead): End {
    return head.keepAlive ? 'open' : 'done';
  }
}

export class ResponseStream extends Stream<ResponseHead> {
  /** To the client every refusal is the same. */
  protected override refuse(why: string): void {
    super.refuse(why, 502);
  }

  readonly #method: string;
  #informational = 0;

  /** @param method of the request that is answered */
  constructor(method: string) {
    super();
    this.#method = method;
  }

  protected override parse(bytes: HeadBytes) {
    const head = parseResponseHead(bytes, this.#method);
    if (typeof head === 'string') return { why: head, status: 502 };
    if (head.status < 200 && head.status !== 101 && ++this.#informational > MAX_INFORMATIONAL) {
      return { why: 'too many interim answers', status: 502 };
    }
    return { head };
  }

  protected override framing(head: ResponseHead) {
    return head.framing;
  }

  protected override length(head: ResponseHead): number {
    return head.length ?? 0;
  }

  protected override after(head: ResponseHead): End {
    return head.status < 200 && head.status !== 101 ? 'open' : 'done';
  }
}
