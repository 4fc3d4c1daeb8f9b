// Programs of the machine that tests use as real servers and clients. Where one is missing, the suite that needs it is
// skipped and says so in its name; with CI=true, where all are installed, that is a failure.
import { type ChildProcess, execFile } from 'node:child_process';
import { accessSync, constants, globSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { describe, it } from 'vitest';

/** Where programs are that PATH often lacks: servers, Homebrew, and PostgreSQL's own folders (newest last). */
const PLACES = [
  '/usr/sbin',
  '/usr/local/sbin',
  '/opt/homebrew/bin',
  '/opt/homebrew/sbin',
  ...globSync('/usr/lib/postgresql/*/bin'),
  ...globSync('/opt/homebrew/opt/postgresql@*/bin'),
];

/** The absolute path of a program; undefined when the machine has none. */
export function findProgram(name: string): string | undefined {
  const folders = [...(process.env.PATH ?? '').split(delimiter), ...PLACES].filter((folder) => folder !== '');
  return folders.map((folder) => join(folder, name)).find(isExecutable);
}

/** The same, in a place that only runs when it is there. */
export function program(name: string): string {
  const path = findProgram(name);
  if (path === undefined) throw new Error(`${name} is not installed`);
  return path;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** A suite that needs programs. */
export function describeWith(programs: readonly string[], name: string, body: () => void): void {
  const missing = programs.filter((each) => findProgram(each) === undefined);
  if (missing.length === 0) {
    describe(name, body);
    return;
  }
  const why = `${missing.join(' and ')} ${missing.length === 1 ? 'is' : 'are'} not installed`;
  if (process.env.CI === 'true') {
    describe(name, () => {
      it('has the programs that it needs', () => {
        throw new Error(why);
      });
    });
  } else {
    console.warn(`skipped: ${name}: ${why}`);
    describe.skip(`${name} (skipped: ${why})`, body);
  }
}

export interface RunOptions {
  readonly input?: string | Buffer;
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
  readonly uid?: number;
  readonly gid?: number;
}

export interface Run {
  /** -1: killed, or it took too long. */
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Longest that one run may take, in milliseconds. */
const RUN_LIMIT_MS = 60_000;

/** Runs a program to its end. Output is decoded byte for byte (latin1). */
export function run(name: string, args: readonly string[], { input, ...rest }: RunOptions = {}): Promise<Run> {
  return new Promise((resolve) => {
    const options = { ...rest, timeout: RUN_LIMIT_MS, maxBuffer: 256 * 1024 * 1024, encoding: 'latin1' as const };
    const child: ChildProcess = execFile(program(name), args, options, (error, stdout, stderr) => {
      const code = error === null ? 0 : typeof error.code === 'number' ? error.code : -1;
      resolve({ code, stdout, stderr });
    });
    // A program that ends without reading its input is judged by its exit code.
    child.stdin?.on('error', () => {});
    child.stdin?.end(input);
  });
}

/** A run that must succeed. @returns stdout */
export async function runOk(name: string, args: readonly string[], options?: RunOptions): Promise<string> {
  const { code, stdout, stderr } = await run(name, args, options);
  if (code !== 0) throw new Error(`${name} ${args.join(' ')} ended with ${code}: ${stderr}${stdout}`);
  return stdout;
}
