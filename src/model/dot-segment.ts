// The one rule about paths that the model (drafts of routes) and the data path (requests) share. No imports.

/** A segment, up to its `;`, that is `.` or `..` once `%2e %2f %5c` are decoded and `\` is read as `/`. */
const DOT_SEGMENT = /(?:^|[/\\]|%2f|%5c)(?:\.|%2e){1,2}(?:[/\\;]|%2f|%5c|$)/i;

/** True when a path could escape a route's prefix at a target that decodes or normalises. Argument: path without query. */
export function hasDotSegment(path: string): boolean {
  return DOT_SEGMENT.test(path);
}
