// Reading the agent's log, which is rotated under the reader: agent.log becomes agent.log.1 and so on. A file that is
// open stays readable after it was renamed, so it is read to its end before the new one is opened.
import { closeSync, type FSWatcher, fstatSync, openSync, readFileSync, readSync, statSync, watch } from 'node:fs';
import { dirname } from 'node:path';
import { LineReader } from '../rpc/framing.ts';

const MAX_LINE_BYTES = 16 * 1024 * 1024;
const CHUNK_BYTES = 64 * 1024;
/** Watching folders misses changes on some file systems; this often is looked anyway. */
const LOOK_MS = 1000;

export class LogFile {
  readonly #path: string;
  readonly #chunk = Buffer.alloc(CHUNK_BYTES);
  readonly #reader: LineReader;
  #onLine: (line: string) => void = () => {};
  #fd: number | undefined;
  #stopWatching = () => {};

  constructor(path: string) {
    this.#path = path;
    this.#reader = new LineReader(
      (line) => this.#onLine(line),
      () => {},
      MAX_LINE_BYTES,
    );
  }

  /** The last lines that are there now, older files included. */
  last(count: number): string[] {
    let lines: string[] = [];
    this.#onLine = (line) => lines.push(line);
    this.look();
    for (let n = 1; lines.length < count; n++) {
      const older = readLines(`${this.#path}.${n}`);
      if (older === undefined) break;
      lines = older.concat(lines);
    }
    return count > 0 ? lines.slice(-count) : [];
  }

  /** Calls `onLine` for each line that comes after those of `last`, until `close`. */
  follow(onLine: (line: string) => void): void {
    this.#onLine = onLine;
    this.look();
    const timer = setInterval(() => this.look(), LOOK_MS);
    let watcher: FSWatcher | undefined;
    try {
      watcher = watch(dirname(this.#path), () => this.look()).on('error', () => {});
    } catch {
      // No folder yet: the timer will see it.
    }
    this.#stopWatching = () => {
      clearInterval(timer);
      watcher?.close();
    };
  }

  close(): void {
    this.#stopWatching();
    if (this.#fd !== undefined) closeSync(this.#fd);
    this.#fd = undefined;
  }

  /** Reads what is new, from the file that was open and then from the one that took its place. */
  look(): void {
    for (;;) {
      this.#fd ??= open(this.#path);
      if (this.#fd === undefined) return;
      let length = 0;
      do {
        length = readSync(this.#fd, this.#chunk);
        this.#reader.feed(this.#chunk.subarray(0, length));
      } while (length > 0);
      const now = statSync(this.#path, { throwIfNoEntry: false });
      if (now === undefined || now.ino === fstatSync(this.#fd).ino) return;
      closeSync(this.#fd);
      this.#fd = undefined;
    }
  }
}

function open(path: string): number | undefined {
  try {
    return openSync(path, 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

function readLines(path: string): string[] | undefined {
  try {
    return readFileSync(path, 'utf8')
      .split('\n')
      .filter((line) => line !== '');
  } catch {
    return undefined;
  }
}
