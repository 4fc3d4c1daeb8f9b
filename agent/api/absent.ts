// What counts as absent in an input, before it is validated: "" and null everywhere but in header maps, and
// {"enabled": false} for cors and tls. Where null removes, a null of the top level stays, and so that pair is null.

type Fields = Readonly<Record<string, unknown>>;

/** In these "" is a value. */
const HEADER_MAPS = new Set(['request_headers', 'response_headers']);
/** Present but off and otherwise empty is the same as not there. */
const SWITCHED = new Set(['cors', 'tls']);

/** Deeper than any field of the table; what is below is left as it is, to be refused. */
const MAX_DEPTH = 8;

export function withoutAbsent(fields: Fields, nullRemoves: boolean, depth = 0): Fields {
  if (depth > MAX_DEPTH) return fields;
  const entries = Object.entries(fields).map(
    ([name, value]) => [name, present(name, value, nullRemoves, depth)] as const,
  );
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined));
}

function present(name: string, value: unknown, nullRemoves: boolean, depth: number): unknown {
  if (value === null) return nullRemoves ? null : undefined;
  if (value === '') return undefined;
  if (HEADER_MAPS.has(name)) return value;
  if (Array.isArray(value))
    return value.map((item: unknown) => (isFields(item) ? withoutAbsent(item, false, depth + 1) : item));
  if (!isFields(value)) return value;
  const inner = withoutAbsent(value, false, depth + 1);
  if (SWITCHED.has(name) && inner.enabled === false && Object.keys(inner).length === 1)
    return nullRemoves ? null : undefined;
  return inner;
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
