// What each row of the method table does: resolve what is named, one change or one look, and the view of the result.

import type { Handlers } from '../../src/contract.ts';
import { ProxyError } from '../../src/errors.ts';
import type { ProxyConfig } from '../../src/model/config.ts';
import type { Status } from '../../src/model/status.ts';
import type { Controller } from '../control/controller.ts';
import { newId } from '../control/drafts.ts';
import {
  addHost,
  addHttpRoute,
  moveHttpRoute,
  removeHost,
  removeHttpRoute,
  removeTcpRoute,
  setEnabled,
  setProxy,
  setTcpRoute,
  updateHost,
} from '../control/edits.ts';
import { knownRoutes, refuseAmbiguous, resolveDrafts, resolveHost } from '../control/lookup.ts';
import { findHost } from '../control/refs.ts';
import type { Runtime } from '../control/runtime.ts';
import { type StatusParts, statusFrom } from '../control/status.ts';
import type { Store } from '../control/store.ts';
import { hostView, httpRouteView, type ViewParts, vmView } from '../control/view.ts';
import type { VmDirectory } from '../vms/directory.ts';

export interface HandlerParts extends Pick<StatusParts, 'targets' | 'traffic'> {
  readonly controller: Controller;
  readonly store: Store;
  readonly runtime: Runtime;
  readonly vms: VmDirectory;
  /** Who answers, and where REST listens. */
  readonly agent: () => Status['agent'];
}

export function createHandlers(parts: HandlerParts): Handlers {
  const { controller, store, runtime, vms, targets, traffic } = parts;
  const change = controller.change.bind(controller);
  const host = (ref: string) => findHost(controller.config, ref);
  const viewParts = (): ViewParts => ({ config: controller.config, plan: controller.plan, runtime, vms });
  const viewed = (config: ProxyConfig, id: string) => hostView(findHost(config, id), viewParts());
  const storeStatus = () => ({
    ...store.status(),
    ...(controller.bootError === undefined ? {} : { error: controller.bootError }),
  });

  return {
    'config.show': () => controller.config.proxy,
    'config.set': async (patch) => (await change((config) => setProxy(config, patch))).proxy,
    enable: async () => (await change((config) => setEnabled(config, true), 'lenient')).proxy,
    disable: async () => (await change((config) => setEnabled(config, false), 'lenient')).proxy,
    restart: async () => (await controller.restart()).proxy,
    status: () => statusFrom({ ...viewParts(), agent: parts.agent(), store: storeStatus(), targets, traffic }),

    'host.list': () => controller.config.hosts.map((each) => hostView(each, viewParts())),
    'host.add': async (draft) => {
      const input = await resolveHost(draft, undefined, vms);
      const id = newId();
      return viewed(await change((config) => addHost(config, input, id)), id);
    },
    'host.show': ({ host_id }) => hostView(host(host_id), viewParts()),
    'host.update': async ({ host_id, ...patch }) => {
      const current = host(host_id);
      const input = await resolveHost(patch, current, vms);
      return viewed(await change((config) => updateHost(config, current.id, input)), current.id);
    },
    'host.remove': async ({ host_id }) => {
      await change((config) => removeHost(config, host_id));
      return null;
    },

    'route.http.list': ({ host_id }) => {
      const found = host(host_id);
      return found.http_routes.map((route) => httpRouteView(route, found, viewParts()));
    },
    'route.http.add': async ({ host_id, ...draft }) => {
      const current = host(host_id);
      const [input] = await resolveDrafts([draft], knownRoutes(current), vms);
      return viewed(await change((config) => addHttpRoute(config, current.id, input!)), current.id);
    },
    'route.http.remove': async ({ host_id, route_id }) => {
      await change((config) => removeHttpRoute(config, host_id, route_id));
      return null;
    },
    'route.http.move': async ({ host_id, route_id, order }) => {
      const { id } = host(host_id);
      return viewed(await change((config) => moveHttpRoute(config, id, route_id, order)), id);
    },

    'route.tcp.set': async ({ host_id, cut, ...draft }) => {
      const current = host(host_id);
      const [input] = await resolveDrafts([draft], knownRoutes(current), vms);
      const config = await change((before) => setTcpRoute(before, current.id, input!));
      if (cut === true) controller.cutHost(current.id);
      return viewed(config, current.id);
    },
    'route.tcp.remove': async ({ host_id }) => {
      await change((config) => removeTcpRoute(config, host_id));
      return null;
    },

    'vm.list': async () => (await vmsKnown(vms)).map((vm) => vmView(vm, controller.config)),
    'vm.show': async ({ vm_id }) => vmView(await vmFound(vm_id, vms), controller.config),
  } satisfies Handlers;
}

/** While no route needs a VM nobody watches them, so look now. @throws ProxyError unavailable when nothing was ever read */
async function vmsKnown(vms: VmDirectory) {
  const { mode, last_good_at } = vms.status();
  const answered = mode === 'idle' || last_good_at === undefined ? await vms.refresh() : true;
  if (answered || vms.status().last_good_at !== undefined) return vms.list();
  throw new ProxyError('unavailable', `the VMs are not known: ${vms.status().last_error ?? 'prlctl does not answer'}`);
}

/** A VM that is not known yet may have been made a moment ago. */
async function vmFound(ref: string, vms: VmDirectory) {
  const known = vms.find(ref);
  const answered = known !== undefined || (await vms.refresh());
  refuseAmbiguous(ref, vms.list());
  const vm = known ?? vms.find(ref);
  if (vm !== undefined) return vm;
  if (answered) throw new ProxyError('not_found', `no VM ${ref}; see \`prproxy vm list\``);
  throw new ProxyError('unavailable', `VM ${ref} is not known: ${vms.status().last_error ?? 'prlctl does not answer'}`);
}
