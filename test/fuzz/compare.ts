// The properties that hold without a wire: what we take, strict llhttp takes with the same framing, wherever the bytes are
// split, and in bounded time. Each gives undefined, or words for what is wrong.
import { type Fields, fieldList } from '../../agent/http1/fields.ts';
import type { RequestHead } from '../../agent/http1/request-head.ts';
import type { ResponseHead } from '../../agent/http1/response-head.ts';
import type { Random } from '../support/random.ts';
import { RequestStream, ResponseStream, type Taken } from './engine.ts';
import { adapted, type Exception, requestExceptions, responseExceptions } from './exceptions.ts';
import { KNOWN_METHODS, LlhttpReader, type Message } from './llhttp.ts';

/** Time of the processor: far above what a case of at most 70 KB needs, and a busy machine does not count. */
const MAX_MS = 400;

export function latin1(text: string): Buffer {
  return Buffer.from(text, 'latin1');
}

/** Names and values in turn, as llhttp gives them. */
export function pairs(fields: Fields): string[] {
  return fieldList(fields).flat();
}

/** Fails the case if `run` takes too long. */
export function timed(run: () => string | undefined): string | undefined {
  const began = process.cpuUsage();
  const problem = run();
  const { user, system } = process.cpuUsage(began);
  const took = (user + system) / 1000;
  return problem ?? (took > MAX_MS ? `slow: ${Math.round(took)} ms` : undefined);
}

// --- Requests ----------------------------------------------------------------------------------------------------

/** What llhttp took and we did not, by our reason: for the summary, it is no fault. */
export type Tally = Map<string, number>;

export function checkRequests(text: string, random: Random, tally?: Tally): string | undefined {
  const bytes = latin1(text);
  const whole = new RequestStream().push(bytes);
  const problem =
    compare(whole.taken, text, new LlhttpReader({ kind: 'request' }), requestExceptions, sameRequest) ??
    checkSplits(bytes, whole, () => new RequestStream(), random);
  if (problem === undefined && whole.end === 'refused' && tally !== undefined) {
    if (llhttpTakesMore(text, whole.taken.length)) tally.set(whole.why, (tally.get(whole.why) ?? 0) + 1);
  }
  return problem;
}

function llhttpTakesMore(text: string, than: number): boolean {
  const reader = new LlhttpReader({ kind: 'request' });
  reader.push(latin1(text));
  const more = reader.messages.length > than;
  reader.close();
  return more;
}

function sameRequest(ours: RequestHead, theirs: Message): string | undefined {
  if (theirs.method !== ours.method && KNOWN_METHODS.has(ours.method)) return `method ${theirs.method}`;
  if (theirs.minor !== ours.minor) return `version 1.${theirs.minor}`;
  if (!sameTarget(ours.target, theirs.url)) return `target ${theirs.url}, ours ${ours.target}`;
  if (!theirs.keepAlive && ours.keepAlive) return 'keep-alive';
  return includes(theirs.fields, pairs(ours.fields));
}

/** In absolute-form llhttp gives the target as sent, and we what stands behind the authority. */
function sameTarget(ours: string, theirs: string): boolean {
  if (theirs.startsWith('/') || theirs === '*') return theirs === ours;
  const rest = theirs.replace(/^https?:\/\/[^/?#]*/i, '');
  return rest === ours || (rest === '' && (ours === '/' || ours === '*')) || `/${rest}` === ours;
}

// --- Responses ---------------------------------------------------------------------------------------------------

export function checkResponses(text: string, method: string, random: Random): string | undefined {
  const bytes = latin1(text);
  const whole = new ResponseStream(method).push(bytes);
  const reader = new LlhttpReader({ kind: 'response', answers: () => method });
  return (
    compare(whole.taken, text, reader, responseExceptions, sameResponseTo(method)) ??
    checkSplits(bytes, whole, () => new ResponseStream(method), random)
  );
}

function sameResponseTo(method: string): Same<ResponseHead> {
  return (ours, theirs) => {
    if (theirs.status !== ours.status && ours.status >= 200) return `status ${theirs.status}`;
    if (theirs.reason !== ours.reason) return `reason ${JSON.stringify(theirs.reason)}`;
    if (theirs.minor !== ours.minor) return `version 1.${theirs.minor}`;
    // llhttp judges before it has been told that an answer to HEAD has no body.
    const unframed = method === 'HEAD' && ours.length === undefined;
    if (!theirs.keepAlive && ours.keepAlive && !unframed) return 'keep-alive';
    return includes(theirs.fields, pairs(ours.fields));
  };
}

// --- Both --------------------------------------------------------------------------------------------------------

type Same<Head> = (ours: Head, theirs: Message) => string | undefined;

/** Gives llhttp message by message what we took: it must complete each with our last byte of it, and not before. */
function compare<Head extends { framing: string }>(
  taken: readonly Taken<Head>[],
  text: string,
  reader: LlhttpReader,
  exceptions: readonly Exception[],
  same: Same<Head>,
): string | undefined {
  try {
    for (const [index, message] of taken.entries()) {
      const problem = compareOne(message, text, reader, index, exceptions, same);
      if (problem !== undefined) return `message ${index + 1}: llhttp says ${problem}`;
    }
    return undefined;
  } finally {
    reader.close();
  }
}

function compareOne<Head extends { framing: string }>(
  message: Taken<Head>,
  text: string,
  reader: LlhttpReader,
  index: number,
  exceptions: readonly Exception[],
  same: Same<Head>,
): string | undefined {
  // A body that we found broken does not count, but its head does.
  const body = message.broken ? '' : text.slice(message.bodyAt, message.endAt);
  const sent = adapted(message.text, body, message.complete && message.head.framing === 'chunked', exceptions);
  reader.push(latin1(sent.slice(0, -1)));
  if (reader.error === undefined && reader.completed > index) return 'complete too early';
  reader.push(latin1(sent.slice(-1)));
  if (message.head.framing === 'close') reader.finish();
  // What is not complete is not taken yet: llhttp may see earlier that it never will be.
  if (reader.error !== undefined && !message.complete && reader.messages.length > index) return undefined;
  if (reader.error !== undefined) return reader.error;
  const theirs = reader.messages[index];
  if (theirs === undefined) return 'no head';
  const complete = message.complete || message.head.framing === 'close';
  if (theirs.complete !== complete) return theirs.complete ? 'complete' : 'not complete';
  if (theirs.body !== message.body && !message.broken) return `body ${JSON.stringify(theirs.body)}`;
  return same(message.head, theirs) ?? includes(theirs.trailers, pairs(message.trailers));
}

/** `part` is `all` with some fields left out. */
function includes(all: readonly string[], part: readonly string[]): string | undefined {
  let at = 0;
  for (let i = 0; i < part.length; i += 2) {
    while (at < all.length && (all[at] !== part[i] || all[at + 1] !== part[i + 1])) at += 2;
    if (at >= all.length) return `no field ${JSON.stringify(part.slice(i, i + 2))} in ${JSON.stringify(all)}`;
    at += 2;
  }
  return undefined;
}

interface Readable {
  push(chunk: Buffer): this;
}

/** Whole, byte by byte when short, and at a few places: always the same. */
function checkSplits<S extends Readable>(bytes: Buffer, whole: S, again: () => S, random: Random): string | undefined {
  const expected = JSON.stringify(whole);
  const ways = [cuts(bytes, random, 1), cuts(bytes, random, 1 + random.below(6))];
  if (bytes.length < 400) ways.push(Array.from({ length: bytes.length - 1 }, (_, i) => i + 1));
  for (const places of ways) {
    const stream = again();
    let from = 0;
    for (const place of [...places, bytes.length]) {
      // A copy: whoever keeps a part for later must not see what is written there next.
      const part = Buffer.from(bytes.subarray(from, place));
      stream.push(part);
      part.fill(0x58);
      from = place;
    }
    const found = JSON.stringify(stream);
    if (found !== expected) return `split at ${JSON.stringify(places.slice(0, 8))}: ${found} and not ${expected}`;
  }
  return undefined;
}

export function cuts(bytes: Buffer, random: Random, count: number): number[] {
  if (bytes.length < 2) return [];
  const places = new Set<number>();
  for (let i = 0; i < count; i++) places.add(1 + random.below(bytes.length - 1));
  return [...places].sort((a, b) => a - b);
}
