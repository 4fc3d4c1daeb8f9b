// What mutations begin with: every case of the wire tests.
import { brokenUploads, requestCases } from '../wire/request-cases.ts';
import { responseCases } from '../wire/response-cases.ts';

/** Long cases are about limits; a few of them do. */
const MAX_BYTES = 4_096;

export const requestSeeds: readonly string[] = [...requestCases, ...brokenUploads].map(({ send }) => send);
export const responseSeeds: readonly string[] = responseCases.map(({ answer }) => answer);

export function short(seeds: readonly string[]): readonly string[] {
  return seeds.filter(({ length }) => length <= MAX_BYTES);
}
