#!/usr/bin/env node
// Entry of the agent: the built one, or with --sources (and where nothing is built) the TypeScript sources as they are.
import { existsSync, readFileSync } from 'node:fs';

const built = new URL('../dist/agent/main.js', import.meta.url);
const argv = process.argv.slice(2).filter((arg) => arg !== '--sources');
const useSources = argv.length < process.argv.length - 2 || !existsSync(built);
const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
const { main } = await import(useSources ? new URL('../agent/main.ts', import.meta.url).href : built.href);

await main({ argv, env: process.env, version });
