#!/usr/bin/env node
// Entry of the CLI, from dist. Only what every Node can parse may be imported before the version is checked.
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { enableCompileCache } from './compile-cache.js';

const NEEDED = [22, 13];
/** Commands of plugins, and help, which lists them; all others do without loading the plugins. */
const NEED_PLUGINS = /^(-|help$|autocomplete$)/;

function isOldNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  return major < NEEDED[0] || (major === NEEDED[0] && minor < NEEDED[1]);
}

async function start() {
  if (isOldNode()) {
    console.error(`prproxy needs Node ${NEEDED.join('.')} or newer; this is Node ${process.versions.node}`);
    process.exit(1);
  }
  const dist = new URL('../dist/', import.meta.url);
  if (!existsSync(dist)) {
    console.error('prproxy is not built yet: run `npm run build`');
    process.exit(1);
  }
  // `prproxy … | head -1`: the reader has what it wants. oclif would hang.
  process.stdout.on('error', (error) => {
    if (error.code === 'EPIPE') process.exit(process.exitCode ?? 0);
    throw error;
  });
  const { pathsFromEnv } = await import(new URL('src/paths.js', dist).href);
  enableCompileCache(pathsFromEnv().home);
  // In 'development' or 'test' oclif warns on stderr about things that concern its own users, not ours.
  delete process.env.NODE_ENV;
  const { run } = await import('@oclif/core/run');
  const { settings } = await import('@oclif/core/settings');
  settings.enableAutoTranspile = false;

  const pjson = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
  const argv = process.argv.slice(2);
  if (argv.length > 0 && !NEED_PLUGINS.test(argv[0])) pjson.oclif.plugins = [];
  const root = fileURLToPath(new URL('..', import.meta.url));
  try {
    await run(argv, { root, pjson, userPlugins: false, devPlugins: false });
  } catch (error) {
    if (error.code === 'EEXIT') process.exitCode = error.oclif.exit;
    else await (await import('@oclif/core/handle')).handle(error);
  }
}

await start();
