// All workloads, in the order in which they run.
import type { Workload } from './workload.ts';
import { httpWorkloads } from './workloads/http.ts';

export const WORKLOADS: readonly Workload[] = [...httpWorkloads];
