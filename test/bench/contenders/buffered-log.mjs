// A log file whose lines are written together, ten times a second.
import { createWriteStream } from 'node:fs';

const FLUSH_MS = 100;

export class BufferedLog {
  #file;
  #waiting = '';

  constructor(path) {
    this.#file = createWriteStream(path, { flags: 'a' });
    setInterval(() => this.#flush(), FLUSH_MS).unref();
  }

  write(line) {
    this.#waiting += line;
  }

  #flush() {
    if (this.#waiting !== '') this.#file.write(this.#waiting);
    this.#waiting = '';
  }
}
