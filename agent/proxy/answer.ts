// The fields of an answer, as the client gets them: the target's, with the route's and the host's rules applied. Pure.
import { type Fields, field, fieldValue, withoutFields } from '../http1/fields.ts';
import type { RequestHead } from '../http1/request-head.ts';
import { httpDate } from '../http1/respond.ts';
import type { ResponseHead } from '../http1/response-head.ts';
import { listMembers } from '../http1/tokens.ts';
import type { HttpHost, HttpRoute } from './plan.ts';

export function answerFields(answer: ResponseHead, request: RequestHead, host: HttpHost, route: HttpRoute): Fields {
  const { responseHeaders } = route;
  let fields = answer.fields;
  if (responseHeaders.length > 0) {
    fields = withoutFields(fields, { has: (lower) => responseHeaders.some((setting) => setting.lower === lower) });
    for (const { name, value } of responseHeaders) fields += field(name, value);
  }
  fields = withCors(fields, request, host);
  // RFC 9110 6.6.1: an answer that lacks Date gets one.
  const hasDate = answer.hasDate || responseHeaders.some(({ lower }) => lower === 'date');
  if (!hasDate && answer.status >= 200) fields += field('Date', httpDate());
  return fields;
}

export function withCors(fields: Fields, request: RequestHead, host: HttpHost | undefined): Fields {
  return host?.cors === undefined ? fields : host.cors.apply(fieldValue(request.fields, 'origin'), fields);
}

/** RFC 9110 7.8: a target may switch only to protocols that the client offered. */
export function wasOffered(asked: string | undefined, chosen: string | undefined): boolean {
  if (chosen === undefined) return false;
  const names = new Set(listMembers(asked ?? ''));
  return listMembers(chosen).every((name) => names.has(name));
}
