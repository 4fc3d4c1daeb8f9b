// Asks macOS guests for their address when nobody else knows it: those of Apple silicon are in no file of leases. Asking takes
// seconds while a guest boots or resumes, so a reading starts it and a later reading has the answer. Invariant: one question
// at a time per VM, few in all, and fewer the longer a guest does not answer.
import { readAddress } from './address.ts';
import { Slots } from './slots.ts';

const MAX_QUESTIONS = 2;
/** Between two questions to one VM: at first, doubled with each that failed up to the limit; and once it has answered. */
const GAP_MIN_MS = 1_000;
const GAP_MAX_MS = 60_000;
const GAP_KNOWN_MS = 10_000;

interface Guest {
  ip: string | undefined;
  isAsked: boolean;
  failures: number;
  /** No question before this; of `performance.now()`. */
  dueAt: number;
}

export class GuestAddresses {
  readonly #slots = new Slots(MAX_QUESTIONS);
  #guests = new Map<string, Guest>();

  /**
   * What the guest has told so far; asks it if that is due.
   * @param ask gives what the guest printed; must not reject
   */
  of(id: string, ask: () => Promise<string>): string | undefined {
    const guest = this.#guests.get(id) ?? { ip: undefined, isAsked: false, failures: 0, dueAt: -Infinity };
    this.#guests.set(id, guest);
    if (!guest.isAsked && performance.now() >= guest.dueAt) void this.#ask(guest, ask);
    return guest.ip;
  }

  /** Forgets the guests that are not in the set: what they told is of a run that is over. */
  keep(ids: ReadonlySet<string>): void {
    for (const id of this.#guests.keys()) if (!ids.has(id)) this.#guests.delete(id);
  }

  async #ask(guest: Guest, ask: () => Promise<string>): Promise<void> {
    guest.isAsked = true;
    const ip = readAddress((await this.#slots.run(ask)).trim());
    guest.isAsked = false;
    guest.failures = ip === undefined ? guest.failures + 1 : 0;
    // One question that fails does not make the last answer wrong.
    guest.ip = ip ?? guest.ip;
    const gap = ip === undefined ? Math.min(GAP_MIN_MS * 2 ** (guest.failures - 1), GAP_MAX_MS) : GAP_KNOWN_MS;
    guest.dueAt = performance.now() + gap;
  }
}
