// All workloads, in the order in which they run.
import type { Workload } from './workload.ts';
import { agentInquiry } from './workloads/agent.ts';
import { editInquiry } from './workloads/edit.ts';
import { httpWorkloads } from './workloads/http.ts';
import { matchingWorkloads } from './workloads/matching.ts';
import { tcpWorkloads } from './workloads/tcp.ts';
import { vmWorkload } from './workloads/vm.ts';
import { webSocketWorkload } from './workloads/web-socket.ts';

export const WORKLOADS: readonly Workload[] = [
  ...httpWorkloads,
  vmWorkload,
  webSocketWorkload,
  ...tcpWorkloads,
  ...matchingWorkloads,
  editInquiry,
  agentInquiry,
];
