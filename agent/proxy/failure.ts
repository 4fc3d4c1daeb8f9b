// What can go wrong on the data path, as values: nothing is thrown there. A failure says what to tell the client, and
// never holds an address, a path of this machine or text of the request.
import { type Fields, field } from '../http1/fields.ts';
import { reasonPhrase } from '../http1/respond.ts';
import type { Absence } from '../targets.ts';

export interface Failure {
  readonly status: number;
  /** For the log. */
  readonly code: string;
  readonly side: 'client' | 'upstream' | 'internal';
  /** For people: one sentence without a full stop. */
  readonly reason: string;
  readonly retryAfterS?: number;
}

export function clientFailure(status: number, code: string, reason: string): Failure {
  return { status, code, side: 'client', reason };
}

/** RFC 9110 15.5.20. */
export const MISDIRECTED = clientFailure(421, 'no_host', 'this proxy has no host of that name on this address');

/** RFC 9110 7.6: a loop is broken. */
export const LOOP: Failure = { status: 508, code: 'loop', side: 'internal', reason: 'the route leads back to itself' };

export function absenceFailure(absence: Absence): Failure {
  return {
    status: 503,
    code: `target_${absence.state}`,
    side: 'upstream',
    reason: absence.reason,
    retryAfterS: absence.retryAfterS,
  };
}

/** What happened on the way to or with an upstream connection. `code` is the system's or TLS's error code. */
export interface UpstreamFault {
  readonly phase: 'lookup' | 'dial' | 'answer';
  readonly code: string;
}

const DIAL_TEXTS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'refused the connection',
  EHOSTUNREACH: 'cannot be reached: no route to it',
  ENETUNREACH: 'cannot be reached: no route to its network',
  EADDRNOTAVAIL: 'cannot be reached from this machine',
  ETIMEDOUT: 'did not accept the connection in time',
};

/** @param target for people: "VM Ubuntu" or "the target of route /app" */
export function faultFailure(fault: UpstreamFault, target: string): Failure {
  const status = fault.code === 'ETIMEDOUT' ? 504 : 502;
  return {
    status,
    code: `${fault.phase}_${fault.code.toLowerCase()}`,
    side: 'upstream',
    reason: `${target} ${faultText(fault)}`,
  };
}

function faultText(fault: UpstreamFault): string {
  if (fault.phase === 'lookup') return 'has a name that cannot be resolved';
  if (fault.phase === 'answer') return answerText(fault.code);
  return DIAL_TEXTS[fault.code] ?? tlsText(fault.code) ?? 'could not be connected to';
}

function answerText(code: string): string {
  if (code === 'ETIMEDOUT') return 'did not answer in time';
  if (code === 'EMALFORMED') return 'sent an answer that is not valid HTTP';
  return 'closed the connection before it answered';
}

function tlsText(code: string): string | undefined {
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID')
    return 'has a certificate for another name: set tls_server_name on the route';
  if (/CERT|SELF_SIGNED|ISSUER|UNABLE_TO_VERIFY/.test(code)) {
    return 'has a certificate that is not trusted: set ca (or insecure) on the route';
  }
  if (/SSL|TLS|EPROTO/.test(code)) return 'does not speak TLS as it should: is the schema of the route right?';
  return undefined;
}

/** Where it happened, for people. */
export interface FailurePlace {
  readonly host: string | undefined;
  readonly route: string | undefined;
}

export interface Answer {
  readonly fields: Fields;
  readonly body: Buffer;
}

/**
 * The answer to a failed request: a small page for a browser, plain text for programs.
 * @param accept the request's Accept
 */
export function renderFailure(failure: Failure, place: FailurePlace, accept: string | undefined): Answer {
  const title = `${failure.status} ${reasonPhrase(failure.status)}`;
  const html = accept !== undefined && /\btext\/html\b/i.test(accept);
  const body = Buffer.from(html ? htmlPage(title, failure.reason, place) : textPage(title, failure.reason, place));
  const type = html ? 'text/html; charset=utf-8' : 'text/plain; charset=utf-8';
  let fields = field('Content-Type', type) + field('Cache-Control', 'no-store');
  if (failure.retryAfterS !== undefined) fields += field('Retry-After', String(failure.retryAfterS));
  return { fields, body };
}

function placeText(place: FailurePlace): string {
  const route = place.route === undefined ? '' : `route ${place.route} of `;
  return place.host === undefined ? '' : `${route}host ${place.host}`;
}

function textPage(title: string, reason: string, place: FailurePlace): string {
  const where = placeText(place);
  return `${title}\n\n${reason}.\n${where === '' ? '' : `(${where})\n`}`;
}

function htmlPage(title: string, reason: string, place: FailurePlace): string {
  return (
    `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">` +
    `<title>${escapeHtml(title)}</title><style>body{font:16px/1.5 system-ui,sans-serif;margin:15vh auto;max-width:36em;` +
    `padding:0 1em;color:#222;background:#fff}h1{font-size:1.4em}small{color:#666}` +
    `@media(prefers-color-scheme:dark){body{color:#ddd;background:#1b1b1b}small{color:#999}}</style>` +
    `<h1>${escapeHtml(title)}</h1><p>${escapeHtml(reason)}.</p><small>${escapeHtml(placeText(place))}</small></html>\n`
  );
}

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ESCAPES[character]!);
}
