// The VMs as the rest of the agent sees them: the table that answers, the watcher that keeps it fresh, and the provider
// below both. Holds no knowledge of its own.
import type { VmsStatus } from '../../src/model/status.ts';
import type { Networks } from '../networks.ts';
import type { Address, Cancel, Resolution, Targets, VmKey, VmTarget } from '../targets.ts';
import type { VmDirectory, VmRecord } from './directory.ts';
import type { VmProvider } from './provider.ts';
import { type VmChange, VmTable } from './table.ts';
import type { VmsLog, WatcherTimes } from './times.ts';
import { Watcher } from './watcher.ts';

export interface VmsOptions {
  readonly provider: VmProvider;
  readonly vmNetworks: Networks;
  readonly log: VmsLog;
  /** A VM does not serve from this address any more: idle connections to it are of no use. */
  readonly onAddressGone: (vm: VmKey, ip: string) => void;
  readonly times?: Partial<WatcherTimes>;
}

/** Of `Targets` the part for VMs; agent.ts hands it no other kind. */
export class Vms implements Targets, VmDirectory {
  readonly #table: VmTable;
  readonly #watcher: Watcher;
  readonly #log: VmsLog;

  constructor(options: VmsOptions) {
    const { provider, vmNetworks, log, onAddressGone, times } = options;
    this.#log = log;
    this.#table = new VmTable({
      vmNetworks,
      onAddressGone,
      onChange: (change) => this.#tell(change),
      onLook: () => this.#watcher.look(),
    });
    this.#watcher = new Watcher({ provider, table: this.#table, log, ...(times === undefined ? {} : { times }) });
  }

  /** Begins watching; the first reading begins at once. */
  start(): void {
    this.#watcher.start();
  }

  /** No process, timer or waiter is left when it resolves. */
  async stop(): Promise<void> {
    this.#table.close();
    await this.#watcher.stop();
  }

  /** The VMs that routes name; nothing is watched for others. */
  setNeeded(vms: ReadonlySet<VmKey>): void {
    this.#watcher.setNeeded(vms);
  }

  setVmNetworks(networks: Networks): void {
    this.#table.setVmNetworks(networks);
  }

  resolve(target: VmTarget): Resolution {
    return this.#table.resolve(target);
  }

  wait(target: VmTarget, deadlineMs: number, callback: (resolution: Resolution) => void): Cancel {
    return this.#table.wait(target, deadlineMs, callback);
  }

  failed(target: VmTarget, address: Address, reason: string): void {
    this.#table.failed(target, address, reason);
  }

  settling(target: VmTarget): boolean {
    return this.#table.settling(target);
  }

  confirmed(target: VmTarget, since: number): boolean {
    return this.#table.confirmed(target, since);
  }

  opened(target: VmTarget): void {
    this.#table.opened(target);
  }

  closed(target: VmTarget): void {
    this.#table.closed(target);
  }

  list(): readonly VmRecord[] {
    return this.#table.list();
  }

  find(ref: string): VmRecord | undefined {
    return this.#table.find(ref);
  }

  status(): VmsStatus {
    return this.#watcher.status();
  }

  refresh(): Promise<boolean> {
    return this.#watcher.refresh();
  }

  #tell({ before, after }: VmChange): void {
    const { id, name } = (after ?? before)!;
    const fields = { vm: id, name, from: before?.state, to: after?.state, address: after?.address };
    this.#log.info(fields, after === undefined ? `VM ${name} is gone` : `VM ${name} is ${after.state}`);
  }
}
