// Waiting for something that sends no event: looked at again and again, in small steps, up to a limit.
import { setTimeout as pause } from 'node:timers/promises';

const STEP_MS = 20;
const LIMIT_MS = 20_000;

/** What `look` gives as soon as `test` holds for it. */
export async function eventually<T>(look: () => Promise<T> | T, test: (seen: T) => boolean): Promise<T> {
  const deadline = Date.now() + LIMIT_MS;
  for (;;) {
    const seen = await look();
    if (test(seen)) return seen;
    if (Date.now() > deadline) throw new Error(`not within ${LIMIT_MS} ms: ${JSON.stringify(seen)}`);
    await pause(STEP_MS);
  }
}
