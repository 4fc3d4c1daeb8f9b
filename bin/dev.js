#!/usr/bin/env node
// Entry of the CLI, from the TypeScript sources as they are (Node 22.18 or newer), for development: no build, no cache.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { handle } from '@oclif/core/handle';
import { run } from '@oclif/core/run';
import { settings } from '@oclif/core/settings';

settings.enableAutoTranspile = false;
settings.debug = true;

const root = fileURLToPath(new URL('..', import.meta.url));
const pjson = JSON.parse(readFileSync(`${root}/package.json`, 'utf8'), (_key, value) =>
  typeof value === 'string' && value.startsWith('./dist/')
    ? value.replace('./dist/', './').replace(/\.js$/, '.ts')
    : value,
);

try {
  await run(process.argv.slice(2), { root, pjson, userPlugins: false, devPlugins: false, ignoreManifest: true });
} catch (error) {
  if (error.code === 'EEXIT') process.exitCode = error.oclif.exit;
  else await handle(error);
}
