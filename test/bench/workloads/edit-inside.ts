// One edit of a big config, in this process and without its saving: the controller, compiler and listeners as the agent
// has them.
import { Compiler } from '../../../agent/control/compile.ts';
import { Controller, type ControllerParts, type Mode } from '../../../agent/control/controller.ts';
import { addHttpRoute } from '../../../agent/control/edits.ts';
import type { Prepared } from '../../../agent/control/runtime.ts';
import type { Plan } from '../../../agent/proxy/plan.ts';
import { DEFAULT_PROXY, type ProxyConfig } from '../../../src/model/config.ts';
import type { Host } from '../../../src/model/host.ts';
import { DataPlane } from '../../support/data-plane.ts';
import { median } from '../stats.ts';

export interface InsideFigures {
  readonly editMs: number;
  readonly compileMs: number;
  readonly commitMs: number;
}

const EDITS = 30;

export async function measureInside(hosts: readonly Host[]): Promise<InsideFigures> {
  const plane = new DataPlane();
  const compiler = new Compiler((id) => plane.traffic.of(id));
  const times = { edit: [] as number[], compile: [] as number[], commit: [] as number[] };
  const clock = <T>(list: number[], job: () => T): T => {
    const from = performance.now();
    const result = job();
    list.push(performance.now() - from);
    return result;
  };
  const clocked = (prepared: Prepared): Prepared => ({
    ...prepared,
    commit: () => clock(times.commit, () => prepared.commit()),
  });
  const config = {
    installation: 'bench',
    proxy: { ...DEFAULT_PROXY, enabled: true, host: '127.0.0.1' },
    hosts: [...hosts],
  };
  const nothing: Prepared = { commit() {}, rollback: async () => {} };
  const parts = {
    store: { load: () => config, save() {}, repaired: () => undefined, status: () => ({ state: 'ok' }) },
    compile: (next: ProxyConfig) => clock(times.compile, () => compiler.compile(next)),
    runtime: { prepare: async (plan: Plan, mode: Mode) => clocked(await plane.reconciler.prepare(plan, mode)) },
    rest: { prepare: async () => nothing },
    vms: { refresh: async () => {} },
    log: { info() {}, warn() {}, error() {} },
    onCommitted() {},
  } as unknown as ControllerParts;
  const controller = new Controller(parts);
  await controller.boot();
  for (const list of Object.values(times)) list.length = 0;
  for (let n = 0; n < EDITS; n++) {
    const ref = hosts[n % hosts.length]!.name;
    const input = { path: '/', vm: undefined, target_host: '127.0.0.1', target_port: String(1 + n) };
    const blank = { schema: 'http' as const, request_headers: {}, response_headers: {} };
    await controller.change((present) => clock(times.edit, () => addHttpRoute(present, ref, { ...input, ...blank })));
  }
  await plane.close();
  return { editMs: median(times.edit), compileMs: median(times.compile), commitMs: median(times.commit) };
}
