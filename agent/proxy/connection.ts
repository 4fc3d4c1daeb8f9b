// One client's HTTP/1.1 connection: reads requests one after another, gives each to an exchange, and writes the answers
// in order. It alone knows how an answer is framed for this client and whether the connection may go on.
import type { Socket } from 'node:net';
import { type BodySink, ChunkedDecoder, trailersPast } from '../http1/body.ts';
import type { Fields } from '../http1/fields.ts';
import { HeadProgress, HeadReader } from '../http1/head-reader.ts';
import {
  isHeadError,
  MALFORMED,
  MAX_HEAD_BYTES,
  parseRequestHead,
  type RequestHead,
  requestLineFault,
} from '../http1/request-head.ts';
import { closingAnswer, reasonPhrase, responseHead } from '../http1/respond.ts';
import type { ResponseHead } from '../http1/response-head.ts';
import { RequestRecord } from './access.ts';
import type { Client, ClientRegister } from './client.ts';
import type { AnswerBody, ClientStream } from './client-stream.ts';
import type { Core } from './core.ts';
import { Exchange } from './exchange.ts';
import type { Peer } from './forwarding.ts';
import { Held } from './held.ts';
import { matchHost } from './host-table.ts';
import { Outbox } from './outbox.ts';
import type { HostTable, HttpHost } from './plan.ts';
import { monotonicMs, type Timed } from './sweep.ts';
import { Tunnel } from './tunnel.ts';
import { type Owner, own, reset } from './wire.ts';

/** After our last answer: how long, and how much, we read on so that the client can read it (RFC 9112 9.6). */
export const LINGER_MS = 3_000;
export const MAX_LINGER_BYTES = 1_048_576;
/** A client's FIN behind a complete request is an abort when no answer has begun by then … */
export const HALF_CLOSE_MS = 1_000;
/** … or when one that has begun is silent for so long: a client that is gone shows only when something is sent. */
export const HALF_CLOSE_SILENCE_MS = 5_000;

const TLS_HANDSHAKE = 0x16;

const Mode = { head: 0, exchange: 1, tunnel: 2, linger: 3, closed: 4 } as const;

/** What a connection reads anew for each request, so that an edit reaches connections that are open. */
export interface HttpService extends ClientRegister {
  readonly table: HostTable | undefined;
}

export class ClientConnection implements Owner, BodySink, ClientStream, Timed, Client {
  readonly peer: Peer;
  readonly #core: Core;
  readonly #socket: Socket;
  readonly #out: Outbox;
  readonly #service: HttpService;
  readonly #reader = new HeadReader(MAX_HEAD_BYTES);
  #mode: number = Mode.head;
  #head: RequestHead | undefined = undefined;
  #exchange: Exchange | undefined = undefined;
  #tunnel: Tunnel | undefined = undefined;
  #tunnelHost: string | undefined = undefined;
  #decoder: ChunkedDecoder | undefined = undefined;
  #remaining = 0;
  /** Bytes behind the present request: the next ones, or a tunnel's first. */
  readonly #held = new Held();
  /** So many are held that the client is not read. */
  #full = false;
  #consuming = false;
  #chunkedAnswer = false;
  #closeAfter = false;
  #draining = false;
  #clientEnded = false;
  #lingered = 0;
  #paused = false;
  /** What had not gone out at the last look, and since when nothing has. */
  #unsent = 0;
  #stalledAt = 0;
  deadline: number;

  constructor(core: Core, socket: Socket, peer: Peer, service: HttpService) {
    this.#core = core;
    this.#socket = socket;
    this.#out = new Outbox(socket, core.turn);
    this.peer = peer;
    this.#service = service;
    core.sweep.add(this);
    this.deadline = core.sweep.after(core.settings.clientHeadMs);
    service.add(this);
    own(socket, this);
  }

  get unsent(): number {
    return this.#out.unsent;
  }

  get hostId(): string | undefined {
    return this.#exchange?.hostId ?? this.#tunnelHost;
  }

  // --- Reading requests --------------------------------------------------------------------------------------------

  onData(chunk: Buffer): void {
    if (this.#mode === Mode.linger) this.#discard(chunk.length);
    else if (this.#held.length > 0) this.#hold(chunk, false);
    else this.#consume(chunk, false);
  }

  /** @param ours whether the bytes stay as they are after the call */
  #consume(chunk: Buffer, ours: boolean): void {
    this.#consuming = true;
    let at = 0;
    while (at < chunk.length && this.#mode < Mode.tunnel) {
      if (this.#mode === Mode.head && !this.#isBehind()) at = this.#readHead(chunk, at);
      else if (this.#mode === Mode.exchange && !this.#exchange!.requestDone) at = this.#readBody(chunk, at);
      else {
        this.#hold(chunk.subarray(at), ours);
        break;
      }
    }
    this.#consuming = false;
  }

  /** The next requests wait in our hands, further ones in the client's (RFC 9112 9.3.2: answers in order). */
  #hold(rest: Buffer, ours: boolean): void {
    if (ours) this.#held.putBack(rest);
    else this.#held.add(rest);
    if (!this.#held.full || this.#full) return;
    this.#full = true;
    this.#socket.pause();
    if (this.deadline === 0) this.limit(0);
  }

  /** Earlier answers have not gone out: a client that asks and does not read must not make them pile up here. */
  #isBehind(): boolean {
    return this.#reader.empty && this.#out.blocked;
  }

  #readHead(chunk: Buffer, at: number): number {
    if (this.#reader.empty && !this.#beginHead(chunk[at]!)) return chunk.length;
    const progress = this.#reader.push(chunk, at);
    if (progress === HeadProgress.more) return this.#awaitHead(chunk);
    if (progress !== HeadProgress.found) return this.#refuseHead(progress, chunk);
    const head = parseRequestHead(this.#reader.head!);
    const next = this.#reader.next;
    if (isHeadError(head)) {
      this.#refuse(head.status, head.message);
      return chunk.length;
    }
    this.#reader.head = undefined;
    this.#begin(head);
    return next;
  }

  /** Nobody has to send a whole head, or wait for the time limit, to learn that its first line is no request. */
  #awaitHead(chunk: Buffer): number {
    const line = this.#reader.firstLine;
    const fault = line === undefined ? undefined : requestLineFault(line);
    // Other faults may yet turn out to be the smaller ones.
    if (fault?.status === 400) this.#refuse(fault.status, fault.message);
    return chunk.length;
  }

  /** First byte of a head, or of an empty line before it: the time limit starts. False: it is no HTTP. */
  #beginHead(first: number): boolean {
    if (first === TLS_HANDSHAKE) {
      this.#recordUnreadable(undefined, 'tls_on_plain_host');
      this.#linger();
      return false;
    }
    this.limit(this.#core.settings.clientHeadMs);
    return true;
  }

  #refuseHead(progress: HeadProgress, chunk: Buffer): number {
    if (progress === HeadProgress.malformed) this.#refuse(MALFORMED.status, MALFORMED.message);
    else if (this.#reader.pastFirstLine) this.#refuse(431, 'the header section is too large');
    else this.#refuse(414, 'the request target is too long');
    return chunk.length;
  }

  #begin(head: RequestHead): void {
    this.limit(0);
    this.#head = head;
    this.#closeAfter = !head.keepAlive || this.#draining;
    this.#decoder = head.framing === 'chunked' ? new ChunkedDecoder() : undefined;
    this.#remaining = head.framing === 'length' ? head.length : 0;
    this.#mode = Mode.exchange;
    const exchange = new Exchange(this.#core, this, head, this.#match(head));
    this.#exchange = exchange;
    exchange.begin();
  }

  #match(head: RequestHead): HttpHost | undefined {
    const table = this.#service.table;
    // RFC 9110 7.4: https is for secured connections only.
    if (table === undefined || (head.scheme === 'https' && !this.peer.secure)) return undefined;
    const { localAddress, serverName } = this.peer;
    const host = matchHost(table, head.hostname, localAddress);
    // RFC 9110 7.4: a request for another host than the certificate was shown for is misdirected.
    if (serverName !== '' && matchHost(table, serverName, localAddress) !== host) return undefined;
    return host;
  }

  #readBody(chunk: Buffer, at: number): number {
    return this.#decoder === undefined ? this.#readLength(chunk, at) : this.#readChunked(chunk, at, this.#decoder);
  }

  #readLength(chunk: Buffer, at: number): number {
    const exchange = this.#exchange!;
    const end = Math.min(chunk.length, at + this.#remaining);
    this.#remaining -= end - at;
    exchange.requestData(at === 0 && end === chunk.length ? chunk : chunk.subarray(at, end));
    if (this.#remaining === 0 && this.#exchange === exchange) exchange.requestEnd('');
    return end;
  }

  #readChunked(chunk: Buffer, at: number, decoder: ChunkedDecoder): number {
    const exchange = this.#exchange!;
    const next = decoder.push(chunk, at, this);
    if (this.#exchange !== exchange) return next;
    if (decoder.broken) this.#refuse(400, 'invalid chunked coding');
    else if (decoder.done) exchange.requestEnd(trailersPast(decoder, this.#head?.named));
    return next;
  }

  bodyData(data: Buffer): void {
    this.#exchange?.requestData(data);
  }

  /** The request cannot be read on: the target's side ends, and the client is told when it has had no answer yet. */
  #refuse(status: number, message: string): void {
    const exchange = this.#exchange;
    const answering = exchange?.answering === true;
    this.#exchange = undefined;
    exchange?.clientBroke(status);
    if (answering) return this.cut();
    const requestId =
      exchange?.requestId ?? this.#recordUnreadable(status, status === 408 ? 'head_timeout' : 'bad_head');
    const bodyless = this.#mode === Mode.head ? this.#reader.isHead : this.#head?.method === 'HEAD';
    this.#out.text(closingAnswer(status, message, { requestId, bodyless }));
    this.#linger();
  }

  /** A head that could not be read makes no exchange, but it has its entry in the log. @returns its id */
  #recordUnreadable(status: number | undefined, failure: string): string {
    const record = new RequestRecord(this.#core.requestIds.next());
    record.status = status;
    record.failure = failure;
    this.#core.access.record(record.over(this.peer.ip));
    return record.requestId;
  }

  // --- Writing answers (ClientStream) ------------------------------------------------------------------------------

  informational(status: number, reason: string, fields: Fields): void {
    // RFC 9110 15.2: no 1xx to an HTTP/1.0 client.
    if (this.#head!.minor === 1) this.#out.text(responseHead(status, reason, fields, ''));
  }

  respond(status: number, reason: string, fields: Fields, body: AnswerBody): void {
    const old = this.#head!.minor === 0;
    // RFC 9112 9.3: an answer before the end of the request leaves the connection in no certain state.
    if (!this.#exchange!.requestDone || this.#draining || this.#isLast()) this.#closeAfter = true;
    this.#chunkedAnswer = !body.none && body.length === undefined && !old;
    // RFC 9112 6.1: no Transfer-Encoding to HTTP/1.0; the end of the connection is the end of the body.
    if (!body.none && body.length === undefined && old) this.#closeAfter = true;
    this.#out.text(responseHead(status, reason, fields, this.#framing(body, old)));
  }

  #framing(body: AnswerBody, old: boolean): string {
    let lines = '';
    if (this.#chunkedAnswer) lines += 'Transfer-Encoding: chunked\r\n';
    else if (body.length !== undefined) lines += `Content-Length: ${body.length}\r\n`;
    if (this.#chunkedAnswer && body.trailer !== undefined) lines += `Trailer: ${body.trailer}\r\n`;
    if (body.upgrade !== undefined && !old) {
      lines += `Upgrade: ${body.upgrade}\r\nConnection: Upgrade${this.#closeAfter ? ', close' : ''}\r\n`;
    } else if (this.#closeAfter) lines += 'Connection: close\r\n';
    else if (old) lines += 'Connection: keep-alive\r\n';
    return lines;
  }

  write(data: Buffer): boolean {
    if (!this.#chunkedAnswer) return this.#out.data(data);
    this.#out.text(`${data.length.toString(16)}\r\n`);
    const more = this.#out.data(data);
    this.#out.text('\r\n');
    return more;
  }

  end(trailers: Fields): void {
    if (this.#chunkedAnswer) this.#out.text(`0\r\n${trailers}\r\n`);
    const done = this.#exchange!.requestDone;
    this.#exchange = undefined;
    this.#head = undefined;
    if (this.#closeAfter || !done || this.#isLast()) return this.#linger();
    this.#mode = Mode.head;
    this.limit(this.#core.settings.keepAliveMs);
    // Not from within: the exchange that has just ended must return first.
    if (!this.#consuming) this.#next();
  }

  #next(): void {
    const held = this.#held.take();
    this.#full = false;
    this.#paused = false;
    if (held !== undefined) this.#consume(held, true);
    if (this.#clientEnded && this.#mode < Mode.tunnel) this.#endOfRequests();
    else if (this.#mode < Mode.tunnel) this.#readOn();
  }

  /** The client has said that it sends no more, and the present request is the last of those that it has sent. */
  #isLast(): boolean {
    return this.#clientEnded && this.#held.length === 0;
  }

  abort(): void {
    this.#exchange = undefined;
    const delimited = this.#head?.minor === 1;
    this.#mode = Mode.linger;
    this.limit(LINGER_MS);
    // Chunked or counted, a short end is seen as one; a body that ends with the connection needs a reset.
    this.#out.flush();
    if (delimited) this.#socket.destroySoon();
    else reset(this.#socket);
  }

  pause(): void {
    this.#paused = true;
    this.#socket.pause();
  }

  resume(): void {
    this.#paused = false;
    this.#readOn();
  }

  #readOn(): void {
    if (!this.#full && !this.#paused) this.#socket.resume();
  }

  limit(ms: number): void {
    const allowed = ms === 0 && this.#mayBeGone() ? this.#core.settings.bodyIdleMs : ms;
    this.deadline = allowed === 0 ? 0 : this.#core.sweep.after(allowed);
  }

  /** Nobody would hear of its going: it is not read any more, or has ended its side already. */
  #mayBeGone(): boolean {
    return this.#full || this.#clientEnded;
  }

  upgrade(head: ResponseHead, fields: Fields, upstream: Socket, rest: Buffer | undefined): void {
    const exchange = this.#exchange!;
    this.#tunnelHost = exchange.hostId;
    this.#exchange = undefined;
    this.#mode = Mode.tunnel;
    this.#core.sweep.remove(this);
    const framing = `Upgrade: ${head.upgrade}\r\nConnection: Upgrade\r\n`;
    this.#out.text(responseHead(101, head.reason || reasonPhrase(101), fields, framing));
    this.#out.flush();
    this.#tunnel = new Tunnel({
      client: this.#socket,
      upstream,
      fromClient: this.#held.take(),
      fromUpstream: rest,
      traffic: exchange.traffic,
      idleMs: this.#core.settings.tunnelIdleMs,
      sweep: this.#core.sweep,
      turn: this.#core.turn,
      onOver: (bytesIn, bytesOut) => {
        this.#service.remove(this);
        exchange.tunnelOver(bytesIn, bytesOut);
      },
    });
  }

  // --- Ends --------------------------------------------------------------------------------------------------------

  onDrain(): void {
    if (this.#mode === Mode.head) this.#next();
    else this.#exchange?.clientDrained();
  }

  onEnd(): void {
    this.#clientEnded = true;
    if (this.#mode < Mode.tunnel) this.#endOfRequests();
    else this.#out.end();
  }

  /** No bytes follow those that are here. */
  #endOfRequests(): void {
    const exchange = this.#exchange;
    if (exchange === undefined) {
      if (this.#held.length === 0) this.#linger();
      return;
    }
    // RFC 9112 8: a request that is cut off is never made to look complete.
    if (!exchange.requestDone) return this.#giveUp(exchange);
    if (this.deadline === 0) this.limit(0);
    // RFC 9112 9.6: a half-close by one who said that nothing follows is no abort.
    const head = this.#head!;
    if (head.minor === 0 || !head.keepAlive) return;
    // Anybody else has gone, unless the answer is on its way: a write to one who has gone is reset.
    let silentMs = 0;
    let written = this.#socket.bytesWritten;
    const timer = setInterval(() => {
      if (this.#exchange !== exchange) return clearInterval(timer);
      const sending = this.#out.unsent > 0 || this.#socket.bytesWritten !== written;
      written = this.#socket.bytesWritten;
      silentMs = sending ? 0 : silentMs + HALF_CLOSE_MS;
      if (!exchange.answering || silentMs >= HALF_CLOSE_SILENCE_MS) this.cut();
    }, HALF_CLOSE_MS);
    this.#socket.once('close', () => clearInterval(timer));
  }

  /** Earlier answers still go out in order; a part of one is cut off. */
  #giveUp(exchange: Exchange): void {
    if (exchange.answering) return this.cut();
    this.#exchange = undefined;
    exchange.clientGone();
    this.#linger();
  }

  onDeadline(): void {
    if (this.#mode === Mode.exchange) this.#exchangeIsLate(this.#exchange!);
    else if (this.#mode === Mode.head && !this.#reader.empty)
      this.#refuse(408, 'the request head was not complete in time');
    else if (this.#mode < Mode.closed && this.#isSending()) this.limit(LINGER_MS);
    else if (this.#mode === Mode.head) this.#linger();
    else this.#socket.destroy();
  }

  #exchangeIsLate(exchange: Exchange): void {
    // A silent answer, and a client of which nobody knows whether it is still there.
    if (this.#mayBeGone() && exchange.answering) this.cut();
    else exchange.onDeadline();
  }

  /** True while our last answer is still going out, however slowly; a client that takes nothing at all is reset. */
  #isSending(): boolean {
    const unsent = this.#out.unsent;
    const before = this.#unsent;
    this.#unsent = unsent;
    // Just gone out: the client gets the usual time from here.
    if (unsent === 0) return before > 0;
    const now = monotonicMs();
    const { bodyIdleMs } = this.#core.settings;
    if (unsent !== before) this.#stalledAt = now;
    else if (bodyIdleMs > 0 && now - this.#stalledAt > bodyIdleMs) this.cut();
    return true;
  }

  onClose(_error: Error | undefined): void {
    this.#mode = Mode.closed;
    this.#core.sweep.remove(this);
    this.#service.remove(this);
    const exchange = this.#exchange;
    this.#exchange = undefined;
    exchange?.clientGone();
  }

  drain(): void {
    this.#draining = true;
    this.#closeAfter = true;
    if (this.#mode === Mode.head && this.#reader.empty) this.#linger();
  }

  cut(): void {
    if (this.#tunnel !== undefined) return this.#tunnel.cut();
    // Nothing that has come already is read any more.
    this.#mode = Mode.closed;
    reset(this.#socket);
  }

  /** RFC 9112 9.6: ends the write side first and reads on for a while, or a reset could take our last answer away. */
  #linger(): void {
    this.#mode = Mode.linger;
    this.#held.take();
    this.limit(LINGER_MS);
    this.#out.end();
    if (this.#clientEnded) return;
    this.#socket.resume();
  }

  #discard(bytes: number): void {
    this.#lingered += bytes;
    if (this.#lingered > MAX_LINGER_BYTES) this.#socket.destroy();
  }
}
