// Arithmetic of the figures: pure.

/** Of an even count, the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  if (values.length === 0) return Number.NaN;
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** The value that `share` (0 to 1) of all do not exceed. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN;
}

/** Of two series that were measured in turn: the median of what each pair gives. What only one has is left out. */
export function medianOfPairs(
  values: readonly (number | undefined)[],
  others: readonly (number | undefined)[],
  of: (value: number, other: number) => number,
): number | undefined {
  const pairs = values.flatMap((value, round) => {
    const other = others[round];
    return value === undefined || other === undefined ? [] : [of(value, other)];
  });
  return pairs.length === 0 ? undefined : median(pairs);
}

/** `list`, begun at its `by`-th: so that nobody is always the first of a round. */
export function rotated<T>(list: readonly T[], by: number): T[] {
  const start = list.length === 0 ? 0 : by % list.length;
  return [...list.slice(start), ...list.slice(0, start)];
}
