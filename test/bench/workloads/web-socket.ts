// Messages of WebSockets, there and back.
import { EchoingWebSocket } from '../../support/long-lived.ts';
import { runGenerator } from '../load/told.ts';
import { type Subject, subjectOr } from '../measure.ts';
import type { Stage } from '../stage.ts';
import type { Comparison } from '../workload.ts';
import { HTTP_PEERS } from './http.ts';

export const webSocketWorkload: Comparison = {
  kind: 'comparison',
  name: 'websocket',
  title: 'WebSocket: 120 bytes there and back, 50 connections',
  unit: 'message',
  base: 'nginx',
  contenders: ['prproxy', ...HTTP_PEERS],
  quickly: ['prproxy', 'nginx'],
  cast: async (stage, names) => ({
    subjects: await Promise.all(names.map((name) => subjectOr(name, () => subjectOf(stage, name)))),
  }),
};

async function subjectOf(stage: Stage, name: string): Promise<Subject> {
  const { roots, layout } = await stage.running(name);
  const { host, port } = layout.webSocket;
  return {
    name,
    roots,
    warms: stage.contenders.get(name)!.warms,
    async prove() {
      const socket = await EchoingWebSocket.open({ port, host });
      await socket.proveAlive().finally(() => socket.close());
    },
    load: (seconds) => runGenerator('web-socket.ts', [port, host], seconds),
  };
}
