// Where prlctl is. A PATH given by launchd or an IDE often lacks /usr/local/bin, so the known places come first.
import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { delimiter, isAbsolute, join } from 'node:path';
import { ProviderError } from './provider.ts';

/** Names the one path to use instead of looking for prlctl. */
export const PRLCTL_VARIABLE = 'PRPROXY_PRLCTL';

export const KNOWN_PLACES: readonly string[] = [
  '/usr/local/bin/prlctl',
  '/usr/bin/prlctl',
  '/Applications/Parallels Desktop.app/Contents/MacOS/prlctl',
];

const REASON = 'prlctl was not found';

/**
 * Looks anew each time: Parallels Desktop may be installed while the agent runs.
 * @param places sought before PATH
 * @throws ProviderError `missing`, saying where it looked
 */
export async function findPrlctl(env: NodeJS.ProcessEnv, places = KNOWN_PLACES): Promise<string> {
  const given = env[PRLCTL_VARIABLE];
  if (given !== undefined && given !== '') {
    if (await isExecutable(given)) return given;
    throw new ProviderError(
      'missing',
      REASON,
      `${REASON} at ${given}, which ${PRLCTL_VARIABLE} names; correct it or unset it`,
    );
  }
  // A relative entry of PATH would mean another program in every folder.
  const folders = (env.PATH ?? '').split(delimiter).filter(isAbsolute);
  for (const path of [...places, ...folders.map((folder) => join(folder, 'prlctl'))]) {
    if (await isExecutable(path)) return path;
  }
  const sought = [...places, 'PATH'].join(', ');
  throw new ProviderError(
    'missing',
    REASON,
    `${REASON} (looked in ${sought}); install Parallels Desktop or set ${PRLCTL_VARIABLE} to the path of prlctl`,
  );
}

async function isExecutable(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
