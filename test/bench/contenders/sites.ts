// The layout as our own little programs take it: JSON, one object per site.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { httpSites, type Layout } from '../layout.ts';

/** @returns the path of the file */
export async function writeSites(layout: Layout, folder: string): Promise<string> {
  const sites = httpSites(layout).map(({ port, tls, routes }) => ({
    port: String(port),
    ...tls,
    routes: routes.map((route) => ({ ...route, port: String(route.port) })),
  }));
  const path = join(folder, 'sites.json');
  await writeFile(path, JSON.stringify(sites));
  return path;
}
