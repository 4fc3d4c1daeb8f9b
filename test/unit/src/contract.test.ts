// Walks the method table: what every row must have, and which commands are no rows.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { createHandlers, type HandlerParts } from '../../../agent/api/handlers.ts';
import { Controller, type ControllerParts } from '../../../agent/control/controller.ts';
import { type MethodName, methods } from '../../../src/contract.ts';
import { restRoutes } from '../../../src/rest.ts';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const names = Object.keys(methods) as MethodName[];

/** They manage the agent's process, or a saved file that it cannot use. */
const NO_ROWS = ['agent.logs', 'agent.run', 'agent.start', 'agent.status', 'agent.stop', 'config.reset', 'logs'];

function commands(): string[] {
  const files = readdirSync(join(root, 'commands'), { recursive: true, encoding: 'utf8' });
  return files.filter((file) => file.endsWith('.ts')).map((file) => file.replace(/\.ts$/, '').replaceAll('/', '.'));
}

describe.each(names)('%s', (name) => {
  test('has a handler of its name', () => {
    const controller = new Controller({} as ControllerParts);
    expect(Object.keys(createHandlers({ controller } as HandlerParts))).toContain(name);
  });

  test('has a command of its name', () => {
    expect(existsSync(join(root, 'commands', `${name.replaceAll('.', '/')}.ts`))).toBe(true);
  });

  test('has a REST route under /v1 with a verb that fits its status', () => {
    const routes = restRoutes().filter((route) => route.method === name);
    expect(routes.length).toBeGreaterThan(0);
    for (const { path, verb } of routes) {
      expect(path).toMatch(/^\/v1(\/[a-z_-]+|\/\{[a-z]+_id\})+$/);
      expect(['GET', 'POST', 'PUT', 'DELETE']).toContain(verb);
    }
    if (routes[0]?.verb === 'GET') expect(methods[name].status).toBe(200);
  });

  test('has an e2e case', () => {
    const file = join(root, 'test/e2e/every-row.test.ts');
    const text = existsSync(file) ? readFileSync(file, 'utf8') : '';
    // The compiler checks that none is missing; here only that it does, and that the row is there.
    expect(/satisfies (?:Record<MethodName,|\{ readonly \[\w+ in MethodName\]:)/.test(text)).toBe(true);
    expect(new RegExp(`^ *'?${name.replaceAll('.', '\\.')}'?:`, 'm').test(text)).toBe(true);
  });
});

test('REST routes are unique, and a fixed segment comes before a parameter', () => {
  const keys = restRoutes().map(({ verb, path }) => `${verb} ${path.replaceAll(/\{\w+\}/g, '{}')}`);
  expect(new Set(keys).size).toBe(keys.length);
  const paths = restRoutes().map((route) => route.path);
  expect(paths.findIndex((path) => path.endsWith('/order'))).toBeLessThan(
    paths.findIndex((path) => path.endsWith('/{route_id}')),
  );
});

test('every other command is one that manages the process', () => {
  expect(
    commands()
      .filter((command) => !names.includes(command as MethodName))
      .sort(),
  ).toEqual(NO_ROWS);
});
