import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MAX_ADDRESSES, mergeReadings, parseVmList, readVmId } from '../../../../agent/vms/prlctl-output.ts';
import { ProviderError } from '../../../../agent/vms/provider.ts';

const ID = '3f1c2b7a-0d4e-4c55-9a51-0b8f3f6f7a01';
const OTHER = '5a9d0c11-7e2b-4b0e-8f67-2c1d9e4a6b02';

const FULL = `[
	{
		"ID": "${ID}",
		"Name": "Ubuntu \\/ \\"dev\\"",
		"State": "running",
		"OS": "ubuntu",
		"Uptime": "1384",
		"Home": "\\/Users\\/somebody\\/Parallels\\/Ubuntu.pvm\\/",
		"GuestTools": {
			"state": "installed",
			"version": "26.4.0-57513"
		},
		"Network": {
			"Conditioned": "off",
			"ipAddresses": [{"type":"ipv4","ip":"10.211.55.3"},{"type":"ipv6","ip":"FE80::1%en0"}]
		}
	}
]`;

function only(text: string) {
  const readings = parseVmList(text);
  expect(readings).toHaveLength(1);
  return readings[0]!;
}

function kindOf(text: string): string {
  try {
    parseVmList(text);
  } catch (error) {
    if (error instanceof ProviderError) return error.kind;
    throw error;
  }
  return 'none';
}

describe('the list of prlctl', () => {
  it('is read in the full form', () => {
    expect(only(FULL)).toEqual({
      key: `parallels:${ID}`,
      id: ID,
      name: 'Ubuntu / "dev"',
      state: 'running',
      os: 'ubuntu',
      uptime: '1384',
      guestToolsState: 'installed',
      guestToolsVersion: '26.4.0-57513',
      addresses: ['10.211.55.3', 'fe80::1'],
      addressSource: 'prlctl',
      macs: [],
    });
  });

  it('tells the MACs of the shared network, and no others', () => {
    const net = (type: string, mac: unknown) => JSON.stringify({ enabled: true, type, mac });
    const hardware = `{"cpu":{},"net0":${net('bridged', '001C42000001')},"net1":${net('shared', '001C42AABBCC')},"net2":${net('shared', 7)},"net":1}`;
    expect(only(`[{"ID":"${ID}","Hardware":${hardware}}]`).macs).toEqual(['001c42aabbcc']);
    expect(only(`[{"ID":"${ID}","Hardware":[]}]`).macs).toEqual([]);
  });

  it('is read in the short form, with several addresses or none', () => {
    const short = (ip: string) => `[{"uuid":"${ID}","status":"running","ip_configured":"${ip}","name":"Ubuntu"}]`;
    expect(only(short('10.211.55.3 fdb2::1 fe80::1')).addresses).toEqual(['10.211.55.3', 'fdb2::1', 'fe80::1']);
    expect(only(short('-')).addresses).toEqual([]);
    expect(only(short('0.0.0.0')).addresses).toEqual([]);
    expect(only(short('-'))).toMatchObject({ name: 'Ubuntu', state: 'running', os: '', guestToolsState: '' });
  });

  it('may have braces and upper case in ids', () => {
    expect(only(`[{"ID":"{${ID.toUpperCase()}}"}]`).key).toBe(`parallels:${ID}`);
  });

  it('tells no addresses in the full form of old versions, which is not the same as none', () => {
    expect(only(`[{"ID":"${ID}","State":"running"}]`).addresses).toBeUndefined();
    expect(only(`[{"ID":"${ID}","Network":{"ipAddresses":[]}}]`).addresses).toEqual([]);
  });

  it('lacks nothing when keys are missing or of wrong types', () => {
    expect(only(`[{"ID":"${ID}"}]`)).toMatchObject({ name: ID, state: 'unknown', os: '', uptime: '' });
    const odd = `[{"ID":"${ID}","Name":{},"State":null,"OS":[],"Uptime":7,"GuestTools":"x","Network":{"ipAddresses":[1,null,{"ip":{}}]}}]`;
    expect(only(odd)).toMatchObject({ name: ID, state: 'unknown', os: '', uptime: '7', addresses: [] });
  });

  it('drops records without a usable id', () => {
    expect(only(`[{"Name":"a"},null,7,"x",[],{"ID":"no uuid"},{"ID":"${ID}"}]`).id).toBe(ID);
  });

  it('counts the first of two records with one id', () => {
    expect(only(`[{"ID":"${ID}","Name":"first"},{"uuid":"${ID.toUpperCase()}","name":"second"}]`).name).toBe('first');
  });

  it('may be a lone record, and may be empty', () => {
    expect(only(`{"ID":"${ID}"}`).id).toBe(ID);
    expect(parseVmList('[]')).toEqual([]);
    expect(parseVmList('[\n]\n')).toEqual([]);
  });

  it('may have noise before and behind', () => {
    expect(only(`Operation progress ... 5%${FULL}`).id).toBe(ID);
    expect(only(`Operation progress ... 5%{"ID":"${ID}"}`).id).toBe(ID);
    expect(only(`[warning] {x} "${FULL}\nbye`).id).toBe(ID);
    expect(parseVmList('Operation progress ... 5%[]')).toEqual([]);
  });

  it('may have raw control characters in its strings', () => {
    expect(only(`[{"ID":"${ID}","Name":"a\tb\nc"}]`).name).toBe('a b c');
  });

  it('keeps a bounded number of addresses', () => {
    const many = Array.from({ length: MAX_ADDRESSES + 1 }, (_, i) => `10.0.0.${i + 1}`);
    const read = (ips: string[]) => only(`[{"ID":"${ID}","ip_configured":"${ips.join(' ')}"}]`).addresses;
    expect(read(many.slice(0, MAX_ADDRESSES))).toEqual(many.slice(0, MAX_ADDRESSES));
    expect(read(many)).toEqual(many.slice(0, MAX_ADDRESSES));
  });

  it.each([
    ['nothing', ''],
    ['white space', ' \n'],
    ['an error', 'Failed to get VM config'],
    ['another JSON', '{"license":"valid"}'],
    ['a list of other things', '[1,2]'],
    ['a list that lost its end', FULL.slice(0, -2)],
    ['a list that ends after a record', `[{"ID":"${ID}"},{"ID":"${OTHER}"}`],
    ['a list that ends in an empty one', `[{"ID":"${ID}","x":[]`],
    ['a list that lost its beginning', FULL.slice(2)],
  ])('is not %s', (_what, text) => {
    expect(kindOf(text)).toBe('unparsable');
  });

  it('is found behind any bytes', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 100 }), (noise) => {
        expect(parseVmList(noise + FULL)[0]?.id).toBe(ID);
      }),
    );
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom('[', '{', '"', ']', '}', ',', ':', '\\', '1', ' ') }), (noise) => {
        expect(parseVmList(noise + FULL)[0]?.id).toBe(ID);
      }),
    );
  });

  it('is never torn: no part of the text but the whole reads as a shorter list', () => {
    const text = `[{"ID":"${ID}","x":[]},{"ID":"${OTHER}","y":{"z":[{}]}}]`;
    for (let end = 0; end < text.length; end++) expect(kindOf(text.slice(0, end))).toBe('unparsable');
    for (let start = 1; start < text.length; start++) expect(kindOf(text.slice(start))).toBe('unparsable');
  });

  it('never fails with anything but a ProviderError', () => {
    const record = fc.record(
      { ID: fc.constantFrom<unknown>(ID, OTHER, 7, null), Network: fc.jsonValue(), ip_configured: fc.jsonValue() },
      { requiredKeys: [] },
    );
    const texts = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.json(),
      fc.array(fc.oneof(record, fc.jsonValue())).map((list) => JSON.stringify(list)),
    );
    fc.assert(fc.property(texts, (text) => ['none', 'unparsable'].includes(kindOf(text))));
  });

  it('is refused quickly when it is nothing but openings', () => {
    const began = performance.now();
    expect(kindOf('['.repeat(1_000_000))).toBe('unparsable');
    expect(kindOf('[{'.repeat(500_000))).toBe('unparsable');
    expect(performance.now() - began).toBeLessThan(5_000);
  });
});

describe('merging the two forms', () => {
  const full = (addresses: string) => parseVmList(`[{"ID":"${ID}","OS":"ubuntu","State":"running"${addresses}}]`);
  const short = (ip: string, id = ID) => parseVmList(`[{"uuid":"${id}","name":"x","ip_configured":"${ip}"}]`);

  it('takes the addresses of both, the short form first, each once', () => {
    const network = ',"Network":{"ipAddresses":[{"ip":"10.0.0.1"},{"ip":"10.0.0.2"}]}';
    expect(mergeReadings(full(network), short('10.0.0.2 fe80::1'))[0]).toMatchObject({
      os: 'ubuntu',
      addresses: ['10.0.0.2', 'fe80::1', '10.0.0.1'],
    });
  });

  it('knows the addresses when one form tells them', () => {
    expect(mergeReadings(full(''), short('10.0.0.2'))[0]?.addresses).toEqual(['10.0.0.2']);
    expect(mergeReadings(full(''), [])[0]?.addresses).toBeUndefined();
  });

  it('keeps VMs that only one form lists', () => {
    expect(
      mergeReadings(full(''), short('-', OTHER))
        .map((vm) => vm.id)
        .sort(),
    ).toEqual([ID, OTHER]);
  });
});

describe('an id', () => {
  it('is a UUID with or without braces, in any case', () => {
    expect(readVmId(` {${ID.toUpperCase()}} `)).toBe(ID);
    expect(readVmId(`{${ID}`)).toBeUndefined();
    expect(readVmId('Ubuntu')).toBeUndefined();
  });
});
