// One HTTP/1.1 connection to a target: sends one request at a time, reads its answer, and tells the exchange. It may be
// used again only when both messages were complete and nothing unread is left on it.
import type { Socket } from 'node:net';
import { errorCode } from '../error-code.ts';
import { type BodySink, ChunkedDecoder, trailersPast } from '../http1/body.ts';
import type { Fields } from '../http1/fields.ts';
import { HeadProgress, HeadReader } from '../http1/head-reader.ts';
import { MAX_HEAD_BYTES } from '../http1/request-head.ts';
import { requestHead } from '../http1/respond.ts';
import { parseResponseHead, type ResponseHead } from '../http1/response-head.ts';
import { plainIp } from '../networks.ts';
import type { Address } from '../targets.ts';
import { Outbox } from './outbox.ts';
import { monotonicMs, type Timed } from './sweep.ts';
import type { Turn } from './turn.ts';
import { type Owner, own, surviveFailedWrite } from './wire.ts';

/** More interim answers than any origin has reason to send. Tested at limit and limit + 1. */
export const MAX_INFORMATIONAL = 100;

/**
 * How long a connection rests after an answer that speaks of a body and has none (HEAD, 304): a target that sends it all
 * the same is found out before the next request is sent.
 */
const REST_MS = 50;

/** How long a target that has hung up may take to say why. */
const LAST_WORDS_MS = 1_000;

/** The exchange's side of an upstream connection. */
export interface UpstreamEvents {
  upstreamInformational(head: ResponseHead): void;
  upstreamHead(head: ResponseHead): void;
  upstreamData(data: Buffer): void;
  /** The answer is complete. */
  upstreamEnd(trailers: Fields): void;
  upstreamDrain(): void;
  /** The target switched protocols; the socket is the exchange's now. `rest` are bytes behind the 101. */
  upstreamUpgraded(head: ResponseHead, socket: Socket, rest: Buffer | undefined): void;
  /** No further event comes. `EMALFORMED`, `ECLOSED` or a system code. */
  upstreamFailed(code: string): void;
}

export interface UpstreamRequest {
  readonly method: string;
  readonly target: string;
  readonly fields: Fields;
  /** Bytes of the body; undefined: chunked; 0 with `bodyless`: no body and no Content-Length. */
  readonly length: number | undefined;
  readonly bodyless: boolean;
  readonly upgrade: string | undefined;
  readonly trailersWanted: boolean;
  readonly trailer: string | undefined;
  readonly expectContinue: boolean;
}

/** Where idle connections are kept (the pool). */
export interface IdleKeeper {
  keep(connection: UpstreamConnection): void;
  drop(connection: UpstreamConnection): void;
}

const Reading = { idle: 0, head: 1, length: 2, chunked: 3, close: 4, over: 5 } as const;

export class UpstreamConnection implements Owner, BodySink, Timed {
  readonly poolKey: string;
  readonly address: Address;
  /** Our end: `ip:port`. */
  readonly localKey: string;
  readonly #socket: Socket;
  readonly #out: Outbox;
  readonly #keeper: IdleKeeper;
  readonly #reader = new HeadReader(MAX_HEAD_BYTES);
  #events: UpstreamEvents | undefined = undefined;
  #reading: number = Reading.idle;
  #method = '';
  #upgradeAsked = false;
  #decoder: ChunkedDecoder | undefined = undefined;
  #remaining = 0;
  #informational = 0;
  #bodyWithheld = false;
  #named: ReadonlySet<string> | undefined = undefined;
  #keepAlive = true;
  /** The target reads no more; what it may have said before is still read. */
  #writeBroken = false;
  #chunkedUpload = false;
  /** The count of the outbox when the head was given to it. */
  #writesBefore = 0;
  #sent = true;
  /** Set when the answer is complete, until the exchange has been told. */
  #trailers: Fields | undefined = undefined;
  /** True once it has carried a request: it may be closed under our hands (RFC 9112 9.3.1). */
  reused = false;
  /** True when a byte of the present answer has come. */
  answered = false;
  deadline = 0;
  /** Not to be used before; 0 = at once. Of `monotonicMs`. */
  #restsUntil = 0;

  constructor(socket: Socket, turn: Turn, poolKey: string, address: Address, keeper: IdleKeeper) {
    this.#socket = socket;
    this.#out = new Outbox(socket, turn);
    this.poolKey = poolKey;
    this.address = address;
    this.localKey = `${plainIp(socket.localAddress ?? '')}:${socket.localPort}`;
    this.#keeper = keeper;
    own(socket, this);
    surviveFailedWrite(socket, () => {
      this.#writeBroken = true;
      this.#out.drop();
      this.deadline = monotonicMs() + LAST_WORDS_MS;
    });
  }

  /** Nothing of the present request has left. */
  get untouched(): boolean {
    return this.#out.writes === this.#writesBefore;
  }

  /** May be used again, if it is alive. */
  get rested(): boolean {
    return this.#restsUntil === 0 || this.#restsUntil <= monotonicMs();
  }

  get alive(): boolean {
    return !this.#writeBroken && !this.#socket.destroyed && this.#socket.readable && this.#socket.writable;
  }

  // --- Sending -----------------------------------------------------------------------------------------------------

  /** Sends the head. A body follows with `write` and `end`; without one, `end` is not called. */
  send(request: UpstreamRequest, events: UpstreamEvents): void {
    this.#events = events;
    this.#reading = Reading.head;
    this.#method = request.method;
    this.#upgradeAsked = request.upgrade !== undefined;
    this.#informational = 0;
    this.answered = false;
    this.#chunkedUpload = request.length === undefined;
    this.#sent = request.bodyless || request.length === 0;
    this.#writesBefore = this.#out.writes;
    this.#out.text(requestHead(request.method, request.target, request.fields, framing(request)));
  }

  /** @returns false when the target reads more slowly than we write; `upstreamDrain` tells when to go on */
  write(data: Buffer): boolean {
    if (this.#writeBroken) return true;
    if (!this.#chunkedUpload) return this.#out.data(data);
    this.#out.text(`${data.length.toString(16)}\r\n`);
    const more = this.#out.data(data);
    this.#out.text('\r\n');
    return more;
  }

  /** The body is complete. */
  end(trailers: Fields): void {
    this.#sent = true;
    if (this.#chunkedUpload && !this.#writeBroken) this.#out.text(`0\r\n${trailers}\r\n`);
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  /** The exchange is over: keeps the connection for the next one, or closes it. */
  release(): void {
    this.#events = undefined;
    // What has not left yet would stand before the next request.
    const done = this.#reading === Reading.idle && this.#sent && this.#out.unsent === 0;
    if (done && this.#keepAlive && this.alive) {
      this.reused = true;
      this.#restsUntil = this.#bodyWithheld ? monotonicMs() + REST_MS : 0;
      this.#socket.resume();
      this.#keeper.keep(this);
    } else {
      this.destroy();
    }
  }

  /** No event comes after this. */
  destroy(): void {
    this.#events = undefined;
    this.#reading = Reading.over;
    this.#socket.destroy();
  }

  /** Idle for too long, or silent after a failed write. */
  onDeadline(): void {
    if (this.#writeBroken) this.#fail('ECLOSED');
    else this.destroy();
  }

  // --- Reading -----------------------------------------------------------------------------------------------------

  onData(chunk: Buffer): void {
    // RFC 9112 9.2: data on an idle connection answers nothing.
    if (this.#reading === Reading.idle) return this.destroy();
    // Nor does what comes before the request has left.
    if (this.#reading === Reading.head && this.untouched) return this.#fail('ECLOSED');
    this.answered = true;
    let at = 0;
    while (at < chunk.length && this.#reading !== Reading.over) {
      if (this.#reading === Reading.idle) {
        // RFC 9112 6.3: surplus bytes never become the next answer.
        this.#keepAlive = false;
        break;
      }
      at = this.#read(chunk, at);
    }
    const trailers = this.#trailers;
    if (trailers !== undefined) {
      // Only now: the exchange may use the connection again at once.
      this.#trailers = undefined;
      this.#events?.upstreamEnd(trailers);
    }
  }

  #read(chunk: Buffer, at: number): number {
    switch (this.#reading) {
      case Reading.head:
        return this.#readHead(chunk, at);
      case Reading.length:
        return this.#readLength(chunk, at);
      case Reading.chunked:
        return this.#readChunked(chunk, at);
      default:
        this.#events?.upstreamData(at === 0 ? chunk : chunk.subarray(at));
        return chunk.length;
    }
  }

  #readHead(chunk: Buffer, at: number): number {
    const progress = this.#reader.push(chunk, at);
    if (progress === HeadProgress.more) return chunk.length;
    const head = progress === HeadProgress.found ? parseResponseHead(this.#reader.head!, this.#method) : 'malformed';
    this.#reader.head = undefined;
    if (typeof head === 'string') {
      this.#fail('EMALFORMED');
      return chunk.length;
    }
    if (head.status === 101) return this.#switched(head, chunk);
    if (head.status < 200) this.#interim(head);
    else this.#begin(head);
    return this.#reader.next;
  }

  #interim(head: ResponseHead): void {
    if (++this.#informational > MAX_INFORMATIONAL) this.#fail('EMALFORMED');
    else this.#events?.upstreamInformational(head);
  }

  #switched(head: ResponseHead, chunk: Buffer): number {
    // RFC 9110 7.8: a server must not switch to what was not asked for, nor before the request is complete.
    if (!this.#upgradeAsked || !this.#sent || head.upgrade === undefined) {
      this.#fail('EMALFORMED');
      return chunk.length;
    }
    const events = this.#events;
    const rest = this.#reader.next < chunk.length ? chunk.subarray(this.#reader.next) : undefined;
    this.#events = undefined;
    this.#reading = Reading.over;
    this.#keeper.drop(this);
    this.#out.flush();
    events?.upstreamUpgraded(head, this.#socket, rest);
    return chunk.length;
  }

  #begin(head: ResponseHead): void {
    this.#named = head.named;
    this.#keepAlive = head.keepAlive;
    const framing = head.framing;
    this.#bodyWithheld = framing === 'none' && head.speaksOfBody;
    if (framing === 'chunked') {
      this.#decoder = new ChunkedDecoder();
      this.#reading = Reading.chunked;
    } else if (framing === 'length' && head.length !== 0) {
      this.#remaining = head.length!;
      this.#reading = Reading.length;
    } else if (framing === 'close') {
      this.#reading = Reading.close;
    } else {
      this.#reading = Reading.idle;
    }
    this.#events?.upstreamHead(head);
    if (this.#reading === Reading.idle) this.#trailers = '';
  }

  #readLength(chunk: Buffer, at: number): number {
    const end = Math.min(chunk.length, at + this.#remaining);
    this.#remaining -= end - at;
    if (this.#remaining === 0) this.#reading = Reading.idle;
    this.#events?.upstreamData(at === 0 && end === chunk.length ? chunk : chunk.subarray(at, end));
    if (this.#reading === Reading.idle) this.#trailers = '';
    return end;
  }

  #readChunked(chunk: Buffer, at: number): number {
    const decoder = this.#decoder!;
    const next = decoder.push(chunk, at, this);
    if (decoder.broken) {
      this.#fail('EMALFORMED');
    } else if (decoder.done && this.#reading === Reading.chunked) {
      this.#reading = Reading.idle;
      this.#trailers = trailersPast(decoder, this.#named);
    }
    return next;
  }

  bodyData(data: Buffer): void {
    this.#events?.upstreamData(data);
  }

  // --- Ends --------------------------------------------------------------------------------------------------------

  onEnd(): void {
    if (this.#reading !== Reading.close) return this.#fail('ECLOSED');
    this.#reading = Reading.over;
    this.#events?.upstreamEnd('');
    this.#socket.destroy();
  }

  onDrain(): void {
    this.#events?.upstreamDrain();
  }

  onClose(error: Error | undefined): void {
    this.#keeper.drop(this);
    if (this.#reading === Reading.over) return;
    this.#fail(errorCode(error) || 'ECLOSED');
  }

  #fail(code: string): void {
    const events = this.#events;
    this.destroy();
    events?.upstreamFailed(code);
  }
}

function framing(request: UpstreamRequest): string {
  let lines = '';
  if (request.length === undefined) lines += 'Transfer-Encoding: chunked\r\n';
  else if (!request.bodyless) lines += `Content-Length: ${request.length}\r\n`;
  if (request.expectContinue) lines += 'Expect: 100-continue\r\n';
  if (request.trailer !== undefined) lines += `Trailer: ${request.trailer}\r\n`;
  if (request.trailersWanted) lines += 'TE: trailers\r\n';
  const upgrade = request.upgrade;
  if (upgrade !== undefined)
    lines += `Connection: Upgrade${request.trailersWanted ? ', TE' : ''}\r\nUpgrade: ${upgrade}\r\n`;
  else if (request.trailersWanted) lines += 'Connection: TE\r\n';
  return lines;
}
