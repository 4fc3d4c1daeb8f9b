// Many bytes out of one socket, as cheaply as Node can: one buffer, written again and again.
import type { Socket } from 'node:net';

const BLOCK = Buffer.alloc(256 * 1024, 'prproxy');

/** Ends its side behind the last byte. Resolves when the last byte is the kernel's; never when the socket breaks. */
export function rush(socket: Socket, total: number): Promise<void> {
  let left = total;
  return new Promise((resolve) => {
    const more = () => {
      while (left > 0) {
        const part = left < BLOCK.length ? BLOCK.subarray(0, left) : BLOCK;
        left -= part.length;
        if (!socket.write(part)) return void socket.once('drain', more);
      }
      socket.end(resolve);
    };
    more();
  });
}
