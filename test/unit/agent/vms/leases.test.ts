import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { parseLeases, readLeases } from '../../../../agent/vms/leases.ts';

const row = (ip: string, expiry: number, mac: string, duration = 1800) =>
  `${ip}="${expiry},${duration},${mac},ff000100011c1c10e7${mac}"\n`;

it('gives each MAC the address that it was given last', () => {
  const text =
    '\n[vnic0]\n' +
    row('10.211.55.126', 5_000, '001c42aaaaaa') +
    row('10.211.55.125', 4_000, '001c42aaaaaa') +
    // Given before the first one, though it lasts longer.
    row('10.211.55.127', 9_000, '001c42aaaaaa', 8_000) +
    row('10.211.55.200', 4_500, '001C42BBBBBB');
  expect([...parseLeases(text)]).toEqual([
    ['001c42aaaaaa', '10.211.55.126'],
    ['001c42bbbbbb', '10.211.55.200'],
  ]);
});

it('gives an address to nobody but the last who got it', () => {
  const text = row('10.211.55.5', 5_000, '001c42aaaaaa') + row('10.211.55.5', 6_000, '001c42bbbbbb');
  expect([...parseLeases(text)]).toEqual([['001c42bbbbbb', '10.211.55.5']]);
});

it('passes over what is no lease', () => {
  const odd = '[vnic0]\n10.211.55.1=\n=""\n10.211.55.999="1,1,001c42aaaaaa,x"\n10.211.55.2="x,1,001c42aaaaaa"\n';
  expect(parseLeases(odd).size).toBe(0);
});

it('there are none without a file', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'prproxy-leases-'));
  const path = join(folder, 'leases');
  expect((await readLeases({ PRPROXY_DHCP_LEASES: path })).size).toBe(0);
  await writeFile(path, row('10.211.55.5', 5_000, '001c42aaaaaa'));
  expect((await readLeases({ PRPROXY_DHCP_LEASES: path })).size).toBe(1);
  await rm(folder, { recursive: true });
});
