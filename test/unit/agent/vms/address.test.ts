import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Networks } from '../../../../agent/networks.ts';
import { type AddressRules, chooseAddress, isRoutable, readAddress } from '../../../../agent/vms/address.ts';

function rules(vmNetworks: string[] = [], own: string[] = []): AddressRules {
  return { vmNetworks: new Networks(vmNetworks), own: new Set(own), shared: new Networks(['10.211.55.0/24']) };
}

describe('reading an address', () => {
  it.each([
    ['10.211.55.3', '10.211.55.3'],
    ['FE80::1%en0', 'fe80::1'],
    ['FDB2:2C26:F4E4:0:0:0:0:1', 'fdb2:2c26:f4e4::1'],
    ['::ffff:10.0.0.1', '10.0.0.1'],
    ['::FFFF:0a00:0001', '10.0.0.1'],
  ])('%s is %s', (text, ip) => {
    expect(readAddress(text)).toBe(ip);
  });

  it.each(['-', '', '0.0.0.0', '::', '10.0.0', '10.0.0.256', 'host', '010.0.0.1'])('"%s" is none', (text) => {
    expect(readAddress(text)).toBeUndefined();
  });

  it('never throws and gives back what it has given', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.ipV4(), fc.ipV6()), (text) => {
        const ip = readAddress(text);
        return ip === undefined || readAddress(ip) === ip;
      }),
    );
  });
});

describe('what may be dialled', () => {
  it.each(['10.211.55.3', '192.168.1.2', '172.17.0.1', '100.64.0.1', '2001:db8::1'])('%s', (ip) => {
    expect(isRoutable(ip, rules())).toBe(true);
  });

  it.each([
    '127.0.0.1',
    '127.255.255.254',
    '169.254.0.1',
    '169.254.255.255',
    '0.1.2.3',
    '224.0.0.1',
    '239.255.255.255',
    '255.255.255.255',
    '::1',
    'fe80::1',
    'febf::1',
    'ff02::1',
    'fdb2::1',
    '::7f00:1',
    '64:ff9b::7f00:1',
  ])('not %s', (ip) => {
    expect(isRoutable(ip, rules())).toBe(false);
    expect(isRoutable(ip, rules([`${ip}/${ip.includes(':') ? 128 : 32}`]))).toBe(true);
  });

  it('not an address of this machine, unless its network is listed', () => {
    expect(isRoutable('10.211.55.2', rules([], ['10.211.55.2']))).toBe(false);
    expect(isRoutable('10.211.55.2', rules(['10.211.55.0/24'], ['10.211.55.2']))).toBe(true);
  });
});

describe('choosing the address', () => {
  it('takes IPv4 before global IPv6, whatever the order', () => {
    expect(chooseAddress(['fe80::1', '2001:db8::1', '10.0.0.1'], undefined, rules())).toBe('10.0.0.1');
    expect(chooseAddress(['2001:db8::1', 'fe80::1'], undefined, rules())).toBe('2001:db8::1');
  });

  it('finds none among the addresses of a boot', () => {
    const boot = ['169.254.121.17', 'fdb2:2c26:f4e4::1', 'fe80::1'];
    expect(chooseAddress(boot, undefined, rules())).toBeUndefined();
    expect(chooseAddress([], undefined, rules())).toBeUndefined();
  });

  it('stays with the address in use when another one comes up, and leaves it when it is gone', () => {
    expect(chooseAddress(['172.17.0.1', '10.0.0.1'], '10.0.0.1', rules())).toBe('10.0.0.1');
    expect(chooseAddress(['10.0.0.7'], '10.0.0.1', rules())).toBe('10.0.0.7');
  });

  it('takes the shared network before others, also when another is in use, but no IPv6 address for it', () => {
    expect(chooseAddress(['192.168.1.7', '10.211.55.7'], undefined, rules())).toBe('10.211.55.7');
    expect(chooseAddress(['192.168.1.7', '10.211.55.7'], '192.168.1.7', rules())).toBe('10.211.55.7');
    expect(chooseAddress(['10.211.55.8', '10.211.55.7'], '10.211.55.7', rules())).toBe('10.211.55.7');
    const shared = { ...rules(), shared: new Networks(['2001:db8::/64']) };
    expect(chooseAddress(['2001:db8::1', '192.168.1.7'], undefined, shared)).toBe('192.168.1.7');
  });

  it('leaves IPv6 when an IPv4 address comes', () => {
    expect(chooseAddress(['2001:db8::1', '10.0.0.1'], '2001:db8::1', rules())).toBe('10.0.0.1');
  });
});
