// The properties on the wire: a data path with a fuzzed client before it, or a fuzzed origin behind it. What arrives on the
// other side is exactly what our own reading of the bytes says, and a canary finds every connection in step.
import { localAnswer } from '../../agent/proxy/local-answer.ts';
import { DataPlane, freePort, host } from '../support/data-plane.ts';
import type { Random } from '../support/random.ts';
import { FuzzClient, inParts } from './client.ts';
import { cuts, latin1, pairs } from './compare.ts';
import { RequestStream, ResponseStream, type Taken } from './engine.ts';
import { KNOWN_METHODS, type Message } from './llhttp.ts';
import { FuzzOrigin } from './origin.ts';

const CANARY = latin1('GET /canary HTTP/1.1\r\nHost: canary.test\r\nConnection: close\r\n\r\n');
/** Behind every stream of requests, so that the connection ends wherever the stream was in step. */
const LAST = 'GET /last HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n';
const PSEUDONYM = 'prproxy-test';
const SETTLE_MS = 3_000;

/** Fields that the proxy sets itself, or whose value is its own business. */
const OWN_FIELDS =
  /^(?:host|via|x[-_]forwarded[-_].*|forwarded|x[-_]real[-_]ip|max-forwards|transfer-encoding|content-length|expect|trailer|te|connection|upgrade|date|x[-_]request[-_]id)$/i;

function endToEnd(fields: readonly string[]): string {
  const kept = [];
  for (let i = 0; i < fields.length; i += 2) if (!OWN_FIELDS.test(fields[i]!)) kept.push([fields[i], fields[i + 1]]);
  return JSON.stringify(kept);
}

function differs(what: string, seen: unknown, meant: unknown): string | undefined {
  const [a, b] = [JSON.stringify(seen), JSON.stringify(meant)];
  return a === b ? undefined : `${what}: ${a}, and not ${b}`;
}

/** One data path with one origin: one case at a time. */
export class FuzzWire {
  readonly #plane = new DataPlane();
  readonly #origin = new FuzzOrigin();
  #port = 0;

  async start(): Promise<this> {
    await this.#origin.listen();
    this.#port = await freePort();
    const routes = [{ target_host: '127.0.0.1', target_port: String(this.#origin.port) }];
    await this.#plane.run([host({ port: this.#port, routes })]);
    return this;
  }

  async close(): Promise<void> {
    await this.#plane.close();
    await this.#origin.close();
  }

  #reset(): void {
    this.#origin.requests.length = 0;
    this.#origin.malformed.length = 0;
  }

  async #canary(): Promise<string | undefined> {
    const client = await new FuzzClient(this.#port, []).send([CANARY]);
    try {
      if (!(await client.until(Number.POSITIVE_INFINITY))) return 'the canary hangs';
      const seen = client.messages.map(({ status, body }) => [status, body]);
      return (
        differs('canary', [seen, client.error], [[[200, 'ok']], undefined]) ??
        differs('canary at the origin', this.#origin.requests.pop()?.url, '/canary')
      );
    } finally {
      client.close();
    }
  }

  // --- Requests --------------------------------------------------------------------------------------------------

  async checkRequests(text: string, random: Random): Promise<string | undefined> {
    const bytes = latin1(text + LAST);
    const stream = new RequestStream().push(bytes);
    // The origin could not read it, or we take it for TLS.
    if (stream.taken.some(({ head }) => !KNOWN_METHODS.has(head.method)) || text.includes('\x16')) return undefined;
    this.#origin.script = undefined;
    this.#reset();
    const meant = whatIsMeant(stream);
    const client = new FuzzClient(this.#port, meant.methods);
    try {
      await client.send(inParts(bytes, cuts(bytes, random, random.below(4))));
      const count = meant.ends ? Number.POSITIVE_INFINITY : meant.statuses.length;
      if (!(await client.until(count))) return `hangs after ${JSON.stringify(client.received)}`;
      const problem = this.#compareAnswers(client, meant);
      if (problem !== undefined) return problem;
    } finally {
      client.close();
    }
    return this.#compareOrigin(meant);
  }

  #compareAnswers(client: FuzzClient, { statuses }: Meant): string | undefined {
    if (client.error !== undefined) return `the client reads ${client.error}: ${JSON.stringify(client.received)}`;
    const seen = client.finals.map(({ status }) => status);
    return differs('answers', seen, statuses);
  }

  async #compareOrigin({ forwarded }: Meant): Promise<string | undefined> {
    const { requests, malformed } = this.#origin;
    // An upload that was cut off is given up within moments, and never completed.
    const began = performance.now();
    while (this.#origin.unfinished > 0) {
      if (performance.now() - began > SETTLE_MS) return 'an upload that was cut off is still open at the origin';
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    const problem = await this.#canary();
    if (malformed.length > 0) return `the origin reads ${malformed[0]}`;
    if (problem !== undefined) return problem;
    const seen = requests.map(({ method, url, body }) => [method, url, body]);
    const meant = forwarded.map(({ head, body }) => [head.method, head.target, body]);
    return differs('at the origin', seen, meant) ?? firstProblem(forwarded, requests);
  }

  // --- Responses -------------------------------------------------------------------------------------------------

  async checkResponses(text: string, random: Random): Promise<string | undefined> {
    const bytes = latin1(text);
    const request = random.pick(REQUESTS);
    const model = new ResponseStream(request.method).push(bytes);
    const unfinished = model.end === 'open' || model.end === 'close';
    // Bytes behind the answer come with its end: later ones could always be taken for the next answer.
    const end = model.end === 'done' ? model.taken.at(-1)!.endAt : bytes.length;
    const places = cuts(bytes.subarray(0, end), random, random.below(3));
    this.#origin.script = { parts: inParts(bytes, places), closes: unfinished || random.below(3) === 0 };
    this.#reset();
    const client = await new FuzzClient(this.#port, [request.method]).send([latin1(request.text)]);
    try {
      const outcome = outcomeOf(model);
      if (!(await client.until(outcome === 'cut' ? Number.POSITIVE_INFINITY : 1))) return 'hangs';
      const problem = compareAnswer(client, model, outcome, request.text.includes(' HTTP/1.1'));
      if (problem !== undefined) return `${problem}; all: ${JSON.stringify(client.received)}`;
      if (!client.over && outcome !== 'cut') return await this.#again(client);
    } finally {
      client.close();
    }
    return this.#canary();
  }

  /** The same connection must be in step, and so must any other. */
  async #again(client: FuzzClient): Promise<string | undefined> {
    // A client that was told to close does not go on.
    if (client.finals[0]?.keepAlive === true) {
      await client.send([CANARY]);
      if (!(await client.until(2))) return 'hangs on the next request';
      const seen = client.finals.slice(1).map(({ status, body }) => [status, body]);
      const problem = differs('next answer', [seen, client.error], [[[200, 'ok']], undefined]);
      if (problem !== undefined) return problem;
    }
    return this.#canary();
  }
}

interface Meant {
  readonly forwarded: readonly Taken<RequestStream['taken'][number]['head']>[];
  readonly statuses: readonly number[];
  readonly methods: readonly string[];
  /** The proxy ends the connection. */
  readonly ends: boolean;
}

/** What becomes of a stream of requests: which go on, and what each is answered. */
function whatIsMeant(stream: RequestStream): Meant {
  const forwarded = [];
  const statuses: number[] = [];
  const methods = stream.taken.map(({ head }) => head.method);
  if (stream.refusedHead) methods.push('HEAD');
  for (const message of stream.taken) {
    const { head, complete, broken } = message;
    const local = head.scheme === 'https' ? { status: 421 } : localAnswer(head, PSEUDONYM);
    if (local !== undefined) {
      statuses.push(local.status);
      // Answered before its body was read, so that nothing can follow.
      if (head.framing === 'chunked' || head.length > 0) return { forwarded, statuses, methods, ends: true };
    } else if (complete) {
      forwarded.push(message);
      statuses.push(200);
    } else if (!broken) {
      return { forwarded, statuses, methods, ends: false };
    }
  }
  if (stream.end === 'refused') statuses.push(stream.status);
  return { forwarded, statuses, methods, ends: stream.end !== 'open' };
}

function firstProblem(forwarded: Meant['forwarded'], requests: readonly Message[]): string | undefined {
  for (const [index, { head, trailers }] of forwarded.entries()) {
    const { fields, trailers: seen } = requests[index]!;
    const problem =
      differs('fields', endToEnd(fields), endToEnd(pairs(head.fields))) ?? differs('trailers', seen, pairs(trailers));
    if (problem !== undefined) return problem;
  }
  return undefined;
}

interface FuzzRequest {
  readonly method: string;
  readonly text: string;
}

const REQUESTS: readonly FuzzRequest[] = [
  { method: 'GET', text: 'GET /x HTTP/1.1\r\nHost: a\r\n\r\n' },
  { method: 'GET', text: 'GET /x HTTP/1.1\r\nHost: a\r\n\r\n' },
  { method: 'GET', text: 'GET /x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n' },
  { method: 'GET', text: 'GET /x HTTP/1.0\r\n\r\n' },
  { method: 'HEAD', text: 'HEAD /x HTTP/1.1\r\nHost: a\r\n\r\n' },
  { method: 'POST', text: 'POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi' },
  { method: 'GET', text: 'GET /x HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: foo\r\n\r\n' },
];

/** `whole`: passed on; `cut`: begun and never completed; `bad`: 502, and not a byte of it. */
type Outcome = 'whole' | 'cut' | 'bad';

function outcomeOf(model: ResponseStream): Outcome {
  const final = model.taken.at(-1);
  if (final === undefined || final.head.status < 200) return 'bad';
  // A head that was refused behind interim answers is no part of `taken`; a final one is its last.
  if (final.complete || model.end === 'close') return 'whole';
  return 'cut';
}

/** Of the interim answers in turn: all, but no second 100. */
function isPassedOn(status: number, index: number, all: readonly number[]): boolean {
  return status < 200 && status !== 101 && (status !== 100 || all.indexOf(100) === index);
}

function compareAnswer(client: FuzzClient, model: ResponseStream, outcome: Outcome, modern: boolean) {
  const meant = model.taken.at(-1)?.head;
  if (outcome === 'cut') {
    // To HTTP/1.0 only a reset can say it, which may overtake what was sent.
    if (client.finals.length > 0) return 'complete, though it was cut off';
    if (!modern) return client.wasReset || client.error !== undefined ? undefined : 'no sign of having been cut off';
    return differs('status', client.messages.at(-1)?.status, meant!.status);
  }
  if (client.error !== undefined) return `the client reads ${client.error}`;
  const interims = client.messages.filter(({ status }) => status < 200).map(({ status }) => status);
  const meantInterims = model.taken.map(({ head }) => head.status).filter(isPassedOn);
  if (outcome === 'bad') return differs('status', client.finals[0]?.status, 502);
  return (
    differs('interim answers', interims, modern ? meantInterims : []) ?? compareWhole(client.finals, model, modern)
  );
}

function compareWhole(finals: readonly Message[], model: ResponseStream, modern: boolean): string | undefined {
  const { head, body, trailers } = model.taken.at(-1)!;
  const [answer, ...others] = finals;
  if (answer === undefined || others.length > 0) return `${finals.length} answers`;
  return (
    differs('status', [answer.status, answer.reason], [head.status, head.reason]) ??
    differs('body', answer.body, body) ??
    differs('fields', endToEnd(answer.fields), endToEnd(pairs(head.fields))) ??
    differs('trailers', answer.trailers, modern ? pairs(trailers) : [])
  );
}
