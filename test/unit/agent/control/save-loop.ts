// A process that saves again and again until it is killed: the store's kill test runs it. It prints the number of each
// save that has been acknowledged. With a size as argument it saves once, with that many routes, and prints the outcome.
import { Store } from '../../../../agent/control/store.ts';
import type { ProxyConfig } from '../../../../src/model/config.ts';

const [path = '', routes] = process.argv.slice(2);
const store = new Store(path);
const config = store.load();

function configWith(count: number, name: string): ProxyConfig {
  const http_routes = Array.from({ length: count }, (_, index) => ({
    id: `r${index}`,
    order: index + 1,
    path: `/route-${index}`,
    target_host: '10.0.0.5',
    target_port: '80',
    schema: 'http' as const,
    request_headers: {},
    response_headers: {},
  }));
  return { ...config, hosts: [{ id: 'h', name, host: 'web.local', port: '80', http_routes }] };
}

if (routes === undefined) {
  const first = Number(config.hosts[0]?.name.slice(5) ?? 0);
  for (let n = first + 1; ; n++) {
    store.save(configWith(200, `save-${n}`));
    process.stdout.write(`${n}\n`);
  }
}
try {
  store.save(configWith(Number(routes), 'big'));
  process.stdout.write('saved');
} catch (error) {
  process.stdout.write((error as Error).message);
}
