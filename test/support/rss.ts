// How much memory a process holds: now, and at its peak since `RssWatch.start`. Linux keeps the peak itself; elsewhere
// `ps` is asked again and again.
import { readFile, writeFile } from 'node:fs/promises';
import { runOk } from './programs.ts';

export const MB = 1_000_000;

const SAMPLE_EVERY_MS = 100;

/** In bytes. */
export async function rssOf(pid: number): Promise<number> {
  if (process.platform === 'linux') return kernelFigure(pid, 'VmRSS');
  return Number(await runOk('ps', ['-o', 'rss=', '-p', String(pid)])) * 1024;
}

async function kernelFigure(pid: number, name: 'VmRSS' | 'VmHWM'): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  const kilobytes = new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1];
  if (kilobytes === undefined) throw new Error(`no ${name} of process ${pid}`);
  return Number(kilobytes) * 1024;
}

export class RssWatch {
  readonly pid: number;
  /** At the start, in bytes. */
  readonly before: number;
  #sampled: number;
  #timer: NodeJS.Timeout | undefined;

  private constructor(pid: number, before: number) {
    this.pid = pid;
    this.before = before;
    this.#sampled = before;
  }

  static async start(pid: number): Promise<RssWatch> {
    const watch = new RssWatch(pid, await rssOf(pid));
    // 5 sets the peak back to what is held now (proc(5)).
    if (process.platform === 'linux') await writeFile(`/proc/${pid}/clear_refs`, '5');
    else watch.#timer = setInterval(() => void watch.#sample(), SAMPLE_EVERY_MS);
    return watch;
  }

  /** In bytes, since the start. Ends the sampling. */
  async peak(): Promise<number> {
    if (process.platform === 'linux') return kernelFigure(this.pid, 'VmHWM');
    clearInterval(this.#timer);
    await this.#sample();
    return this.#sampled;
  }

  async #sample(): Promise<void> {
    this.#sampled = Math.max(this.#sampled, await rssOf(this.pid));
  }
}
