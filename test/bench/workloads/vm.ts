// The same GET to a VM (a simulated one, whose address is 127.0.0.1) and to an address: what following a VM costs.
import { setTimeout as pause } from 'node:timers/promises';
import { freePort } from '../../support/data-plane.ts';
import { addHost, type RunningPrproxy } from '../contenders/prproxy.ts';
import { HOST } from '../layout.ts';
import type { Stage } from '../stage.ts';
import type { Cast, Comparison } from '../workload.ts';
import { httpSubject } from './http.ts';

const VM = 'Bench';
const FOUND_LIMIT_MS = 15_000;
const GET = { path: '/1k' };

export const vmWorkload: Comparison = {
  kind: 'comparison',
  name: 'vm-1k',
  title: '1 KB GET, the target is a VM',
  unit: 'request',
  base: 'prproxy',
  contenders: ['prproxy'],
  quickly: ['prproxy'],
  cast: (stage) => cast(stage),
};

async function cast(stage: Stage): Promise<Cast> {
  const running = (await stage.running('prproxy')) as RunningPrproxy;
  const { home } = running;
  const vm = home.prlctl.addVm({ name: VM, state: 'running', addresses: ['127.0.0.1'] });
  const port = await freePort();
  const route = { path: '/', target_vm_id: vm, target_port: stage.origins.ports.web };
  await addHost(home, { name: 'vm', host: HOST, port, http_routes: [route] });
  await ready(running);
  const subject = (name: string, at: number) =>
    httpSubject(stage, { name, running, host: HOST, port: at, workload: GET });
  return {
    subjects: [subject('prproxy', running.layout.plain.port), subject('prproxy to a VM', port)],
    // Without a route to a VM, prlctl is not asked: the other workloads have the machine for themselves.
    dispose: async () => {
      await home.rest('DELETE', '/v1/reverse-proxy/hosts/vm');
      home.prlctl.remove(vm);
    },
  };
}

async function ready({ home }: RunningPrproxy): Promise<void> {
  const deadline = Date.now() + FOUND_LIMIT_MS;
  for (;;) {
    const [vm] = (await home.rpc('vm.list', {})).filter(({ name }) => name === VM);
    if (vm?.address === '127.0.0.1') return;
    if (Date.now() > deadline) throw new Error('the simulated VM was not found');
    await pause(100);
  }
}
