// One entry of the access log as a line of JSON. Written by hand: this runs once per request, and a general serializer
// costs several times as much. The names are those of `prproxy logs --json`; what is undefined is left out.
import type { AccessEntry } from './proxy/access.ts';

/** @param now milliseconds since the epoch: when the entry was over */
export function accessLine(entry: AccessEntry, now: number): string {
  const { host, route, target, method, path, status, upstreamMs, retried, failure, requestId } = entry;
  let line = `{"time":"${isoTime(now)}","client":${quoted(entry.client)}`;
  if (host !== undefined) line += `,"host":${quoted(host)}`;
  if (route !== undefined) line += `,"route":${quoted(route)}`;
  if (target !== undefined) line += `,"target":${quoted(target)}`;
  if (method !== undefined) line += `,"method":${quoted(method)}`;
  if (path !== undefined) line += `,"path":${quoted(path)}`;
  if (status !== undefined) line += `,"status":${status}`;
  line += `,"bytes_in":${entry.bytesIn},"bytes_out":${entry.bytesOut},"duration_ms":${millis(entry.durationMs)}`;
  if (upstreamMs !== undefined) line += `,"upstream_ms":${millis(upstreamMs)}`;
  if (retried) line += ',"retried":true';
  if (failure !== undefined) line += `,"failure":${quoted(failure)}`;
  if (requestId !== undefined) line += `,"request_id":${quoted(requestId)}`;
  return `${line}}\n`;
}

/** Neither quote, backslash nor control: JSON as it is. */
const PLAIN = /^[ !#-[\]-~]*$/;

function quoted(text: string): string {
  return PLAIN.test(text) ? `"${text}"` : JSON.stringify(text);
}

let second = Number.NaN;
let secondText = '';

/** RFC 3339 with milliseconds, in UTC; all but the milliseconds is made once a second. */
function isoTime(ms: number): string {
  const now = Math.floor(ms / 1000);
  if (now !== second) {
    second = now;
    secondText = new Date(now * 1000).toISOString().slice(0, -'000Z'.length);
  }
  return `${secondText}${thousandths(ms - now * 1000)}Z`;
}

/** To microseconds. */
function millis(ms: number): string {
  const us = Math.round(ms * 1000);
  const whole = Math.floor(us / 1000);
  return `${whole}.${thousandths(us - whole * 1000)}`;
}

function thousandths(count: number): string {
  if (count >= 100) return String(count);
  return count >= 10 ? `0${count}` : `00${count}`;
}
