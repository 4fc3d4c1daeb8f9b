// `npm run soak -- <name>`: a long trial against the built product, by hand. Each other file here is one.
import { readdirSync } from 'node:fs';
import { basename } from 'node:path';

const [name] = process.argv.slice(2);
const names = readdirSync(import.meta.dirname)
  .filter((file) => file.endsWith('.ts'))
  .map((file) => basename(file, '.ts'))
  .filter((each) => each !== 'soak')
  .sort();

if (name !== undefined && names.includes(name)) {
  // The trial begins when its file is imported; process.argv is its own from the fourth on.
  await import(`./${name}.ts`);
} else {
  console.error(`usage: npm run soak -- <trial> […]\ntrials: ${names.join(', ')}`);
  process.exitCode = 2;
}
