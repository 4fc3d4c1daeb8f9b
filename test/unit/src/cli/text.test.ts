// The words that the CLI makes out of values and errors.
import { describe, expect, it } from 'vitest';
import { accessLine } from '../../../../src/cli/access-line.ts';
import { asProxyError, errorLines } from '../../../../src/cli/error-text.ts';
import { logLine } from '../../../../src/cli/log-line.ts';
import { nearest, notFoundText } from '../../../../src/cli/not-found.ts';
import { Screen } from '../../../../src/cli/render.ts';
import { ago, bytes } from '../../../../src/cli/status-view.ts';
import { invalid, ProxyError } from '../../../../src/errors.ts';

describe('errorLines', () => {
  const flags = ['port', 'vm', 'trusted-proxies', 'timeout', 'cors-origin'];

  it('names the field and the flag that sets it', () => {
    const line = (path: string) => errorLines(invalid([{ path, message: 'is wrong' }]), flags);
    expect(line('target_port')).toEqual(['target_port (--port): is wrong']);
    expect(line('trusted_proxies.0')).toEqual(['trusted_proxies.0 (--trusted-proxies): is wrong']);
    expect(line('cors.allowed_origins.1')).toEqual(['cors.allowed_origins.1 (--cors-origin): is wrong']);
    expect(line('timeouts.foo')).toEqual(['timeouts.foo (--timeout): is wrong']);
    expect(line('host_id')).toEqual(['host_id: is wrong']);
    expect(line('')).toEqual(['is wrong']);
  });

  it('lists several problems, one per line', () => {
    const error = invalid([
      { path: 'path', message: 'a' },
      { path: 'target_vm_id', message: 'b' },
    ]);
    expect(errorLines(error, flags)).toEqual(['2 problems', '  path: a', '  target_vm_id (--vm): b']);
  });

  it('shows the message where there are no problems', () => {
    expect(errorLines(new ProxyError('not_found', 'no host web'), flags)).toEqual(['no host web']);
  });
});

it('a usage error of oclif is invalid, anything else unknown is a bug', () => {
  const usage = Object.assign(new Error('Nonexistent flag: --x\nSee more help with --help'), { oclif: { exit: 2 } });
  expect(asProxyError(usage)).toMatchObject({ code: 'invalid', message: 'Nonexistent flag: --x' });
  expect(asProxyError(new TypeError('boom'))).toMatchObject({ code: 'internal', message: 'boom' });
});

it('the nearest command is offered only when it is near', () => {
  const names = ['host list', 'host add', 'status', 'enable'];
  expect(nearest('host lst', names)).toBe('host list');
  expect(nearest('statsu', names)).toBe('status');
  expect(nearest('hsot list web', names)).toBe('host list');
  expect(nearest('frobnicate', names)).toBeUndefined();
});

it('words that name no command are answered with what is wrong', () => {
  const commands = ['host list', 'host add', 'logs', 'status', 'vm list'];
  const text = (...words: string[]) => notFoundText(words, commands, ['host', 'vm'], 'prproxy');
  expect(text('hots')).toContain('did you mean `prproxy host`?');
  expect(text('hots', 'lsit')).toContain('did you mean `prproxy host list`?');
  expect(text('host', 'frobnicate')).toContain('did you mean `prproxy host`?');
  expect(text('nope')).toBe('there is no command "nope"; `prproxy --help` lists all commands');
  expect(text('status', 'extra')).toMatch(/^unexpected argument "extra" after `prproxy status`/);
  expect(text('--nope')).toMatch(/^unexpected flag --nope/);
});

it('times and counts are short', () => {
  const now = Date.parse('2026-01-01T12:00:00Z');
  const at = (s: number) => ago(new Date(now - s * 1000).toISOString(), now);
  expect([at(-5), at(5), at(600), at(36_000), at(864_000), ago('never', now)]).toEqual([
    '0 s ago',
    '5 s ago',
    '10 min ago',
    '10 h ago',
    '10 days ago',
    'never',
  ]);
  expect([0, 999, 1000, 15_400, 1_234_567, 5e15].map(bytes)).toEqual([
    '0 B',
    '999 B',
    '1.0 kB',
    '15 kB',
    '1.2 MB',
    '5000 TB',
  ]);
});

describe('accessLine', () => {
  const screen = new Screen({}, {});
  const entry = {
    time: '2026-01-01T12:00:00.000Z',
    client: '127.0.0.1',
    host: 'web',
    target: 'VM Ubuntu port 80',
    method: 'GET',
    path: '/app',
    status: 502,
    bytes_in: 1500,
    bytes_out: 7,
    duration_ms: 1.25,
    failure: 'dial_econnrefused',
  };
  const line = (more: object) => accessLine(JSON.stringify({ ...entry, ...more }), screen);

  it('shows a request, a TCP connection, and how many entries were dropped', () => {
    expect(line({})).toMatch(
      / 502 web GET \/app → VM Ubuntu port 80 1\.\d ms, 1\.5 kB in, 7 B out, from 127\.0\.0\.1 dial_econnrefused$/,
    );
    expect(line({ method: undefined, status: undefined })).toMatch(/ {3}- web tcp → VM Ubuntu port 80 /);
    expect(line({ dropped: 12 })).toMatch(/ 12 entries were dropped$/);
  });

  it('lets nothing that a client sent reach the terminal as it is', () => {
    const ugly = '\u001b[2J\n\u0007';
    const shown = line({ path: ugly, host: ugly, client: ugly, failure: ugly, target: ugly, method: ugly });
    expect(shown).not.toMatch(/[\u0000-\u001f]/);
    expect(accessLine(`no entry ${ugly}`, screen)).not.toMatch(/[\u0000-\u001f]/);
  });
});

describe('logLine', () => {
  const screen = new Screen({}, {});

  it('shows time, level, message and the rest, and a stack below', () => {
    const entry = {
      level: 'warn',
      time: '2026-01-01T12:00:00.000Z',
      pid: 1,
      host: 'web',
      n: 2,
      msg: 'm',
      err: { stack: 'E: x\n  at y' },
    };
    const lines = logLine(JSON.stringify(entry), screen).split('\n');
    expect(lines).toEqual([
      expect.stringMatching(/^2026-01-01 \d\d:\d\d:00\.000 warn {2}m host=web n=2$/),
      '    E: x',
      '    at y',
    ]);
  });

  it('shows what is no entry, harmless', () => {
    expect(logLine('not json \u001b[2J', screen)).toBe('not json \\x1b[2J');
    expect(logLine('"text"', screen)).toBe('"text"');
  });

  it('lets no value of an entry reach the terminal as it is', () => {
    const entry = { level: '\u001b[1m', time: '\u001b[2m', msg: 'a\u001b[2Jb\nc', host: '\u001b]0;x\u0007' };
    expect(logLine(JSON.stringify(entry), screen)).not.toMatch(/[\u0000-\u001f]/);
  });
});
