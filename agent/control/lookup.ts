// Turns the VM that a draft names into the VM's id, once, when the route is added. Edits take resolved drafts only, so
// that a name which nobody looked up cannot get into the saved file.
import { ProxyError } from '../../src/errors.ts';
import type { Host, HostDraft, HostPatch, HttpRouteDraft, TcpRouteDraft } from '../../src/model/host.ts';
import type { VmsStatus } from '../../src/model/status.ts';
import type { VmDirectory, VmRecord } from '../vms/directory.ts';

export interface VmRef {
  /** Lower case, no braces. */
  readonly id: string;
  /** Undefined when no VM of that id is known. */
  readonly name: string | undefined;
}

/** A draft whose VM has been looked up; what is output-only in a draft is gone. */
export type Resolved<D> = Omit<D, 'target_vm_id' | 'target_vm_name' | 'target_vm_details'> & {
  readonly vm: VmRef | undefined;
};
export type HttpRouteInput = Resolved<HttpRouteDraft>;
export type TcpRouteInput = Resolved<TcpRouteDraft>;

/** A host's draft or patch, resolved. */
export type ResolvedHost<D extends HostDraft | HostPatch> = Omit<D, 'http_routes' | 'tcp_route'> & {
  readonly http_routes?: readonly HttpRouteInput[] | Extract<D['http_routes'], null> | undefined;
  readonly tcp_route?: TcpRouteInput | Extract<D['tcp_route'], null> | undefined;
};

/** A route that is stored already: its VM is not looked up again. */
interface KnownRoute {
  readonly target_vm_id?: string | undefined;
  readonly target_vm_name?: string | undefined;
}

type Draft = HttpRouteDraft | TcpRouteDraft;

/** How old a reading may be for a name to be taken from it, in milliseconds. */
const FRESH_MS = 2_000;

const ID = /^\{?([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\}?$/i;

/** Lower case without braces; undefined when the reference is no id. */
export function vmIdFromRef(ref: string): string | undefined {
  return ID.exec(ref)?.[1]?.toLowerCase();
}

/**
 * Looks up the VMs of many drafts, asking prlctl at most once.
 * @throws ProxyError not_found (no such name), conflict (several VMs of that name), unavailable (a name, and prlctl
 * does not answer)
 */
export async function resolveDrafts<D extends Draft>(
  drafts: readonly D[],
  known: readonly KnownRoute[],
  vms: VmDirectory,
): Promise<Resolved<D>[]> {
  const refs = drafts.flatMap(({ target_vm_id: ref }) => ref ?? []);
  const isName = (ref: string) => vmIdFromRef(ref) === undefined;
  // A name may have gone to another VM since nobody watched; an id stays what it is.
  let answered = refs.some(isName) && !isFresh(vms.status()) ? await vms.refresh() : undefined;
  if (answered === undefined && refs.some((ref) => find(ref, known, vms) === undefined)) answered = await vms.refresh();
  return drafts.map((draft) => {
    const { target_vm_id: ref, target_vm_name: _name, target_vm_details: _details, ...rest } = draft;
    if (ref === undefined) return { ...rest, vm: undefined };
    const found = answered === false && isName(ref) ? undefined : find(ref, known, vms);
    return { ...rest, vm: found ?? unknownVm(ref, answered !== false, vms) };
  });
}

/** True when the VMs were read a moment ago. */
function isFresh({ last_good_at }: VmsStatus): boolean {
  return last_good_at !== undefined && Date.now() - Date.parse(last_good_at) < FRESH_MS;
}

/**
 * The same for the routes inside a host.
 * @param current the host as it is stored, when it is changed
 * @throws ProxyError as `resolveDrafts`
 */
export async function resolveHost<D extends HostDraft | HostPatch>(
  draft: D,
  current: Host | undefined,
  vms: VmDirectory,
): Promise<ResolvedHost<D>> {
  const known = current === undefined ? [] : knownRoutes(current);
  const { http_routes: http, tcp_route: tcp, ...rest } = draft;
  const resolvedHttp = Array.isArray(http) ? await resolveDrafts(http, known, vms) : http;
  const resolvedTcp = tcp ? (await resolveDrafts([tcp], known, vms))[0] : tcp;
  return { ...rest, http_routes: resolvedHttp, tcp_route: resolvedTcp } as ResolvedHost<D>;
}

/** The routes of a host whose VMs need no look-up. */
export function knownRoutes(host: Host): readonly KnownRoute[] {
  return host.tcp_route === undefined ? host.http_routes : [...host.http_routes, host.tcp_route];
}

function find(ref: string, known: readonly KnownRoute[], vms: VmDirectory): VmRef | undefined {
  const id = vmIdFromRef(ref);
  const stored = id === undefined ? undefined : known.find((route) => route.target_vm_id === id);
  if (id !== undefined && stored !== undefined) return { id, name: stored.target_vm_name };
  if (id === undefined) refuseAmbiguous(ref, vms.list());
  const found = vms.find(ref);
  return found === undefined ? undefined : { id: found.id, name: found.name };
}

/** @throws ProxyError conflict */
export function refuseAmbiguous(name: string, all: readonly VmRecord[]): void {
  const exact = all.filter((vm) => vm.name === name);
  const same = exact.length > 0 ? exact : all.filter((vm) => vm.name.toLowerCase() === name.toLowerCase());
  if (same.length < 2) return;
  const ids = same.map((vm) => vm.id);
  throw new ProxyError('conflict', `${same.length} VMs are named ${name}; give an id: ${ids.join(', ')}`, { ids });
}

function unknownVm(ref: string, answered: boolean, vms: VmDirectory): VmRef {
  const id = vmIdFromRef(ref);
  if (id !== undefined) return { id, name: undefined };
  if (answered) throw new ProxyError('not_found', `no VM is named ${ref}; see \`prproxy vm list\``);
  const reason = vms.status().last_error ?? 'prlctl does not answer';
  throw new ProxyError('unavailable', `VM ${ref} cannot be looked up: ${reason}; try again, or give the VM's id`);
}
