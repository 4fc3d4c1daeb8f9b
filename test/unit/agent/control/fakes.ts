// What the tests of control and api hand in instead of the machinery: a runtime and a VM directory held in memory.
import type { Log } from '../../../../agent/control/log.ts';
import type { Prepared, RunningHost, Runtime } from '../../../../agent/control/runtime.ts';
import type { Plan } from '../../../../agent/proxy/plan.ts';
import type { VmDirectory, VmRecord } from '../../../../agent/vms/directory.ts';
import { findRecord } from '../../../../agent/vms/find.ts';
import type { ProxyConfig } from '../../../../src/model/config.ts';
import { DEFAULT_PROXY } from '../../../../src/model/config.ts';
import type { VmsStatus } from '../../../../src/model/status.ts';

export const UBUNTU = '11111111-2222-4333-8444-555555555555';
export const OTHER = 'aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee';

export function vm(id: string, name: string, more: Partial<VmRecord> = {}): VmRecord {
  return {
    key: `parallels:${id}`,
    id,
    name,
    state: 'running',
    os: 'ubuntu',
    uptime: '17',
    guestToolsState: 'installed',
    guestToolsVersion: '26.1.0',
    addresses: ['10.211.55.5'],
    address: '10.211.55.5',
    addressSource: 'prlctl',
    seenAt: new Date('2026-01-31T12:00:00Z'),
    ...more,
  };
}

/** A directory whose next reading may bring VMs, or fail. */
export class FakeVms implements VmDirectory {
  records: VmRecord[];
  /** What the next refresh finds; undefined: prlctl does not answer. */
  next: VmRecord[] | undefined;
  refreshes = 0;
  #status: VmsStatus = { mode: 'polling', last_good_at: new Date().toISOString() };

  constructor(records: VmRecord[] = []) {
    this.records = records;
    this.next = records;
  }

  list(): readonly VmRecord[] {
    return this.records;
  }

  find(ref: string): VmRecord | undefined {
    return findRecord(this.records, ref);
  }

  status(): VmsStatus {
    return this.#status;
  }

  /** The last good reading is so old. */
  readAgo(seconds: number): void {
    this.#status = { ...this.#status, last_good_at: new Date(Date.now() - seconds * 1000).toISOString() };
  }

  async refresh(): Promise<boolean> {
    this.refreshes++;
    if (this.next === undefined) {
      this.#status = { ...this.#status, mode: 'failing', last_error: 'prlctl was not found' };
      return false;
    }
    this.records = this.next;
    return true;
  }
}

/** Keeps what was done to it in order; may be told to fail or to wait. */
export class FakeRuntime implements Runtime {
  readonly events: string[] = [];
  failPrepare: Error | undefined;
  gate: Promise<void> | undefined;
  readonly states = new Map<string, RunningHost>();

  async prepare(_plan: Plan, mode: 'strict' | 'lenient'): Promise<Prepared> {
    this.events.push(`prepare ${mode}`);
    await this.gate;
    if (this.failPrepare !== undefined) throw this.failPrepare;
    return {
      commit: () => {
        this.events.push('commit');
      },
      rollback: async () => {
        this.events.push('rollback');
      },
    };
  }

  cutAll(): void {
    this.events.push('cutAll');
  }

  cutHost(hostId: string): void {
    this.events.push(`cutHost ${hostId}`);
  }

  hostState(hostId: string): RunningHost {
    return this.states.get(hostId) ?? { state: 'off', error: undefined, warnings: [] };
  }

  async close(): Promise<void> {
    this.events.push('close');
  }
}

export class FakeLog implements Log {
  readonly lines: { level: string; fields: object; message: string }[] = [];

  info(fields: object, message: string): void {
    this.lines.push({ level: 'info', fields, message });
  }

  warn(fields: object, message: string): void {
    this.lines.push({ level: 'warn', fields, message });
  }

  error(fields: object, message: string): void {
    this.lines.push({ level: 'error', fields, message });
  }
}

export function emptyConfig(): ProxyConfig {
  return { installation: 'prproxy-test', proxy: structuredClone(DEFAULT_PROXY), hosts: [] };
}
