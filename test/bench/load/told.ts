// A load generator of ours as a child: it loads for some seconds and tells one line of JSON at its end.
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import type { Sample } from '../measure.ts';

/** What a generator may take beyond its seconds. */
const SLACK_MS = 30_000;

/** @param file in this folder */
export function runGenerator(file: string, args: readonly (string | number)[], seconds: number): Promise<Sample> {
  const command = [join(import.meta.dirname, file), ...args.map(String), String(seconds)];
  const options = { timeout: seconds * 1000 + SLACK_MS, killSignal: 'SIGKILL' as const };
  return new Promise((resolve, reject) => {
    execFile(process.execPath, command, options, (error, stdout, stderr) => {
      if (error === null) resolve(JSON.parse(stdout));
      else reject(new Error(`${file} failed: ${stderr.trim().split('\n').at(-1) || error.message}`));
    });
  });
}

/** The other end: what the generator says. */
export function tell(sample: Sample): void {
  process.stdout.write(`${JSON.stringify(sample)}\n`);
}
