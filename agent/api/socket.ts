// The agent's Unix socket: bound with mode 0600 in the private folder, taken over from a killed agent, removed at the
// end only if it is still ours. The caller holds the lock, so a socket that nobody answers on is nobody's.
import { once } from 'node:events';
import { chmodSync, lstatSync, renameSync, type Stats, unlinkSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { dirname, join } from 'node:path';
import { ProxyError } from '../../src/errors.ts';
import { checkSocketPath } from '../../src/rpc/client.ts';

/** Not longer than the name of the socket, whose path has a limit. */
const HIDDEN = '.sock.new';

export interface ListeningSocket {
  /** Stops accepting and removes the file; connections are the caller's. Resolves when they are gone. */
  close(): Promise<void>;
}

/**
 * @param onConnection gets each connection; half-open, so that an answer can follow the client's end
 * @throws ProxyError invalid (path too long), conflict (something else listens there), unavailable
 */
export async function listenOnSocket(path: string, onConnection: (socket: Socket) => void): Promise<ListeningSocket> {
  checkSocketPath(path);
  await removeStale(path);
  const server = createServer({ allowHalfOpen: true }, onConnection);
  const own = await bind(server, path);
  return {
    close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      const left = statsOf(path);
      if (left !== undefined && left.ino === own.ino && left.dev === own.dev) unlinkSync(path);
      return closed;
    },
  };
}

/**
 * Bound under another name first: the socket then appears with its mode, and Node, which unlinks the name it bound
 * whatever is there by then, does not touch the path at the end.
 */
async function bind(server: Server, path: string): Promise<Stats> {
  const hidden = join(dirname(path), HIDDEN);
  try {
    if (statsOf(hidden) !== undefined) unlinkSync(hidden);
    await once(server.listen(hidden), 'listening');
    chmodSync(hidden, 0o600);
    renameSync(hidden, path);
    return lstatSync(path);
  } catch (error) {
    server.close();
    const reason = error instanceof Error ? error.message : String(error);
    throw new ProxyError('unavailable', `the socket ${path} cannot be opened: ${reason}`, undefined, { cause: error });
  }
}

async function removeStale(path: string): Promise<void> {
  const stats = statsOf(path);
  if (stats === undefined) return;
  if (!stats.isSocket()) throw new ProxyError('conflict', `${path} is in the way and is no socket; move it away`);
  if (await answers(path)) {
    throw new ProxyError(
      'conflict',
      `another program listens on ${path}; end it, or set PRPROXY_HOME to another folder`,
    );
  }
  unlinkSync(path);
}

function statsOf(path: string): Stats | undefined {
  return lstatSync(path, { throwIfNoEntry: false });
}

function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = connect(path);
    const end = (answer: boolean) => {
      probe.destroy();
      resolve(answer);
    };
    probe.once('connect', () => end(true));
    probe.once('error', () => end(false));
  });
}
