// Which program listens on a port, for an error that helps. Best effort: what this user may not see stays unknown.
import { execFile } from 'node:child_process';
import { readdir, readFile, readlink } from 'node:fs/promises';
import { basename } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const LSOF_MS = 2_000;
/** The title that an agent gives its process. */
const AGENT_TITLE = 'prproxy-agent';

/** "nginx, pid 812", or undefined. Never throws. */
export async function portOwner(port: number): Promise<string | undefined> {
  try {
    return process.platform === 'linux' ? await fromProc(port) : await fromLsof(port);
  } catch {
    return undefined;
  }
}

async function fromLsof(port: number): Promise<string | undefined> {
  const args = ['-nP', `-iTCP:${port}`, '-sTCP:LISTEN', '-Fpc'];
  const { stdout } = await run('lsof', args, { timeout: LSOF_MS });
  const pid = /^p(\d+)$/m.exec(stdout)?.[1];
  return pid === undefined ? undefined : `${/^c(.+)$/m.exec(stdout)?.[1] ?? 'a program'}, pid ${pid}`;
}

async function fromProc(port: number): Promise<string | undefined> {
  const inodes = new Set<string>();
  for (const table of ['/proc/net/tcp', '/proc/net/tcp6']) await addListeners(table, port, inodes);
  if (inodes.size === 0) return undefined;
  for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
    if (await holds(pid, inodes)) return `${await programOf(pid)}, pid ${pid}`;
  }
  return undefined;
}

/** Lines of /proc/net/tcp: number, local address:port in hex, remote, state (0A = listening), …, inode in column 10. */
async function addListeners(table: string, port: number, inodes: Set<string>): Promise<void> {
  const text = await readFile(table, 'utf8').catch(() => '');
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  for (const line of text.split('\n').slice(1)) {
    const columns = line.trim().split(/\s+/);
    if (columns[1]?.endsWith(suffix) && columns[3] === '0A') inodes.add(`socket:[${columns[9]}]`);
  }
}

async function holds(pid: string, inodes: ReadonlySet<string>): Promise<boolean> {
  const links = await readdir(`/proc/${pid}/fd`).catch(() => []);
  for (const link of links) {
    const to = await readlink(`/proc/${pid}/fd/${link}`).catch(() => '');
    if (inodes.has(to)) return true;
  }
  return false;
}

/** The executable's name, since a process may call itself anything; but ours, which runs in node, is told as what it is. */
async function programOf(pid: string): Promise<string> {
  const title = (await readFile(`/proc/${pid}/comm`, 'utf8')).trim();
  if (title === AGENT_TITLE) return title;
  return await readlink(`/proc/${pid}/exe`).then(basename, () => title);
}
