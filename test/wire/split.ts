// Where a message is split in two: around every line end and colon, and at places drawn from a seed. With
// WIRE_SPLITS=every at every byte of the shorter ones.

const MAX_EVERY = 512;
const SEEDED = 6;

export function splitPlaces(text: string): number[] {
  if (process.env.WIRE_SPLITS === 'every' && text.length <= MAX_EVERY) {
    return Array.from({ length: text.length - 1 }, (_, i) => i + 1);
  }
  const places = new Set<number>();
  const random = seeded(text.length);
  for (let i = 0; i < SEEDED; i++) places.add(1 + Math.floor(random() * (text.length - 1)));
  const end = text.indexOf('\r\n\r\n');
  for (const place of [end + 1, end + 2, end + 3, end + 4]) if (place > 0 && place < text.length) places.add(place);
  return [...places];
}

/** mulberry32: the same places in every run. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}
