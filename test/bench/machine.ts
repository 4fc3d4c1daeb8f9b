// Where and when a run was made, and with which versions.
import { cpus, release, totalmem, type } from 'node:os';
import { run } from '../support/programs.ts';
import type { Contender } from './contender.ts';

export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGB: number;
  readonly system: string;
}

export function thisMachine(): Machine {
  const all = cpus();
  const memoryGB = Math.round(totalmem() / 1e9);
  return { cpu: all[0]?.model.trim() ?? 'unknown', cores: all.length, memoryGB, system: `${type()} ${release()}` };
}

export async function versionsOf(contenders: Iterable<Contender>): Promise<Record<string, string>> {
  const versions: Record<string, string> = { node: process.versions.node, wrk: await wrkVersion() };
  for (const contender of contenders) versions[contender.name] = await contender.version();
  return versions;
}

async function wrkVersion(): Promise<string> {
  // It ends with 1 when it has told its version.
  const { stdout, stderr } = await run('wrk', ['-v']);
  return /wrk (?:debian\/)?([\d.]+)/.exec(stdout + stderr)?.[1] ?? 'unknown';
}
