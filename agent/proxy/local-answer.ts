// Requests that prproxy answers itself, because a rule of HTTP or of safety says so; everything else goes to a target.
import { hasDotSegment } from '../../src/model/dot-segment.ts';
import { type Fields, field, fieldList } from '../http1/fields.ts';
import type { RequestHead } from '../http1/request-head.ts';
import { clientFailure, type Failure } from './failure.ts';

/** So many passes through this installation are a loop: some set-ups pass twice on purpose. */
export const MAX_VIA_PASSES = 8;

export interface LocalAnswer {
  readonly status: 200 | 204;
  readonly fields: Fields;
}

export const ALLOW: Fields = field('Allow', 'GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS');

/** Undefined: the request is for a target. */
export function localAnswer(head: RequestHead, pseudonym: string | undefined): LocalAnswer | Failure | undefined {
  // RFC 9110 9.3.8 allows refusal; an echo of the request would show its cookies to scripts.
  if (head.method === 'TRACE') return clientFailure(405, 'trace', 'TRACE is not offered');
  if (head.method === 'OPTIONS' && (head.path === '*' || /^0+$/.test(head.maxForwards ?? ''))) {
    // RFC 9110 9.3.7, 7.6.2: about the server as a whole, or meant for the recipient that counts to zero.
    return { status: 204, fields: ALLOW };
  }
  if (hasDotSegment(head.path)) return clientFailure(400, 'dot_segment', 'the path has a . or .. segment');
  if (pseudonym !== undefined && head.via !== '' && passes(head.via, pseudonym) >= MAX_VIA_PASSES) {
    return {
      status: 508,
      code: 'loop',
      side: 'internal',
      reason: 'the request goes round in a loop through this proxy',
    };
  }
  return undefined;
}

function passes(via: Fields, pseudonym: string): number {
  return fieldList(via)
    .map(([, value]) => value)
    .join(',')
    .split(',')
    .filter((hop) => hop.trim().split(/[ \t]+/)[1] === pseudonym).length;
}
