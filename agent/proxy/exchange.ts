// One request and its answer: CORS, routing, the way to the target, and both bodies with back-pressure. It knows no wire
// syntax: the client's side is a ClientStream, the target's an UpstreamConnection. Ends exactly once, through `#over`.
import type { Socket } from 'node:net';
import { type Fields, field, fieldValue } from '../http1/fields.ts';
import type { RequestHead } from '../http1/request-head.ts';
import { httpDate, reasonPhrase } from '../http1/respond.ts';
import type { ResponseHead } from '../http1/response-head.ts';
import { type Address, isAbsence } from '../targets.ts';
import { RequestRecord, trustedId } from './access.ts';
import { admit } from './admission.ts';
import { answerFields, wasOffered, withCors } from './answer.ts';
import type { ClientStream } from './client-stream.ts';
import type { Core } from './core.ts';
import { clientFailure, type Failure, type FailurePlace, faultFailure, LOOP, renderFailure } from './failure.ts';
import { Held } from './held.ts';
import { ALLOW } from './local-answer.ts';
import type { HttpHost, HttpRoute } from './plan.ts';
import { Reach } from './reach.ts';
import { leadsBack, poolKey, targetName } from './route-target.ts';
import type { Traffic } from './traffic.ts';
import type { UpstreamConnection, UpstreamEvents } from './upstream-connection.ts';
import { upstreamRequest } from './upstream-request.ts';

/** After so long without a sign from the target, a client that waits for 100 Continue gets ours (RFC 9110 10.1.1). */
export const CONTINUE_AFTER_MS = 1_000;

/** RFC 9110 9.2.2. */
const IDEMPOTENT = new Set(['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE']);

const Phase = { begin: 0, reaching: 1, sent: 2, answering: 3, tunnel: 4, over: 5 } as const;

export class Exchange implements UpstreamEvents {
  readonly #core: Core;
  readonly #client: ClientStream;
  readonly #head: RequestHead;
  readonly #host: HttpHost | undefined;
  #route: HttpRoute | undefined = undefined;
  #reach: Reach | undefined = undefined;
  #upstream: UpstreamConnection | undefined = undefined;
  #phase: number = Phase.begin;
  /** Body that came before there was anywhere to send it. */
  #early: Held | undefined = undefined;
  #requestDone: boolean;
  #requestTrailers: Fields = '';
  #bodySent = false;
  /** No further repetition: one on a connection that had served others may be followed by one on a fresh one. */
  #spent = false;
  #clientPaused = false;
  /** The client has not taken what was last written. */
  #clientBlocked = false;
  #unsent = 0;
  #continued = false;
  /** An interim answer has been passed on. */
  #informed = false;
  #answerLength: number | undefined = undefined;
  #answerFields: Fields = '';
  readonly #record: RequestRecord;
  readonly #trusted: boolean;
  /** Where no Via counts them: how often the request has been here. */
  readonly #passes: number;

  /** @param host undefined: no host of the listener is meant, which is told to the client */
  constructor(core: Core, client: ClientStream, head: RequestHead, host: HttpHost | undefined) {
    this.#core = core;
    this.#client = client;
    this.#head = head;
    this.#host = host;
    this.#trusted = core.settings.trustedProxies.has(client.peer.ip);
    const requestId = (this.#trusted ? trustedId(head.requestId) : undefined) ?? core.requestIds.next();
    this.#record = new RequestRecord(requestId);
    const { ip, port } = client.peer;
    this.#passes = core.settings.viaPseudonym === undefined ? core.pool.passesOf(`${ip}:${port}`) : 0;
    this.#requestDone = head.framing === 'none' || (head.framing === 'length' && head.length === 0);
  }

  /** Undefined: no host is for the request. */
  get hostId(): string | undefined {
    return this.#host?.id;
  }

  /** Of a request that a target was found for. */
  get traffic(): Traffic {
    return this.#host!.traffic;
  }

  get requestId(): string {
    return this.#record.requestId;
  }

  /** True once the request was read to its end. */
  get requestDone(): boolean {
    return this.#requestDone;
  }

  /** True once the head of the final answer has been sent. */
  get answering(): boolean {
    return this.#phase === Phase.answering;
  }

  begin(): void {
    if (this.#host !== undefined) {
      this.#host.traffic.requests++;
      this.#host.traffic.connections++;
    }
    const admission = admit(this.#head, this.#host, this.#core.settings.viaPseudonym, this.#passes);
    if (admission.kind === 'answer') {
      const fields = admission.cors ? withCors(admission.fields, this.#head, this.#host) : admission.fields;
      return this.#answer(admission.status, fields, undefined);
    }
    this.#route = admission.route;
    if (admission.kind === 'refuse') return this.#fail(admission.failure);
    this.#start(admission.route);
  }

  // --- The way to the target ---------------------------------------------------------------------------------------

  #start(route: HttpRoute): void {
    this.#phase = Phase.reaching;
    const resolution = this.#core.targets.resolve(route.target);
    if (!isAbsence(resolution) && leadsBack(route, resolution, this.#client.peer)) return this.#fail(LOOP);
    const pooled = isAbsence(resolution)
      ? undefined
      : this.#core.pool.take(poolKey(route, this.#head.hostname), resolution);
    if (pooled !== undefined) return this.#send(pooled);
    this.#dial(route);
  }

  #dial(route: HttpRoute): void {
    this.#phase = Phase.reaching;
    const { target, tls, holdMs } = route;
    const label = targetName(route);
    this.#reach = new Reach(this.#core, { target, label, tls, hostname: this.#head.hostname, holdMs }, this);
    if (this.#phase !== Phase.reaching) this.#reach = undefined;
  }

  reached(socket: Socket, address: Address): void {
    this.#reach = undefined;
    this.#core.targets.opened(this.#route!.target);
    socket.once('close', () => this.#core.targets.closed(this.#route!.target));
    this.#send(this.#core.pool.adopt(socket, poolKey(this.#route!, this.#head.hostname), address));
  }

  /** Addresses have come: is there an idle connection to one of them? Not for a repetition, which wants a fresh one. */
  usePooled(addresses: readonly Address[]): boolean {
    if (this.#record.retried) return false;
    const pooled = this.#core.pool.take(poolKey(this.#route!, this.#head.hostname), addresses);
    if (pooled === undefined) return false;
    this.#reach = undefined;
    this.#send(pooled);
    return true;
  }

  unreachable(failure: Failure): void {
    this.#reach = undefined;
    this.#fail(failure);
  }

  #send(upstream: UpstreamConnection): void {
    this.#upstream = upstream;
    this.#phase = Phase.sent;
    this.#record.sent();
    const request = upstreamRequest(this.#head, this.#route!, upstream.address, {
      peer: this.#client.peer,
      trusted: this.#trusted,
      pseudonym: this.#core.settings.viaPseudonym,
      requestId: this.#record.requestId,
    });
    if (this.#core.settings.viaPseudonym === undefined) this.#core.pool.setPasses(upstream, this.#passes + 1);
    upstream.send(request, this);
    this.#sendEarly(upstream);
  }

  #sendEarly(upstream: UpstreamConnection): void {
    let more = true;
    if (this.#early !== undefined) {
      more = this.#forward(upstream, this.#early.take()!);
      this.#early = undefined;
    }
    const hasBody = !(this.#head.framing === 'none' || (this.#head.framing === 'length' && this.#head.length === 0));
    if (this.#requestDone && hasBody) upstream.end(this.#requestTrailers);
    if (more) this.#resumeClient();
    this.#limitWaiting();
  }

  #forward(upstream: UpstreamConnection, data: Buffer): boolean {
    this.#bodySent = true;
    return upstream.write(data);
  }

  // --- The request's body (called by the client's side) ------------------------------------------------------------

  requestData(data: Buffer): void {
    if (this.#host !== undefined) this.#host.traffic.bytesIn += data.length;
    this.#record.bytesIn += data.length;
    const upstream = this.#upstream;
    if (upstream === undefined) {
      if (this.#phase === Phase.over) return;
      this.#early ??= new Held();
      this.#early.add(data);
      if (this.#early.full) this.#pauseClient();
      return;
    }
    if (!this.#forward(upstream, data)) this.#pauseClient();
    if (this.#phase === Phase.sent) this.#limitWaiting();
    else if (this.#phase === Phase.answering && !this.#clientBlocked) this.#limitAnswer();
  }

  requestEnd(trailers: Fields): void {
    this.#requestDone = true;
    this.#requestTrailers = trailers;
    if (this.#upstream === undefined) return this.#resumeClient();
    this.#upstream.end(trailers);
    if (this.#phase === Phase.sent) this.#limitWaiting();
  }

  /** The client is gone: the target's side ends at once and is not used again. */
  clientGone(): void {
    this.#giveUp('client_gone');
  }

  /** The client has broken its request. @param status what it is told; an answer that has begun is cut instead */
  clientBroke(status: number): void {
    if (this.#phase !== Phase.answering) this.#record.status = status;
    this.#giveUp('bad_body');
  }

  #giveUp(failure: string): void {
    if (this.#phase === Phase.over) return;
    this.#record.failure = failure;
    this.#over();
  }

  clientDrained(): void {
    if (this.#phase !== Phase.answering) return;
    this.#limitAnswer();
    this.#upstream?.resume();
  }

  #pauseClient(): void {
    this.#clientPaused = true;
    this.#client.pause();
  }

  #resumeClient(): void {
    if (!this.#clientPaused) return;
    this.#clientPaused = false;
    this.#client.resume();
  }

  // --- Time limits -------------------------------------------------------------------------------------------------

  /** While the answer is waited for: silence of an upload, the wait for 100 Continue, or the wait for the head. */
  #limitWaiting(): void {
    const { bodyIdleMs, responseHeadMs } = this.#core.settings;
    if (this.#requestDone) this.#client.limit(this.#route!.responseTimeoutMs ?? responseHeadMs);
    else if (this.#head.expectContinue && !this.#continued && !this.#bodySent) this.#client.limit(CONTINUE_AFTER_MS);
    else this.#client.limit(bodyIdleMs);
  }

  /** Silence limits an answer only when its length was promised: a stream may rest as long as it likes. */
  #limitAnswer(): void {
    this.#clientBlocked = false;
    this.#client.limit(this.#answerLength === undefined ? 0 : this.#core.settings.bodyIdleMs);
  }

  onDeadline(): void {
    if (this.#phase === Phase.answering) {
      if (this.#clientBlocked && this.#client.unsent < this.#unsent) {
        // It takes little, but it takes something.
        this.#clientBlocked = false;
        return this.#blockedByClient();
      }
      if (!this.#clientBlocked && isEventStream(this.#answerFields)) return;
      this.#record.failure = this.#clientBlocked ? 'client_stalled' : 'answer_timeout';
      this.#client.abort();
      this.#over();
    } else if (this.#phase !== Phase.sent) {
      return;
    } else if (!this.#requestDone && this.#head.expectContinue && !this.#continued && !this.#bodySent) {
      this.#continued = true;
      this.#client.informational(100, 'Continue', '');
      this.#limitWaiting();
    } else if (!this.#requestDone && !this.#clientPaused) {
      this.#fail(clientFailure(408, 'body_timeout', 'the request was not complete in time'));
    } else {
      if (this.#upstream !== undefined)
        this.#core.targets.failed(this.#route!.target, this.#upstream.address, 'ETIMEDOUT');
      this.#fail(this.#fault('ETIMEDOUT'));
    }
  }

  // --- The answer (called by the target's side) --------------------------------------------------------------------

  upstreamInformational(head: ResponseHead): void {
    // RFC 9110 15.2: every 1xx is passed on, but no second 100, nor one that we have said already.
    if (head.status === 100) {
      if (this.#continued) return;
      this.#continued = true;
    }
    this.#informed = true;
    this.#client.informational(head.status, head.reason, head.fields);
    if (!this.#requestDone) this.#limitWaiting();
  }

  upstreamHead(head: ResponseHead): void {
    this.#phase = Phase.answering;
    this.#record.answered(head.status);
    const none = head.framing === 'none';
    // RFC 9110 8.6: no Content-Length in a 204.
    const length = head.status === 204 ? undefined : head.length;
    this.#answerLength = none ? undefined : length;
    this.#answerFields = head.fields;
    const body = {
      length,
      none,
      trailer: head.framing === 'chunked' ? head.trailer : undefined,
      upgrade: head.upgrade,
    };
    this.#client.respond(head.status, head.reason, answerFields(head, this.#head, this.#host!, this.#route!), body);
    this.#limitAnswer();
  }

  upstreamData(data: Buffer): void {
    if (this.#phase !== Phase.answering) return;
    this.#countOut(data.length);
    if (!this.#client.write(data)) this.#blockedByClient();
    else if (this.#answerLength !== undefined) this.#limitAnswer();
  }

  /** The client reads more slowly than the target writes; one that takes nothing at all is limited, stream or not. */
  #blockedByClient(): void {
    this.#upstream?.pause();
    if (this.#clientBlocked) return;
    this.#clientBlocked = true;
    this.#unsent = this.#client.unsent;
    this.#client.limit(this.#core.settings.bodyIdleMs);
  }

  upstreamEnd(trailers: Fields): void {
    if (this.#phase !== Phase.answering) return;
    const upstream = this.#upstream;
    this.#upstream = undefined;
    // First, so that a request that is waiting already finds the connection in the pool.
    // RFC 9110 11.7: a connection that was authenticated as a whole is one client's.
    if (this.#requestDone && !this.#head.connectionBound) upstream?.release();
    else upstream?.destroy();
    this.#over();
    this.#client.end(trailers);
  }

  upstreamDrain(): void {
    this.#resumeClient();
    if (this.#phase === Phase.sent) this.#limitWaiting();
  }

  upstreamUpgraded(head: ResponseHead, socket: Socket, rest: Buffer | undefined): void {
    this.#upstream = undefined;
    if (!wasOffered(this.#head.upgrade, head.upgrade)) {
      socket.destroy();
      return this.#fail(this.#fault('EMALFORMED'));
    }
    this.#phase = Phase.tunnel;
    this.#record.answered(101);
    this.#client.limit(0);
    this.#client.upgrade(head, answerFields(head, this.#head, this.#host!, this.#route!), socket, rest);
  }

  /** Called by the client's side when the tunnel that the exchange became has ended. */
  tunnelOver(bytesIn: number, bytesOut: number): void {
    this.#record.bytesIn += bytesIn;
    this.#record.bytesOut += bytesOut;
    this.#over();
  }

  upstreamFailed(code: string): void {
    const upstream = this.#upstream;
    this.#upstream = undefined;
    if (this.#phase === Phase.answering) {
      // RFC 9112 8: an answer that is cut off must not look complete.
      this.#record.failure = `answer_cut_${code.toLowerCase()}`;
      this.#client.abort();
      this.#over();
    } else if (this.#phase === Phase.sent) {
      if (upstream !== undefined && this.#mayRetry(upstream, code)) this.#retry(upstream);
      else this.#fail(this.#fault(code));
    }
  }

  /**
   * RFC 9110 9.2.2: only what may be repeated or has not left, and only before the first byte of an answer. A connection that was closed
   * while it was idle is no failure of the target, so it does not count (a repetition always dials); a fresh one that a
   * VM closes under us counts once: its address is changing, or its service is only just starting.
   */
  #mayRetry(upstream: UpstreamConnection, code: string): boolean {
    if (this.#spent || this.#bodySent || !this.#requestDone) return false;
    if (upstream.untouched) return true;
    if (!IDEMPOTENT.has(this.#head.method)) return false;
    // RFC 9112 6.3: what an earlier answer left on the connection is no answer to this request.
    if (code === 'EMALFORMED') return upstream.reused && !this.#informed;
    return !upstream.answered && (upstream.reused || this.#route!.target.kind === 'vm');
  }

  #retry(upstream: UpstreamConnection): void {
    this.#record.retried = true;
    this.#spent = !upstream.reused;
    this.#client.limit(0);
    if (!upstream.reused) this.#core.targets.failed(this.#route!.target, upstream.address, 'ECLOSED');
    this.#dial(this.#route!);
  }

  #fault(code: string): Failure {
    return faultFailure({ phase: 'answer', code }, targetName(this.#route!));
  }

  // --- Answers of our own ------------------------------------------------------------------------------------------

  #fail(failure: Failure): void {
    let { fields, body } = renderFailure(failure, this.#place(), fieldValue(this.#head.fields, 'accept'));
    this.#record.failure = failure.code;
    fields += field('X-Request-Id', this.#record.requestId);
    if (failure.status === 405) fields += ALLOW;
    this.#answer(failure.status, withCors(fields, this.#head, this.#host), body);
  }

  #place(): FailurePlace {
    return { host: this.#host?.label, route: this.#route?.label };
  }

  #answer(status: number, fields: Fields, body: Buffer | undefined): void {
    this.#phase = Phase.answering;
    this.#record.status = status;
    const none = body === undefined || this.#head.method === 'HEAD';
    const length = body?.length ?? (status === 204 ? undefined : 0);
    this.#client.respond(status, reasonPhrase(status), `Date: ${httpDate()}\r\n${fields}`, {
      length,
      none,
      trailer: undefined,
      upgrade: undefined,
    });
    if (!none) {
      this.#countOut(body.length);
      this.#client.write(body);
    }
    this.#over();
    this.#client.end('');
  }

  #over(): void {
    if (this.#phase === Phase.over) return;
    this.#phase = Phase.over;
    if (this.#host !== undefined) this.#host.traffic.connections--;
    this.#reach?.cancel();
    this.#reach = undefined;
    this.#upstream?.destroy();
    this.#upstream = undefined;
    this.#early = undefined;
    this.#core.access.record(this.#record.over(this.#client.peer.ip, this.#head, this.#host, this.#route));
  }

  #countOut(bytes: number): void {
    if (this.#host !== undefined) this.#host.traffic.bytesOut += bytes;
    this.#record.bytesOut += bytes;
  }
}

/** A stream whatever else its head says. */
function isEventStream(fields: Fields): boolean {
  return /^text\/event-stream\b/i.test(fieldValue(fields, 'content-type') ?? '');
}
