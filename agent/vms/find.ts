// How a VM is named in a command: by id, else by name. Names are not unique; a name that fits several VMs fits none.
import type { VmRecord } from './directory.ts';
import { readVmId } from './prlctl-output.ts';

/** @returns the VM of that id (braces and case do not matter); else of that name, exact first, then in any case. */
export function findRecord(records: readonly VmRecord[], ref: string): VmRecord | undefined {
  const id = readVmId(ref);
  const byId = id === undefined ? undefined : records.find((record) => record.id === id);
  if (byId !== undefined) return byId;
  const exact = records.filter((record) => record.name === ref);
  if (exact.length > 0) return only(exact);
  const folded = ref.toLowerCase();
  return only(records.filter((record) => record.name.toLowerCase() === folded));
}

function only(records: readonly VmRecord[]): VmRecord | undefined {
  return records.length === 1 ? records[0] : undefined;
}
