// Where every VM is, as of the last good reading. Invariant: a look-up is one Map access and never waits; only a good
// reading changes what is known of a VM, a failing prlctl never does. prlctl is not called from here.
import { networkInterfaces } from 'node:os';
import type { Networks } from '../networks.ts';
import type { Absence, Address, Cancel, Resolution, Targets, VmKey, VmTarget } from '../targets.ts';
import { rulesFrom } from './address.ts';
import { Claims } from './claims.ts';
import type { VmRecord } from './directory.ts';
import { Entry, RETRY_COMING_S, RETRY_DOWN_S, recordFrom } from './entry.ts';
import { findRecord } from './find.ts';
import type { ProviderError, VmReading } from './provider.ts';
import { Waiters } from './waiters.ts';

/** A service may need this long to open its port after its VM has come up or has moved. */
export const SETTLE_MS = 30_000;
/** A VM's failures ask for a fresh look at most this often. */
export const LOOK_INTERVAL_MS = 1_000;

/** What a reading changed; undefined: the VM was not known before, is not known any more. */
export interface VmChange {
  readonly before: VmRecord | undefined;
  readonly after: VmRecord | undefined;
}

export interface VmTableOptions {
  readonly vmNetworks: Networks;
  /** A VM does not serve from this address any more. */
  readonly onAddressGone: (vm: VmKey, ip: string) => void;
  /** State, address or name of a VM changed. */
  readonly onChange: (change: VmChange) => void;
  /** Traffic has a doubt: read again. */
  readonly onLook: () => void;
  /** This machine's own; asked at each reading, for networks come and go. */
  readonly interfaces?: typeof networkInterfaces;
  readonly settleMs?: number;
  readonly lookIntervalMs?: number;
}

/** Of `Targets` the part for VMs; agent.ts hands it no other kind. */
export class VmTable implements Targets {
  readonly #options: VmTableOptions;
  readonly #settleMs: number;
  readonly #lookIntervalMs: number;
  #vmNetworks: Networks;
  #entries: ReadonlyMap<VmKey, Entry> = new Map();
  /** When the last good reading began: for people, and of `performance.now()`. */
  #seenAt: Date | undefined;
  #beganAt = -Infinity;
  /** What prlctl said instead of its first good reading. */
  #error: ProviderError | undefined;
  readonly #waiters = new Waiters((target) => this.resolve(target));
  readonly #open = new Map<VmKey, number>();
  readonly #lookedAt = new Map<VmKey, number>();

  constructor(options: VmTableOptions) {
    this.#options = options;
    this.#vmNetworks = options.vmNetworks;
    this.#settleMs = options.settleMs ?? SETTLE_MS;
    this.#lookIntervalMs = options.lookIntervalMs ?? LOOK_INTERVAL_MS;
  }

  resolve(target: VmTarget): Resolution {
    const entry = this.#entries.get(target.vm);
    return entry === undefined ? this.#unknown(target.vm) : entry.resolve(target.port);
  }

  wait(target: VmTarget, deadlineMs: number, callback: (resolution: Resolution) => void): Cancel {
    return this.#waiters.add(target, deadlineMs, callback);
  }

  failed(target: VmTarget, _address: Address, _reason: string): void {
    const now = performance.now();
    const last = this.#lookedAt.get(target.vm);
    if (last !== undefined && now - last < this.#lookIntervalMs) return;
    this.#lookedAt.set(target.vm, now);
    this.#options.onLook();
  }

  settling(target: VmTarget): boolean {
    const entry = this.#entries.get(target.vm);
    return entry !== undefined && performance.now() < entry.settlingUntil;
  }

  confirmed(_target: VmTarget, since: number): boolean {
    return this.#beganAt > since;
  }

  opened(target: VmTarget): void {
    this.#open.set(target.vm, this.connections(target.vm) + 1);
  }

  closed(target: VmTarget): void {
    const left = this.connections(target.vm) - 1;
    if (left > 0) this.#open.set(target.vm, left);
    else this.#open.delete(target.vm);
  }

  /** Upstream connections that are open to the VM, of all routes. */
  connections(vm: VmKey): number {
    return this.#open.get(vm) ?? 0;
  }

  /** By name. Empty before the first good reading. */
  list(): readonly VmRecord[] {
    return [...this.#entries.values()]
      .map((entry) => entry.record)
      .sort((a, b) => a.name.localeCompare(b.name) || a.id.localeCompare(b.id));
  }

  /** See VmDirectory. */
  find(ref: string): VmRecord | undefined {
    return findRecord(this.list(), ref);
  }

  /** True while a change of the VM is awaited: it may get its address at any moment. */
  isComing(vm: VmKey): boolean {
    const entry = this.#entries.get(vm);
    if (entry === undefined) return this.#seenAt === undefined;
    const resolution = entry.resolve(0);
    return 'state' in resolution && resolution.state === 'coming';
  }

  /**
   * Takes a good reading.
   * @param seenAt when it began
   * @param beganAt the same of `performance.now()`
   * @returns what it changed
   */
  replace(readings: readonly VmReading[], seenAt: Date, beganAt: number): readonly VmChange[] {
    const first = this.#seenAt === undefined;
    this.#seenAt = seenAt;
    this.#beganAt = beganAt;
    this.#error = undefined;
    const changes = this.#rebuild(readings, first);
    for (const vm of this.#lookedAt.keys()) if (!this.#entries.has(vm)) this.#lookedAt.delete(vm);
    return changes;
  }

  /** Notes a reading that failed. It matters for VMs only until the first good one. */
  fail(error: ProviderError): void {
    if (this.#seenAt !== undefined) return;
    this.#error = error;
    this.#waiters.wake();
  }

  /** The networks whose addresses are dialled whatever they are; what is known is judged anew. */
  setVmNetworks(networks: Networks): void {
    this.#vmNetworks = networks;
    this.#rebuild(
      [...this.#entries.values()].map((entry) => entry.reading),
      false,
    );
  }

  /** Drops all waiters without a word; for the end. */
  close(): void {
    this.#waiters.clear();
  }

  #rebuild(readings: readonly VmReading[], first: boolean): VmChange[] {
    const before = this.#entries;
    const rules = rulesFrom(this.#vmNetworks, (this.#options.interfaces ?? networkInterfaces)());
    const claims = new Claims(readings, rules);
    const settlingUntil = performance.now() + this.#settleMs;
    const entries = new Map<VmKey, Entry>();
    for (const reading of readings) {
      const old = before.get(reading.key);
      const record = recordFrom(reading, old?.record, rules, claims, this.#seenAt!);
      // What the first reading finds has been there before, for all that is known.
      const isNew = !first && record.address !== undefined && hasMoved(old?.record, record);
      const until = isNew ? settlingUntil : (old?.settlingUntil ?? 0);
      entries.set(reading.key, new Entry(reading, record, until, claims));
    }
    this.#entries = entries;
    this.#waiters.wake();
    return this.#report(before, entries);
  }

  #report(before: ReadonlyMap<VmKey, Entry>, after: ReadonlyMap<VmKey, Entry>): VmChange[] {
    const changes: VmChange[] = [];
    for (const vm of new Set([...before.keys(), ...after.keys()])) {
      const old = before.get(vm)?.record;
      const now = after.get(vm)?.record;
      if (old?.address !== undefined && old.address !== now?.address) this.#options.onAddressGone(vm, old.address);
      if (old?.state !== now?.state || old?.address !== now?.address || old?.name !== now?.name) {
        changes.push({ before: old, after: now });
      }
    }
    for (const change of changes) this.#options.onChange(change);
    return changes;
  }

  #unknown(vm: VmKey): Absence {
    const name = `VM ${vm.slice(vm.indexOf(':') + 1)}`;
    if (this.#seenAt !== undefined) {
      return { state: 'down', reason: `${name} is not known to Parallels Desktop`, retryAfterS: RETRY_DOWN_S };
    }
    if (this.#error === undefined) {
      return {
        state: 'coming',
        reason: `${name}: waiting for the first answer of prlctl`,
        retryAfterS: RETRY_COMING_S,
      };
    }
    const reason = `${name}: ${this.#error.reason}`;
    // Without prlctl there is nothing to wait for; any other failure may pass.
    if (this.#error.kind === 'missing') return { state: 'down', reason, retryAfterS: RETRY_DOWN_S };
    return { state: 'coming', reason, retryAfterS: RETRY_COMING_S };
  }
}

/** It has come up, or its address is another one. */
function hasMoved(before: VmRecord | undefined, after: VmRecord): boolean {
  return before?.address !== after.address;
}
