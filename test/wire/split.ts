// Where a message is split in two. Usually at a few places: in the empty line behind the head, and some drawn from a seed.
// With WIRE_SPLITS=every at every byte of the shorter ones, of the others around every token and at more seeded places.
import { Random } from '../support/random.ts';

const MAX_EVERY = 512;
const SEEDED = 6;
const SEEDED_OF_LONG = 64;

export function splitPlaces(text: string): number[] {
  if (process.env.WIRE_SPLITS !== 'every') return [...new Set([...headEnd(text), ...seededPlaces(text, SEEDED)])];
  return text.length <= MAX_EVERY ? everyPlace(text) : tokenPlaces(text);
}

export function everyPlace(text: string): number[] {
  return Array.from({ length: Math.max(0, text.length - 1) }, (_, i) => i + 1);
}

/** Before and behind every delimiter and line end, and at places drawn from a seed. */
export function tokenPlaces(text: string): number[] {
  const places = new Set(seededPlaces(text, SEEDED_OF_LONG));
  for (const { index } of text.matchAll(/[\r\n:;, /]/g)) places.add(index).add(index + 1);
  return [...places].filter((place) => isInside(place, text));
}

function headEnd(text: string): number[] {
  const end = text.indexOf('\r\n\r\n');
  return [1, 2, 3, 4].map((behind) => end + behind).filter((place) => isInside(place, text));
}

function isInside(place: number, text: string): boolean {
  return place > 0 && place < text.length;
}

/** The same places in every run. */
function seededPlaces(text: string, count: number): number[] {
  const random = new Random(text.length);
  return Array.from({ length: count }, () => 1 + random.below(text.length - 1)).filter((place) =>
    isInside(place, text),
  );
}
