// The agent as a child in the foreground: it gets our signals, we end with its exit code.
import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { createInterface } from 'node:readline';
import { logLine } from './log-line.ts';
import { Screen } from './render.ts';
import { agentCommand } from './starter.ts';

const FORWARDED = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Resolves with the exit code. On a terminal its log is made readable, otherwise it is passed on as it is. */
export function runInForeground(env: NodeJS.ProcessEnv): Promise<number> {
  const screen = new Screen(process.stderr, env);
  const { file, args } = agentCommand(['--foreground']);
  const child = spawn(file, args, { env, stdio: ['inherit', 'inherit', screen.isTerminal ? 'pipe' : 'inherit'] });
  if (child.stderr !== null) {
    createInterface({ input: child.stderr }).on('line', (line) => process.stderr.write(`${logLine(line, screen)}\n`));
  }
  for (const signal of FORWARDED) process.on(signal, () => child.kill(signal));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal])));
  });
}
