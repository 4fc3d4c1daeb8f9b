// The imports of the project's files, for the layer test: what is there when it runs, and what is there for types.
import { readdirSync, readFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { dirname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('../../', import.meta.url));

export interface Import {
  /** A path from the root for a file of ours (`src/errors.ts`), else the name of a package (`zod`, `node:fs`). */
  readonly target: string;
  /** `type`: gone at run time; `lazy`: `await import()`. */
  readonly kind: 'eager' | 'lazy' | 'type';
}

const STATIC = /(?:^|[\n;])[ \t]*(?:import|export)\b(?:[^'"`;]*?\bfrom)?\s*['"]([^'"\n]+)['"]/g;
const DYNAMIC = /\bimport\(\s*['"]([^'"\n]+)['"]/g;

/** @param file where the text is, from the root */
export function importsIn(text: string, file: string): Import[] {
  const running = stripTypeScriptTypes(text);
  const eager = found(running, STATIC);
  const lazy = found(running, DYNAMIC);
  const types = [...found(text, STATIC), ...found(text, DYNAMIC)].filter((name) => ![...eager, ...lazy].includes(name));
  const entry = (kind: Import['kind']) => (name: string) => ({ target: targetOf(name, file), kind });
  return [...eager.map(entry('eager')), ...lazy.map(entry('lazy')), ...types.map(entry('type'))];
}

function found(text: string, pattern: RegExp): string[] {
  return [...text.matchAll(pattern)].map((match) => match[1]!);
}

function targetOf(name: string, file: string): string {
  if (name.startsWith('.')) return normalize(join(dirname(file), name));
  if (name.startsWith('node:')) return name;
  return name
    .split('/')
    .slice(0, name.startsWith('@') ? 2 : 1)
    .join('/');
}

/** Every source file → its imports. */
export function projectImports(): ReadonlyMap<string, readonly Import[]> {
  const files = ['agent', 'commands', 'src'].flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.ts'))
      .map((file) => join(folder, file)),
  );
  return new Map(files.map((file) => [file, importsIn(readFileSync(join(ROOT, file), 'utf8'), file)]));
}
