// One entry of the access log as a line of JSON. Written by hand: this runs once per request, and a general serializer
// costs many times as much. The names are those of `prproxy logs --json`; what is undefined is left out.
import type { AccessEntry } from './proxy/access.ts';

/** Most lines are of the same client, host, route and target as some line shortly before: that part is made once. */
export class AccessLines {
  #client: string | undefined = undefined;
  #host: string | undefined = undefined;
  #route: string | undefined = undefined;
  #target: string | undefined = undefined;
  #place = '';
  #second = Number.NaN;
  #secondText = '';

  /** @param now milliseconds since the epoch: when the entry was over */
  line(entry: AccessEntry, now: number): string {
    const { method, path, status, upstreamMs, failure, requestId } = entry;
    let line = `{"time":"${this.#time(now)}${this.#placeOf(entry)}`;
    if (method !== undefined) line += `,"method":"${method}"`;
    if (path !== undefined) line += `,"path":${quoted(path)}`;
    if (status !== undefined) line += `,"status":${status}`;
    line += `,"bytes_in":${entry.bytesIn},"bytes_out":${entry.bytesOut},"duration_ms":${millis(entry.durationMs)}`;
    if (upstreamMs !== undefined) line += `,"upstream_ms":${millis(upstreamMs)}`;
    if (entry.retried) line += ',"retried":true';
    if (failure !== undefined) line += `,"failure":${quoted(failure)}`;
    return requestId === undefined ? `${line}}\n` : `${line},"request_id":${quoted(requestId)}}\n`;
  }

  #placeOf({ client, host, route, target }: AccessEntry): string {
    if (client === this.#client && host === this.#host && route === this.#route && target === this.#target)
      return this.#place;
    this.#client = client;
    this.#host = host;
    this.#route = route;
    this.#target = target;
    let place = `","client":${quoted(client)}`;
    if (host !== undefined) place += `,"host":${quoted(host)}`;
    if (route !== undefined) place += `,"route":${quoted(route)}`;
    if (target !== undefined) place += `,"target":${quoted(target)}`;
    // One string instead of a tree of pieces that each line would have to walk.
    this.#place = Buffer.from(place).toString();
    return this.#place;
  }

  /** RFC 3339 with milliseconds, in UTC; all but the milliseconds is made once a second. */
  #time(ms: number): string {
    const second = Math.floor(ms / 1000);
    if (second !== this.#second) {
      this.#second = second;
      this.#secondText = new Date(second * 1000).toISOString().slice(0, -'000Z'.length);
    }
    return `${this.#secondText}${THOUSANDTHS[ms - second * 1000]}Z`;
  }
}

/** Neither quote, backslash nor control: JSON as it is. Method names, being tokens, never need more. */
const PLAIN = /^[ !#-[\]-~]*$/;

function quoted(text: string): string {
  return PLAIN.test(text) ? `"${text}"` : JSON.stringify(text);
}

const THOUSANDTHS = Array.from({ length: 1000 }, (_, count) => String(count).padStart(3, '0'));

/** To microseconds. */
function millis(ms: number): string {
  const us = Math.round(ms * 1000);
  const whole = Math.floor(us / 1000);
  return `${whole}.${THOUSANDTHS[us - whole * 1000]}`;
}
