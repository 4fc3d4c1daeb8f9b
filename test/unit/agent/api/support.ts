// The whole control side behind the two servers, over a real store in a temporary folder; only the machinery that
// listens for proxy traffic is a fake.
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createDispatch, type Dispatch } from '../../../../agent/api/dispatch.ts';
import { createHandlers } from '../../../../agent/api/handlers.ts';
import { Compiler } from '../../../../agent/control/compile.ts';
import { Controller } from '../../../../agent/control/controller.ts';
import { Store } from '../../../../agent/control/store.ts';
import { TrafficCounters } from '../../../../agent/proxy/traffic.ts';
import type { Handlers } from '../../../../src/contract.ts';
import { FakeLog, FakeRuntime, FakeVms, UBUNTU, vm } from '../control/fakes.ts';

export interface Bench {
  readonly home: string;
  readonly controller: Controller;
  readonly runtime: FakeRuntime;
  readonly vms: FakeVms;
  readonly log: FakeLog;
  readonly handlers: Handlers;
  readonly dispatch: Dispatch;
  close(): void;
}

export async function bench(): Promise<Bench> {
  const home = mkdtempSync(join(tmpdir(), 'prproxy-api-'));
  const store = new Store(join(home, 'config.json'));
  const runtime = new FakeRuntime();
  const vms = new FakeVms([vm(UBUNTU, 'Ubuntu')]);
  const log = new FakeLog();
  const traffic = new TrafficCounters();
  const compiler = new Compiler((id) => traffic.of(id));
  const rest = { prepare: async () => ({ commit() {}, rollback: async () => {} }) };
  const controller = new Controller({
    store,
    compile: (config) => compiler.compile(config),
    runtime,
    rest,
    vms,
    log,
    onCommitted() {},
  });
  await controller.boot();
  const agent = () => ({
    pid: 1,
    version: '0.1.0',
    started_at: '2026-01-31T12:00:00.000Z',
    rest: { address: 'http://127.0.0.1:5081', state: 'listening' as const },
  });
  const targets = { resolve: () => ({ state: 'down' as const, reason: 'nothing runs', retryAfterS: 1 }) };
  const handlers = createHandlers({ controller, store, runtime, vms, targets, traffic, agent });
  const dispatch = createDispatch(handlers, log);
  return {
    home,
    controller,
    runtime,
    vms,
    log,
    handlers,
    dispatch,
    close: () => rmSync(home, { recursive: true, force: true }),
  };
}

/** A port that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}
