// What prlctl's state words mean for traffic. A word that is not listed here is down: better a clear 503 than bytes
// sent to a machine in a condition that nobody has thought about.

/**
 * `coming`: an address may be waited for · `serving`: its reported address is dialled · `last`: it serves, with the
 * address it had before · `down`: not there, and nobody is waiting for it.
 */
export type StateClass = 'coming' | 'serving' | 'last' | 'down';

const CLASSES: ReadonlyMap<string, StateClass> = new Map([
  ['starting', 'coming'],
  ['resuming', 'coming'],
  ['restoring', 'coming'],
  ['resetting', 'coming'],
  ['continuing', 'coming'],
  ['reconnecting', 'coming'],
  ['running', 'serving'],
  ['snapshoting', 'last'],
  ['del_snapshot', 'last'],
  ['syncing', 'last'],
]);

/** @param state prlctl's word, lower case. `running` without an address is coming; that is the table's business. */
export function classify(state: string): StateClass {
  return CLASSES.get(state) ?? 'down';
}
