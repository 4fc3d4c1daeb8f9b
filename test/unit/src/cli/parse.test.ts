// The command line's own little languages.
import { describe, expect, it } from 'vitest';
import { corsFromFlags, httpRouteFromFlags, tlsFromFlags } from '../../../../src/cli/flags.ts';
import { parseHeaders, parseList, parseListen, parseNumbers } from '../../../../src/cli/parse.ts';

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
    ['fe80::1:80', { host: 'fe80::1:80' }],
    ['127.0.0.1:abc', { host: '127.0.0.1', port: 'abc' }],
  ])('%s', (text, listen) => {
    expect(parseListen(text)).toEqual(listen);
  });

  it('refuses a colon without a port', () => {
    expect(() => parseListen('web:')).toThrow(invalid('port'));
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
    expect(corsFromFlags({ ...none, cors: false, 'cors-origin': ['https://a.test'] })).toBeNull();
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
