// The access log of our Node programs: a line of JSON per request; lines are written together, ten times a second.
import { createWriteStream } from 'node:fs';

const FLUSH_MS = 100;

export class AccessLog {
  #file;
  #waiting = '';

  constructor(path) {
    this.#file = createWriteStream(path, { flags: 'a' });
    setInterval(() => this.#flush(), FLUSH_MS).unref();
  }

  /** @param req of node:http */
  record({ method, url, headers }, client, status, durationMs) {
    const line = { time: new Date().toISOString(), client, host: headers.host, method, url, status, durationMs };
    this.#waiting += `${JSON.stringify(line)}\n`;
  }

  #flush() {
    if (this.#waiting !== '') this.#file.write(this.#waiting);
    this.#waiting = '';
  }
}
