// The command line's own little languages.
import { describe, expect, it } from 'vitest';
import { corsFromFlags, httpRouteFromFlags, tlsFromFlags, tlsPatchFromFlags } from '../../../../src/cli/flags.ts';
import {
  parseCount,
  parseHeaders,
  parseList,
  parseListen,
  parseNumbers,
  refuseNothing,
} from '../../../../src/cli/parse.ts';

const invalid = (path: string) =>
  expect.objectContaining({ code: 'invalid', details: { problems: [expect.objectContaining({ path })] } });

describe('parseListen', () => {
  it.each([
    [undefined, {}],
    ['proxy.local:80', { host: 'proxy.local', port: '80' }],
    ['proxy.local', { host: 'proxy.local' }],
    [':80', { port: '80' }],
    ['*.web.local:80', { host: '*.web.local', port: '80' }],
    ['[::1]:80', { host: '[::1]', port: '80' }],
    ['[::1]', { host: '[::1]' }],
    ['::1', { host: '::1' }],
    ['[fe80::1:80]', { host: '[fe80::1:80]' }],
    ['fdb2::12', { host: 'fdb2::12' }],
    ['fdb2:0:0:0:0:0:0:1234', { host: 'fdb2:0:0:0:0:0:0:1234' }],
    ['127.0.0.1:abc', { host: '127.0.0.1', port: 'abc' }],
  ])('%s', (text, listen) => {
    expect(parseListen(text)).toEqual(listen);
  });

  it('refuses a colon without a port', () => {
    expect(() => parseListen('web:')).toThrow(invalid('port'));
  });

  it('refuses what is empty: it does not mean the defaults', () => {
    expect(() => parseListen('')).toThrow(invalid('host'));
  });

  it.each([
    ['::1:9000', '[::1]:9000, or [::1:9000] '],
    ['::1:65000', '[::1]:65000'],
    ['fe80::1:80', '[fe80::1]:80, or '],
    ['::9000', '[::]:9000, or '],
    ['::ffff:127.0.0.1:80', '[::ffff:127.0.0.1]:80'],
  ])('refuses %s: an address, or an address and its port', (text, written) => {
    expect(() => parseListen(text)).toThrow(invalid('host'));
    expect(() => parseListen(text)).toThrow(`write ${written}`);
  });
});

describe('parseHeaders', () => {
  it('cuts at the first colon and keeps the value', () => {
    expect(parseHeaders('request_headers', ['X-A: b: c', 'X-B:', '__proto__: x'])).toEqual(
      Object.fromEntries([
        ['X-A', 'b: c'],
        ['X-B', ''],
        ['__proto__', 'x'],
      ]),
    );
    expect(parseHeaders('request_headers', undefined)).toBeUndefined();
  });

  it.each([['no colon'], [': no name']])('refuses %s', (line) => {
    expect(() => parseHeaders('request_headers', [line])).toThrow(invalid('request_headers'));
  });

  it('refuses a name that is given twice', () => {
    expect(() => parseHeaders('request_headers', ['X-A: 1', 'X-A: 2'])).toThrow(invalid('request_headers'));
  });
});

describe('parseNumbers', () => {
  it('takes name=number', () => {
    expect(parseNumbers('timeouts', ['connect=2', 'drain=0.5'])).toEqual({ connect: 2, drain: 0.5 });
  });

  it.each([['connect'], ['=2'], ['connect='], ['connect=abc'], ['connect=Infinity']])('refuses %s', (item) => {
    expect(() => parseNumbers('timeouts', [item])).toThrow(/timeouts/);
  });
});

describe('flags', () => {
  const none = {
    cors: undefined,
    'cors-origin': undefined,
    'cors-method': undefined,
    'cors-header': undefined,
    'cors-exposed-header': undefined,
    'cors-credentials': undefined,
    'cors-max-age': undefined,
  };

  it('turn CORS on by any CORS flag, off by --no-cors, and leave it alone without one', () => {
    expect(corsFromFlags(none)).toBeUndefined();
    expect(corsFromFlags({ ...none, cors: true })).toMatchObject({ enabled: true });
    expect(corsFromFlags({ ...none, 'cors-max-age': '60' })).toMatchObject({ enabled: true, max_age: 60 });
    expect(corsFromFlags({ ...none, cors: false })).toBeNull();
  });

  it('turn TLS off by --no-tls', () => {
    const tls = { 'tls-cert': undefined, 'tls-key': undefined };
    expect(tlsPatchFromFlags({ ...tls, 'no-tls': true })).toBeNull();
    expect(tlsPatchFromFlags({ ...tls, 'no-tls': undefined })).toBeUndefined();
    expect(tlsPatchFromFlags({ ...tls, 'tls-cert': '/a.crt', 'no-tls': undefined })).toMatchObject({ cert: '/a.crt' });
  });

  it('that contradict each other are refused', () => {
    expect(() => corsFromFlags({ ...none, cors: false, 'cors-origin': ['https://a.test'] })).toThrow(invalid('cors'));
    expect(() => tlsPatchFromFlags({ 'no-tls': true, 'tls-cert': 'a', 'tls-key': undefined })).toThrow(invalid('tls'));
  });

  it('that change nothing are refused', () => {
    expect(() => refuseNothing({ json: true, name: undefined })).toThrow('nothing to change: give at least one flag');
    expect(() => refuseNothing({ via: false })).not.toThrow();
  });

  it('that count lines take whole numbers from 0', () => {
    expect([parseCount('lines', '0'), parseCount('lines', '100')]).toEqual([0, 100]);
    for (const text of ['-1', '1.5', '', '1e3']) expect(() => parseCount('lines', text)).toThrow(invalid('lines'));
  });

  it('name certificate files by their absolute path', () => {
    expect(tlsFromFlags({ 'tls-cert': undefined, 'tls-key': undefined })).toBeUndefined();
    expect(tlsFromFlags({ 'tls-cert': 'a.crt', 'tls-key': undefined })).toEqual({
      enabled: true,
      cert: `${process.cwd()}/a.crt`,
      key: undefined,
    });
  });

  it('leave what is missing or doubled to the agent, whose message then names it', () => {
    const flags = Object.fromEntries(['path', 'pattern', 'vm', 'target-host'].map((name) => [name, 'x']));
    const route = httpRouteFromFlags(flags as unknown as Parameters<typeof httpRouteFromFlags>[0]);
    expect(route).toMatchObject({ path: 'x', pattern: 'x', target_vm_id: 'x', target_host: 'x' });
    expect(route.target_port).toBeUndefined();
  });

  it('clear a list by an empty text', () => {
    expect(parseList('')).toEqual([]);
    expect(parseList('a, b,')).toEqual(['a', 'b']);
    expect(parseList(undefined)).toBeUndefined();
  });
});
