// What comes out of the command line: JSON and nothing else under --json, tables without escape codes in a pipe, colours
// when asked for, help and completion, and an end without complaint when the reader has gone.
import { execFile } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { AgentHome, CLI, ROOT } from '../support/agent-home.ts';
import { freePort } from '../support/data-plane.ts';
import { measureStatus } from '../support/status-speed.ts';

const ESCAPE = '\u001b[';
/** For a test of many commands, on a busy machine, in milliseconds. */
const BUSY_LIMIT_MS = 180_000;

let home: AgentHome;
const port = await freePort();

beforeAll(async () => {
  home = await AgentHome.running();
  home.prlctl.addVm({ name: 'Ubuntu', addresses: ['127.0.0.2'] });
  const http_routes = [
    { path: '/app', target_vm_id: 'Ubuntu', target_port: 80 },
    { path: '/', target_host: '127.0.0.1', target_port: 1 },
  ];
  await home.rpc('host.add', { name: 'web', host: '127.0.0.1', port, http_routes });
});
afterAll(() => home.dispose());

/** Every command there is, as words: a file each. */
const commands = readdirSync(join(ROOT, 'commands'), { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts'))
  .map((file) => file.slice(0, -'.ts'.length).split(/[\\/]/));
const shows = [
  'status',
  'host list',
  'host show web',
  'route http list web',
  'vm list',
  'vm show ubuntu',
  'config show',
  'agent status',
];

describe('under --json', () => {
  test.each(shows)('`%s` prints the value and nothing else', async (line) => {
    const { code, stdout, stderr } = await home.cli(...line.split(' '), '--json');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toBe(`${JSON.stringify(JSON.parse(stdout), null, 2)}\n`);
  });

  test('warnings stay in the value', async () => {
    const line = 'route http add web --path /late --order 9 --target-host h --port 1';
    const { stdout, stderr } = await home.cli(...line.split(' '), '--json');
    expect(stderr).toBe('');
    expect(JSON.parse(stdout).warnings).toEqual([
      expect.stringMatching(/^route \/late can never match: route \/ comes before it/),
    ]);
  });

  test('a value that says who started the agent leaves stdout alone', async () => {
    await home.ok('agent', 'stop');
    const { stdout, stderr } = await home.cli('host', 'list', '--json');
    expect(JSON.parse(stdout)).toMatchObject([{ name: 'web' }]);
    expect(stderr).toMatch(/^prproxy: starting the agent \(pid \d+\)\n$/);
  });
});

describe('for people', () => {
  test('a warning is told on stderr, once', async () => {
    const line = 'route http add web --path /late --target-host h --port 2';
    const { stdout, stderr } = await home.cli(...line.split(' '));
    expect(stdout).toMatch(/^\/late leads to http:\/\/h:2 \(route 3 of 3\); host web listens on /);
    expect(stderr.match(/Warning: route \/late can never match/g)).toHaveLength(1);
  });

  test.each(shows)('`%s` has no escape codes in a pipe, and no space at the ends of lines', async (line) => {
    const { NO_COLOR: _, ...env } = home.env;
    const stdout = await output(line.split(' '), { ...env, TERM: 'xterm-256color' });
    expect(stdout.length).toBeGreaterThan(10);
    expect(stdout).not.toContain(ESCAPE);
    expect(stdout).not.toMatch(/[ \t]$/m);
  });

  test('FORCE_COLOR colours also in a pipe, NO_COLOR wins over it, and --json is never coloured', async () => {
    const { NO_COLOR: _, ...env } = home.env;
    expect(await output(['status'], { ...env, FORCE_COLOR: '1' })).toContain(ESCAPE);
    expect(await output(['status'], { ...env, FORCE_COLOR: '0' })).not.toContain(ESCAPE);
    expect(await output(['status'], { ...env, FORCE_COLOR: '1', NO_COLOR: '1' })).not.toContain(ESCAPE);
    expect(await output(['status', '--json'], { ...env, FORCE_COLOR: '1' })).not.toContain(ESCAPE);
  });

  test('the columns of a table stand under their titles', async () => {
    const [head = '', row = ''] = (await home.ok('host', 'list')).split('\n');
    for (const [title, cell] of [
      ['LISTENS ON', `127.0.0.1:${port}`],
      ['KIND', 'http'],
      ['STATE', 'listening'],
    ])
      expect(row.indexOf(cell!)).toBe(head.indexOf(title!));
  });
});

function output(args: readonly string[], env: NodeJS.ProcessEnv): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(process.execPath, [CLI, ...args], { env }, (error, stdout) =>
      error === null ? resolve(stdout) : reject(error),
    );
  });
}

test(
  'a reader that goes away is no error: `host list | head -1` ends with 0 0',
  async () => {
    const http_routes = Array.from({ length: 1500 }, (_, n) => ({ path: `/r${n}`, target_host: 'h', target_port: 1 }));
    await home.rpc('host.add', { name: 'large', host: 'large.test', port, http_routes });
    for (const command of ['host list', 'host list --json', 'route http list large', 'agent logs', '--help']) {
      const script = `"${process.execPath}" "${CLI}" ${command} | head -1 | wc -l; echo "\${PIPESTATUS[*]}"`;
      const { stdout, stderr } = await bash(script);
      expect({ command, stdout, stderr }).toEqual({ command, stdout: '1\n0 0 0\n', stderr: '' });
    }
    await home.rpc('host.remove', { host_id: 'large' });
  },
  BUSY_LIMIT_MS,
);

function bash(script: string): Promise<{ stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    execFile('bash', ['-c', script], { env: home.env }, (_, stdout, stderr) => resolve({ stdout, stderr }));
  });
}

describe('help', () => {
  test.each(commands.map((words) => words.join(' ')))(
    '`%s --help` has a summary and examples that begin with prproxy',
    async (line) => {
      const help = await home.ok(...line.split(' '), '--help');
      expect(help).toMatch(/^[a-z].{8,}\n/);
      expect(help).toMatch(/USAGE\n {2}\$ prproxy /);
      expect(help).toMatch(new RegExp(`EXAMPLES\\n(.*\\n)*? +\\$ prproxy ${line}`));
    },
  );

  test('-h is --help, -v is --version, and both work without an agent', async () => {
    expect(await home.ok('host', 'add', '-h')).toBe(await home.ok('host', 'add', '--help'));
    expect(await home.ok('-h')).toBe(await home.ok('--help'));
    expect(await home.ok('-v')).toMatch(/^prproxy\/0\.1\.0 /);
    expect(await home.ok('-v')).toBe(await home.ok('--version'));
  });

  test('a topic lists its commands', async () => {
    expect(await home.ok('route', 'http')).toMatch(
      /route http add .*\n.*route http list .*\n.*route http move .*\n.*route http remove /,
    );
  });
});

test('autocomplete builds its scripts and explains itself', async () => {
  const cache = await mkdtemp(join(tmpdir(), 'prproxy-cache-'));
  const env = { XDG_CACHE_HOME: cache };
  const { code, stdout } = await home.cliWith(env, 'autocomplete', 'bash');
  expect(code).toBe(0);
  expect(stdout).toContain('prproxy autocomplete script bash');
  const script = `${(await home.cliWith(env, 'autocomplete', 'script', 'bash')).stdout}
COMP_WORDS=(prproxy route http ''); COMP_CWORD=3; COMP_LINE='prproxy route http '; COMP_POINT=\${#COMP_LINE}
_prproxy_autocomplete; echo "\${COMPREPLY[@]}"`;
  const completed = await bash(script);
  expect(completed.stdout.trim().split(/\s+/).sort()).toEqual(['add', 'list', 'move', 'remove']);
  await rm(cache, { recursive: true });
});

test(
  '`prproxy status` takes a few times what `node -e 0` takes (printed, not judged: machines differ)',
  () => {
    const { statusMs, nodeMs, ratio } = measureStatus(home);
    console.log(
      `prproxy status: ${statusMs.toFixed(0)} ms, node -e 0: ${nodeMs.toFixed(0)} ms, ratio ${ratio.toFixed(1)}`,
    );
    expect(ratio).toBeGreaterThan(1);
  },
  BUSY_LIMIT_MS,
);
