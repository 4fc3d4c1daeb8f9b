// Writes docs/openapi.json anew from the method table: `npm run openapi`.
import { readFileSync, writeFileSync } from 'node:fs';
import { openapi } from '../../src/openapi.ts';

const root = new URL('../../', import.meta.url);
const { version } = JSON.parse(readFileSync(new URL('package.json', root), 'utf8')) as { version: string };
writeFileSync(new URL('docs/openapi.json', root), `${JSON.stringify(openapi(version), null, 2)}\n`);
