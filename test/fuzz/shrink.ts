// Makes a failing text smaller for as long as it fails in the same way: first large spans go, then single characters.

const MAX_TRIES = 600;

/** The same way: the words without figures, texts and places. */
export function kindOf(problem: string): string {
  return problem
    .replace(/[[{"(].*$/s, '')
    .replace(/\d+/g, 'N')
    .trim();
}

export async function shrink(text: string, check: (text: string) => Promise<string | undefined>): Promise<string> {
  const first = await check(text);
  // Some failures hang on the moment; they are told as they came.
  if (first === undefined) return text;
  const kind = kindOf(first);
  let small = text;
  let tries = 0;
  for (let span = Math.ceil(text.length / 2); span >= 1; span = span === 1 ? 0 : Math.ceil(span / 2)) {
    for (let at = 0; at < small.length && tries < MAX_TRIES; tries++) {
      const candidate = small.slice(0, at) + small.slice(at + span);
      const problem = await check(candidate);
      if (problem !== undefined && kindOf(problem) === kind) small = candidate;
      else at += span;
    }
  }
  return small;
}
