// Finds the JSON list in a program's output that may have other text before or after it (`Operation progress ... 5%[…`).
// Invariant: a part of a torn list is never taken for the whole. Pure; never throws.

/** How many openings are tried; each may cost a pass over the text. */
const MAX_STARTS = 200;

/**
 * @param isRecord tells an element of the wanted list from other JSON
 * @returns the elements, a lone record as a list of one; undefined when there is no such list
 */
export function findList(text: string, isRecord: (value: unknown) => boolean): readonly unknown[] | undefined {
  // Raw control characters are white space between tokens, and an error of the printing program within strings.
  const clean = text.replace(/[\u0000-\u001f]/g, ' ');
  const end = Math.max(clean.lastIndexOf(']'), clean.lastIndexOf('}')) + 1;
  return findAtEnd(clean, isRecord) ?? (end > 0 ? findAtEnd(clean.slice(0, end), isRecord) : undefined);
}

/** The list that reaches to the end of the text. */
function findAtEnd(text: string, isRecord: (value: unknown) => boolean): readonly unknown[] | undefined {
  // An empty list or a lone record may as well be the end of a list whose beginning is broken: it counts only when
  // nothing before it looks like JSON.
  const value = parse(text.slice(Math.max(0, text.search(/[[{"]/))));
  if (isRecord(value)) return [value];
  if (Array.isArray(value) && value.length === 0) return value;
  const opening = /\[(?=\s*\{)/g;
  for (let tries = 0; tries < MAX_STARTS; tries++) {
    const match = opening.exec(text);
    if (match === null) return undefined;
    const list = parse(text.slice(match.index));
    if (Array.isArray(list) && list.some(isRecord)) return list;
  }
  return undefined;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
