// `node gaps.ts PORT HOST,HOST PATH SECONDS`: asks over one kept connection per host, without a pause, and tells of each
// answer that took long, with the time when it was asked for; so that it is seen when nobody was served.
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

const [port, hosts = '', path, seconds] = process.argv.slice(2);
const LONG_MS = 2;

export interface Gap {
  /** Milliseconds since 1970. */
  readonly atMs: number;
  readonly ms: number;
}

/** What is told, as one line of JSON. */
export interface Gaps {
  readonly answers: number;
  readonly gaps: readonly Gap[];
  /** A connection was closed, or an answer was no success. */
  readonly failure?: string;
}

const gaps: Gap[] = [];
let answers = 0;
let failure: string | undefined;
const until = performance.now() + Number(seconds) * 1000;
await Promise.all(hosts.split(',').map((host) => watch(host)));
process.stdout.write(`${JSON.stringify({ answers, gaps, failure } satisfies Record<keyof Gaps, unknown>)}\n`);

async function watch(host: string): Promise<void> {
  const socket = connect({ port: Number(port), host: '127.0.0.1', noDelay: true });
  socket.setEncoding('latin1').on('error', () => {});
  await once(socket, 'connect');
  process.stderr.write('connected\n');
  const request = `GET ${path} HTTP/1.1\r\nHost: ${host}\r\n\r\n`;
  while (performance.now() < until && failure === undefined) {
    const askedAt = performance.now();
    socket.write(request);
    const answer = await answerOf(socket);
    const ms = performance.now() - askedAt;
    if (!answer.startsWith('HTTP/1.1 200')) failure = `${host}: ${answer === '' ? 'closed' : answer.slice(0, 30)}`;
    answers++;
    if (ms > LONG_MS) gaps.push({ atMs: performance.timeOrigin + askedAt, ms });
  }
  socket.destroy();
}

/** What there is of it when the connection is closed. */
function answerOf(socket: Socket): Promise<string> {
  return new Promise((resolve) => {
    let text = '';
    const over = () => {
      socket.removeListener('data', take).removeListener('close', over);
      resolve(text);
    };
    const take = (part: string) => {
      text += part;
      if (isWhole(text)) over();
    };
    socket.on('data', take).once('close', over);
  });
}

function isWhole(text: string): boolean {
  const end = text.indexOf('\r\n\r\n');
  if (end < 0) return false;
  const length = /\r\ncontent-length: *(\d+)/i.exec(text.slice(0, end))?.[1];
  return text.length >= end + 4 + Number(length ?? 0);
}
