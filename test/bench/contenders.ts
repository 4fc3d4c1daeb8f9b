// All contenders, in the order of tables and charts.
import type { Contender } from './contender.ts';
import { caddy } from './contenders/caddy.ts';
import { goCopy, goHttputil, goLoop } from './contenders/go.ts';
import { haproxy } from './contenders/haproxy.ts';
import { nginx } from './contenders/nginx.ts';
import { fastifyHttpProxy, httpProxy3 } from './contenders/node.ts';
import { prproxy } from './contenders/prproxy.ts';

export const CONTENDERS: readonly Contender[] = [
  prproxy,
  nginx,
  haproxy,
  caddy,
  goHttputil,
  httpProxy3,
  fastifyHttpProxy,
  goCopy,
  goLoop,
];
