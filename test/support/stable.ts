// JSON without what differs from one run to the next: ids become #1, #2, … in the order in which they appear, times and
// uptimes become words. So two answers about the same thing can be compared.
const RANDOM_ID = /[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}/g;
const MOMENTS = new Set(['seen_at', 'last_good_at', 'uptime']);

export function stable(value: unknown): unknown {
  const ids = new Map<string, string>();
  const text = JSON.stringify(value, (name, field: unknown) => (MOMENTS.has(name) ? name : field));
  const renamed = text.replaceAll(RANDOM_ID, (id) => {
    const known = ids.get(id) ?? `#${ids.size + 1}`;
    ids.set(id, known);
    return known;
  });
  return JSON.parse(renamed);
}
