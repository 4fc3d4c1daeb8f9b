// The demo's virtual machine: an entry of the simulated prlctl, and the two services that would run inside it as small
// servers of this process on a loopback address.
import { createServer as createWebServer } from 'node:http';
import { createServer, type Server, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';

export const VM_ID = '7d5a1c9e-3b2f-4c86-9a10-5e8f2b6d4c31';
export const VM_NAME = 'Ubuntu';

const CUT_AFTER_MS = 20;

/** Where the machine is at first, and where it moves to; `to` is undefined where there is no second address. */
export interface Places {
  readonly from: string;
  readonly to: string | undefined;
  readonly webPort: number;
  readonly linePort: number;
}

/** Linux has all of 127.0.0.0/8; macOS has 127.0.0.1 only, but ::1 as a second address. */
export async function choosePlaces(): Promise<Places> {
  const pairs = [
    ['127.0.0.2', '127.0.0.3'],
    ['127.0.0.1', '::1'],
  ] as const;
  for (const [from, to] of pairs) {
    if ((await bindable(from, 0)) === undefined || (await bindable(to, 0)) === undefined) continue;
    return { from, to, webPort: await commonPort([from, to], 8080), linePort: await commonPort([from, to], 7000) };
  }
  const from = '127.0.0.1';
  return { from, to: undefined, webPort: await commonPort([from], 8080), linePort: await commonPort([from], 7000) };
}

/** A port that is free on all of the addresses: the wanted one if possible. */
async function commonPort(addresses: readonly string[], wanted: number): Promise<number> {
  for (const candidate of [wanted, 0, 0, 0, 0]) {
    const port = await bindable(addresses[0]!, candidate);
    if (port === undefined) continue;
    const others = await Promise.all(addresses.slice(1).map((address) => bindable(address, port)));
    if (!others.includes(undefined)) return port;
  }
  throw new Error(`no port is free on ${addresses.join(' and ')}`);
}

/** The port, when it could be bound. */
async function bindable(address: string, port: number): Promise<number | undefined> {
  const server = createServer();
  return new Promise((resolve) => {
    server.once('error', () => resolve(undefined));
    server.listen(port, address, () => {
      const bound = server.address();
      server.close(() => resolve(bound === null || typeof bound === 'string' ? undefined : bound.port));
    });
  });
}

/** The machine's services while it is at one address. */
export class Services {
  readonly #address: string;
  readonly #sockets = new Set<Socket>();
  readonly #web = createWebServer((request, response) => {
    const client = request.headers['x-forwarded-for'] ?? 'nobody';
    response.setHeader('Content-Type', 'text/plain');
    response.end(`${request.method} ${request.url}: hello ${client}, from VM ${VM_NAME} at ${this.#address}\n`);
  });
  readonly #listeners: readonly Server[];

  private constructor(address: string) {
    this.#address = address;
    const serve = (talk: (socket: Socket) => void) =>
      createServer((socket) => {
        this.#sockets.add(socket);
        socket.on('close', () => this.#sockets.delete(socket));
        socket.on('error', () => {});
        talk(socket);
      });
    this.#listeners = [serve((socket) => this.#web.emit('connection', socket)), serve((socket) => this.#talk(socket))];
  }

  static async start(address: string, { webPort, linePort }: Places): Promise<Services> {
    const services = new Services(address);
    const [web, line] = services.#listeners;
    await listen(web!, webPort, address);
    await listen(line!, linePort, address);
    return services;
  }

  /** One line in, one line out. */
  #talk(socket: Socket): void {
    socket.write(`this is the line service at ${this.#address}\n`);
    createInterface({ input: socket }).on('line', (line) => {
      if (line === 'quit') socket.end('bye\n');
      else socket.write(`${line.toUpperCase()}\n`);
    });
  }

  /** The machine is gone from its address: first nobody listens any more, then open connections are cut. */
  async cut(): Promise<void> {
    const closed = this.#listeners.map((server) => new Promise((resolve) => server.close(resolve)));
    await sleep(CUT_AFTER_MS);
    for (const socket of this.#sockets) socket.destroy();
    await Promise.all(closed);
  }
}

function listen(server: Server, port: number, address: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, address, () => {
      server.removeListener('error', reject);
      resolve();
    });
  });
}
