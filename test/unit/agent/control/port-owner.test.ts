// Who listens on a port.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { expect, test } from 'vitest';
import { portOwner } from '../../../../agent/control/port-owner.ts';
import { freePort } from '../../../support/data-plane.ts';

/** On a machine with many processes all of them are looked at. */
const BUSY_LIMIT_MS = 30_000;

test.runIf(process.platform === 'linux')(
  'another agent is told as what it is, anything else by its program',
  async () => {
    const port = await freePort();
    const script = `process.title = 'prproxy-agent'; net.createServer().listen(${port}, '127.0.0.1', () => console.log('listening'))`;
    const child = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
    try {
      await once(child.stdout, 'data');
      expect(await portOwner(port)).toBe(`prproxy-agent, pid ${child.pid}`);
    } finally {
      child.kill();
    }
  },
);

test(
  'this process is found, and nobody on a port that is free',
  async () => {
    const port = await freePort();
    expect(await portOwner(port)).toBeUndefined();
    const server = createServer().listen(port, '127.0.0.1');
    await once(server, 'listening');
    expect(await portOwner(port)).toMatch(new RegExp(`, pid ${process.pid}$`));
    server.close();
  },
  BUSY_LIMIT_MS,
);
