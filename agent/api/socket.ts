// The agent's Unix socket: bound with mode 0600 in the private folder, taken over from a killed agent, removed at the
// end only if it is still ours. The caller holds the lock, so a socket that nobody answers on is nobody's.
import { chmodSync, lstatSync, type Stats, unlinkSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { ProxyError } from '../../src/errors.ts';
import { checkSocketPath } from '../../src/rpc/client.ts';

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
      // Node has unlinked the path by now, unless something else is there: that is not ours to remove.
      const left = statsOf(path);
      if (left !== undefined && left.ino === own.ino && left.dev === own.dev) unlinkSync(path);
      return closed;
    },
  };
}

function bind(server: Server, path: string): Promise<Stats> {
  return new Promise((resolve, reject) => {
    server.once('error', (error) =>
      reject(
        new ProxyError('unavailable', `the socket ${path} cannot be opened: ${error.message}`, undefined, {
          cause: error,
        }),
      ),
    );
    server.listen(path, () => {
      chmodSync(path, 0o600);
      resolve(lstatSync(path));
    });
  });
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
