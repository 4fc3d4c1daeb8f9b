import { lookup } from 'node:dns/promises';
import { expect, test } from 'vitest';
import { DNS_FRESH_MS, DnsTargets } from '../../../../agent/proxy/dns.ts';
import { type Address, isAbsence, type Resolution, type Target } from '../../../../agent/targets.ts';
import { eventually } from '../../../support/eventually.ts';

const address = (name: string): Target => ({ kind: 'address', host: name, port: 80 });

function waited(dns: DnsTargets, target: Target): Promise<Resolution> {
  return new Promise((resolve) => dns.wait(target, 5_000, resolve));
}

test('an address is itself, of either family', () => {
  const dns = new DnsTargets();
  for (const ip of ['127.0.0.1', '::1', '2001:db8::1']) expect(dns.resolve(address(ip))).toEqual([{ ip, port: 80 }]);
});

test('a name is all that the resolver gives, in its order, for a moment; then it is looked up again', async () => {
  const dns = new DnsTargets();
  const target = address('localhost');
  expect(dns.resolve(target)).toMatchObject({ state: 'coming' });
  const found = (await lookup('localhost', { all: true, order: 'verbatim' })).map((one) => ({
    ip: one.address,
    port: 80,
  }));
  expect(await waited(dns, target)).toEqual(found);
  const began = performance.now();
  expect(dns.resolve(target)).toEqual(found);
  await eventually(() => dns.resolve(target), isAbsence);
  expect(performance.now() - began).toBeGreaterThan(DNS_FRESH_MS - 100);
  expect(await waited(dns, target)).toEqual(found);
});

test('a name whose address failed is looked up again at once, one port apart from the other', async () => {
  const dns = new DnsTargets();
  const [target, other] = [address('localhost'), { ...address('localhost'), port: 81 }];
  for (const each of [target, other]) await waited(dns, each);
  dns.failed(target);
  expect(isAbsence(dns.resolve(target))).toBe(true);
  expect(isAbsence(dns.resolve(other))).toBe(false);
});

test('a name that is none is told, and who went away is told nothing', async () => {
  const dns = new DnsTargets();
  expect(await waited(dns, address('nowhere.invalid'))).toMatchObject({
    state: 'down',
    reason: 'the name nowhere.invalid cannot be resolved',
  });
  let told = false;
  dns.wait(address('localhost'), 5_000, () => {
    told = true;
  })();
  await waited(dns, address('localhost'));
  expect(told).toBe(false);
});

test('many who wait for one name share a look-up, each with its own port', async () => {
  const dns = new DnsTargets();
  const ports = [80, 81, 82];
  const all = await Promise.all(ports.map((port) => waited(dns, { ...address('localhost'), port } as Target)));
  expect(all.map((addresses) => (addresses as readonly Address[])[0]!.port)).toEqual(ports);
});
