// The import rules of the architecture, executed over every source file.
import { existsSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type Import, importsIn, projectImports, ROOT } from './imports.ts';

const project = projectImports();
const files = [...project.keys()];
const importsOf = (file: string) => project.get(file) ?? [];
const isOurs = (target: string) => /^(agent|commands|src)\//.test(target);

/** What a folder may import of ours besides itself; the first entry that fits a file counts. */
const ALLOWED: readonly { readonly from: RegExp; readonly to: RegExp; readonly types?: RegExp }[] = [
  { from: /^src\/errors\.ts$/, to: /^$/ },
  { from: /^src\/model\//, to: /^src\/model\// },
  { from: /^src\/cli\//, to: /^src\/(?!openapi)/ },
  { from: /^src\/rpc\//, to: /^src\/(rpc\/|errors|paths)/, types: /^src\/(contract\.ts|model\/)/ },
  { from: /^src\//, to: /^src\/(?!cli\/|rpc\/)/ },
  { from: /^commands\//, to: /^src\/(?!openapi)/ },
  { from: /^agent\/(targets|networks|error-code)\.ts$/, to: /^agent\/(targets|networks|error-code)\.ts$/ },
  { from: /^agent\/http1\//, to: /^agent\/http1\// },
  {
    from: /^agent\/proxy\//,
    to: /^(agent\/(proxy|http1)\/|agent\/(targets|networks|error-code)\.ts$|src\/(?!cli\/|rpc\/))/,
  },
  { from: /^agent\/vms\//, to: /^(agent\/vms\/|agent\/(targets|networks|error-code)\.ts$|src\/(?!cli\/|rpc\/))/ },
  {
    from: /^agent\/control\//,
    to: /^(agent\/(control|proxy)\/|agent\/(targets|networks|error-code)\.ts$|src\/(?!cli\/|rpc\/))/,
    types: /^agent\/vms\//,
  },
  { from: /^agent\/api\//, to: /^(agent\/(api|control)\/|src\/(?!cli\/))/, types: /^agent\/(vms|proxy)\// },
  // agent.ts knows all of the agent, and is known by its entry only.
  { from: /^agent\/[a-z-]+\.ts$/, to: /^(agent\/|src\/(?!cli\/))/ },
];

/** Packages that only some files may know; `type` imports count as well. */
const SEAMS: Readonly<Record<string, RegExp>> = {
  execa: /^agent\/vms\/prlctl\.ts$/,
  conf: /^agent\/control\/store\.ts$/,
  'json-rpc-2.0': /^(agent\/api\/rpc-server|src\/rpc\/client)\.ts$/,
  chalk: /^src\/cli\/(render|base-command)\.ts$/,
  'cli-table3': /^src\/cli\/(render|base-command)\.ts$/,
  pino: /^agent\/log\.ts$/,
  hono: /^agent\/api\/rest-app\.ts$/,
  '@hono/node-server': /^agent\/api\/rest-(app|server)\.ts$/,
  re2js: /^agent\/control\/compile-route\.ts$/,
  'node:sqlite': /^agent\/lock\.ts$/,
  '@oclif/core': /^(commands|src\/cli)\//,
  zod: /^(src\/(model\/|contract\.ts$|openapi-schemas\.ts$)|agent\/(api\/known-fields|control\/problems)\.ts$)/,
};

/** Slow to load: nothing that the CLI loads may lead to them. */
const NOT_IN_CLI = new Set(['zod', 'conf', 'hono', '@hono/node-server', 'ajv', 'pino', 'execa']);

/** All that a file leads to at run time, with the way there. */
function reach(start: string, follow: (found: Import) => boolean): Map<string, string> {
  const ways = new Map<string, string>();
  const visit = (file: string, way: string) => {
    for (const found of importsOf(file)) {
      if (!follow(found) || ways.has(found.target)) continue;
      ways.set(found.target, `${way} → ${found.target}`);
      visit(found.target, `${way} → ${found.target}`);
    }
  };
  visit(start, start);
  return ways;
}

describe('the reading of imports', () => {
  const SAMPLE = `
import a from 'a';
import type { B } from './b.ts';
import { type C, c } from '../c.ts';
import {
  d,
} from "node:d";
import '@e/f/g';
export { h } from './h.ts';
const i = await import('i/deep');
type J = typeof import('./j.ts');
const text = "import('k') is text";
`;
  test('tells what runs, what is lazy and what is types', () => {
    const found = importsIn(SAMPLE, 'src/x/file.ts').map(({ target, kind }) => `${kind} ${target}`);
    expect(found.sort()).toEqual(
      [
        'eager a',
        'type src/x/b.ts',
        'eager src/c.ts',
        'eager node:d',
        'eager @e/f',
        'eager src/x/h.ts',
        'lazy i',
        'lazy k',
        'type src/x/j.ts',
      ].sort(),
    );
  });

  test('finds the files and every imported one', () => {
    expect(files).toContain('src/contract.ts');
    for (const file of files) {
      for (const { target } of importsOf(file)) {
        if (isOurs(target)) expect(existsSync(join(ROOT, target)), `${file} imports ${target}`).toBe(true);
      }
    }
  });
});

test('imports only point down', () => {
  const wrong = files.flatMap((file) => {
    const rule = ALLOWED.find(({ from }) => from.test(file));
    return importsOf(file)
      .filter(({ target }) => isOurs(target))
      .filter(({ target, kind }) => !rule?.to.test(target) && !(kind === 'type' && rule?.types?.test(target)))
      .map(({ target, kind }) => `${file} → ${target} (${kind})`);
  });
  expect(wrong).toEqual([]);
});

/** Facts that modules of Node hold besides what does I/O. */
const FACTS = /^import \{ (?:isIP|isIPv4|isIPv6|METHODS|STATUS_CODES|, )+ \} from 'node:(?:net|http)';$/;

test('http1 does no I/O: it imports itself and facts, nothing else', () => {
  const outside = files
    .filter((file) => file.startsWith('agent/http1/'))
    .flatMap((file) =>
      [...readFileSync(join(ROOT, file), 'utf8').matchAll(/^import[^;]*;$/gm)].map((found) => `${file}: ${found[0]}`),
    )
    .filter((line) => !/from '\.\/[^']*';$/.test(line) && !FACTS.test(line.replace(/^\S+ /, '')));
  expect(outside).toEqual([]);
});

test('agent.ts is imported by main.ts only', () => {
  const importers = files.filter((file) => importsOf(file).some(({ target }) => target === 'agent/agent.ts'));
  expect(importers).toEqual(['agent/main.ts']);
});

test.each(Object.entries(SEAMS))('%s is known at its seam only', (name, seam) => {
  const importers = files.filter((file) => importsOf(file).some(({ target }) => target === name));
  expect(importers.filter((file) => !seam.test(file))).toEqual([]);
});

test('what the CLI loads leads to nothing that is slow to load', () => {
  const starts = files.filter((file) => /^(commands\/|src\/cli\/|src\/rpc\/client\.ts$)/.test(file));
  const slow = starts.flatMap((start) => [
    ...[...reach(start, ({ kind }) => kind === 'eager')].filter(([target]) => NOT_IN_CLI.has(target)),
    ...[...reach(start, ({ kind }) => kind !== 'type')].filter(
      ([target]) => NOT_IN_CLI.has(target) && target !== 'execa',
    ),
  ]);
  expect(slow.map(([, way]) => way)).toEqual([]);
});

test('there are no cycles', () => {
  const cycles = files
    .map((file) => reach(file, ({ kind }) => kind !== 'type').get(file))
    .filter((way) => way !== undefined);
  expect(cycles).toEqual([]);
});

test('there are no index files and no wholesale re-exports', () => {
  const wrong = files.filter(
    (file) => basename(file) === 'index.ts' || /^\s*export \* /m.test(readFileSync(join(ROOT, file), 'utf8')),
  );
  expect(wrong).toEqual([]);
});
