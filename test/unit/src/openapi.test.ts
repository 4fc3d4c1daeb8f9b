import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { type MethodName, methods } from '../../../src/contract.ts';
import { openapi } from '../../../src/openapi.ts';
import { restRoutes } from '../../../src/rest.ts';

const root = new URL('../../../', import.meta.url);
const { version } = JSON.parse(readFileSync(new URL('package.json', root), 'utf8')) as { version: string };

interface Operation {
  operationId: string;
  parameters?: { name: string; in: string; required: boolean }[];
  requestBody?: { required: boolean; content: { 'application/json': { schema: Record<string, unknown> } } };
  responses: Record<string, { $ref?: string; content?: object }>;
}

interface Document {
  openapi: string;
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, unknown>; responses: Record<string, unknown> };
}

const document = JSON.parse(JSON.stringify(openapi(version))) as Document;
const operations = Object.entries(document.paths).flatMap(([path, verbs]) =>
  Object.entries(verbs).map(([verb, operation]) => ({ path, verb, operation })),
);
const of = (id: string) => operations.find(({ operation }) => operation.operationId === id)!.operation;

/** Every value of every `$ref`. */
function refs(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => (key === '$ref' ? [String(inner)] : refs(inner)));
}

test('the committed document is that of the table; if not, run `npm run openapi`', () => {
  expect(JSON.parse(readFileSync(new URL('docs/openapi.json', root), 'utf8'))).toEqual(document);
});

describe('the document', () => {
  test('has every row once under its name, and aliases under names of their own', () => {
    const ids = operations.map(({ operation }) => operation.operationId);
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids.filter((id) => !id.endsWith('.alias')).sort()).toEqual(Object.keys(methods).sort());
    expect(operations).toHaveLength(restRoutes().length);
  });

  test('declares every parameter of a path', () => {
    for (const { path, operation } of operations) {
      const names = [...path.matchAll(/\{(\w+)\}/g)].map((match) => match[1]);
      expect((operation.parameters ?? []).map((parameter) => parameter.name)).toEqual(names);
      for (const parameter of operation.parameters ?? [])
        expect(parameter).toMatchObject({ in: 'path', required: true });
    }
  });

  test('answers with the success of the row and with errors', () => {
    for (const { operation } of operations) {
      const row = methods[operation.operationId.replace('.alias', '') as MethodName];
      expect(Object.keys(operation.responses)).toContain(String(row.status));
      for (const status of ['401', '403', '421', '500']) expect(operation.responses[status]).toHaveProperty('$ref');
    }
    expect(of('host.remove').responses['202']).not.toHaveProperty('content');
    expect(of('host.show').responses).toHaveProperty('404');
  });

  test('refers only to what is there', () => {
    for (const ref of refs(document)) {
      const [, components, kind, name] = ref.split('/') as [string, 'components', 'schemas' | 'responses', string];
      expect(document[components][kind], ref).toHaveProperty([name]);
    }
  });

  test('has bodies without the parameters of the path, under their names in REST', () => {
    const move = of('route.http.move').requestBody?.content['application/json'].schema;
    expect(move).toMatchObject({ required: ['id', 'order'], additionalProperties: false });
    expect(Object.keys(move?.properties as object)).toEqual(['id', 'order']);
    expect(of('route.http.add').requestBody?.required).toBe(true);
    expect(of('host.add').requestBody?.required).toBe(false);
    expect(of('enable')).not.toHaveProperty('requestBody');
    expect(of('host.remove')).not.toHaveProperty('requestBody');
  });

  test('takes ports as texts and numbers, and gives texts', () => {
    const { HostDraft, HostView } = document.components.schemas as Record<string, { properties: { port: object } }>;
    expect(HostDraft?.properties.port).toMatchObject({ type: ['string', 'number'] });
    expect(HostView?.properties.port).toMatchObject({ type: 'string' });
  });

  test('mentions the key of a certificate as input only', () => {
    expect(JSON.stringify(document.components.schemas.TlsInput)).toContain('"key"');
    expect(JSON.stringify(document.components.schemas.HostView)).not.toContain('"key"');
  });
});
