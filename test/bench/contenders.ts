// All contenders, in the order of tables and charts.
import type { Contender } from './contender.ts';
import { nginx } from './contenders/nginx.ts';
import { prproxy } from './contenders/prproxy.ts';

export const CONTENDERS: readonly Contender[] = [prproxy, nginx];
