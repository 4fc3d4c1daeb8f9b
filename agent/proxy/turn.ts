// The end of a turn of the event loop: what was gathered while its events were handled goes out together. One for the
// whole data path, with the memory that its writers share.
import { Blocks } from './blocks.ts';

/** With more than so many waiting, nobody is let wait for the rest of a long turn. */
export const MAX_WAITING = 64;

export interface TurnEnd {
  /** Called once for each `add`. Must not throw. */
  turned(): void;
}

export class Turn {
  readonly blocks = new Blocks();
  #waiting: TurnEnd[] = [];
  #scheduled = false;
  readonly #onImmediate = () => {
    this.#scheduled = false;
    this.#run();
  };

  add(end: TurnEnd): void {
    this.#waiting.push(end);
    if (this.#waiting.length >= MAX_WAITING) this.#run();
    else if (!this.#scheduled) {
      this.#scheduled = true;
      setImmediate(this.#onImmediate);
    }
  }

  #run(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const end of waiting) end.turned();
  }
}
