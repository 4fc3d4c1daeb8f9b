#!/usr/bin/env node
// Entry of the agent: the built one, or with --sources (and where nothing is built) the TypeScript sources as they are.
import { existsSync, readFileSync } from 'node:fs';
import { enableCompileCache } from './compile-cache.js';

const built = new URL('../dist/agent/main.js', import.meta.url);
const argv = process.argv.slice(2).filter((arg) => arg !== '--sources');
const useSources = argv.length < process.argv.length - 2 || !existsSync(built);
const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
const root = useSources ? '../' : '../dist/';
const extension = useSources ? 'ts' : 'js';
const load = (path) => import(new URL(`${root}${path}.${extension}`, import.meta.url).href);
const { pathsFromEnv } = await load('src/paths');
enableCompileCache(pathsFromEnv().home);
const { main } = await load('agent/main');

await main({ argv, env: process.env, version });
