// What becomes of a request before any target is looked at: answered here, refused, or given to a route. Pure.
import type { Fields } from '../http1/fields.ts';
import type { RequestHead } from '../http1/request-head.ts';
import { clientFailure, type Failure, LOOP, MISDIRECTED } from './failure.ts';
import { localAnswer, MAX_VIA_PASSES } from './local-answer.ts';
import type { HttpHost, HttpRoute } from './plan.ts';
import { TOO_LONG } from './router.ts';

const NO_ROUTE = clientFailure(404, 'no_route', 'no route of this host matches the path');
const PATH_TOO_LONG = clientFailure(
  414,
  'path_too_long',
  'the path is too long to be matched against the patterns of this host',
);

export type Admission =
  | { readonly kind: 'forward'; readonly route: HttpRoute }
  /** `cors`: the host's CORS fields are still to be added. */
  | { readonly kind: 'answer'; readonly status: number; readonly fields: Fields; readonly cors: boolean }
  | { readonly kind: 'refuse'; readonly failure: Failure; readonly route: HttpRoute | undefined };

/**
 * @param host undefined: no host of the listener is meant
 * @param pseudonym of this installation in Via; undefined: Via is off
 * @param passes where no Via counts them: how often the request has been here
 */
export function admit(
  head: RequestHead,
  host: HttpHost | undefined,
  pseudonym: string | undefined,
  passes: number,
): Admission {
  if (host === undefined) return refusal(MISDIRECTED);
  const preflight = host.cors?.preflight(head.method, head.fields);
  if (preflight !== undefined) return { kind: 'answer', ...preflight, cors: false };
  const local = localAnswer(head, pseudonym);
  if (local !== undefined) return 'reason' in local ? refusal(local) : { kind: 'answer', ...local, cors: true };
  const route = host.router.match(head.path);
  if (route === undefined) return refusal(NO_ROUTE);
  if (route === TOO_LONG) return refusal(PATH_TOO_LONG);
  return passes >= MAX_VIA_PASSES ? refusal(LOOP, route) : { kind: 'forward', route };
}

function refusal(failure: Failure, route?: HttpRoute): Admission {
  return { kind: 'refuse', failure, route };
}
