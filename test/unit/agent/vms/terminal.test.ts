import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { underTerminal } from '../../../../agent/vms/terminal.ts';

const ODD = `a 'b' "c" $d [e] {f \\g é;`;

describe('a program under a pseudo-terminal', () => {
  it('is started by expect on macOS', () => {
    expect(underTerminal(['/Applications/Parallels Desktop.app/prlctl', 'monitor-events', '--json'], 'darwin')).toEqual(
      {
        file: '/usr/bin/expect',
        args: [
          '-c',
          'log_user 1; set timeout -1; spawn -noecho /Applications/Parallels\\ Desktop.app/prlctl monitor-events --json; ' +
            'expect -i $spawn_id eof {catch wait end; exit [lindex $end 3]} -i $user_spawn_id eof',
        ],
        env: {},
      },
    );
    expect(underTerminal([ODD], 'darwin')?.args[1]).toContain(
      String.raw`spawn -noecho a\ \'b\'\ \"c\"\ \$d\ \[e\]\ \{f\ \\g\ é\;; expect`,
    );
  });

  it('is started by script on Linux', () => {
    expect(underTerminal(['/opt/a b/prlctl', 'monitor-events', '--json'], 'linux')).toEqual({
      file: 'script',
      args: ['-qefc', "exec '/opt/a b/prlctl' 'monitor-events' '--json'", '/dev/null'],
      env: { SHELL: '/bin/sh' },
    });
  });

  it('is unknown elsewhere', () => {
    expect(underTerminal(['prlctl'], 'win32')).toBeUndefined();
  });

  describe.runIf(process.platform === 'linux')('on this machine', () => {
    it('gets its arguments as they are, has a terminal, and its exit code comes through', async () => {
      const program = 'console.log(JSON.stringify([process.argv.slice(1), process.stdout.isTTY])); process.exit(7)';
      const { file, args, env } = underTerminal([process.execPath, '-e', program, ODD])!;
      const running = promisify(execFile)(file, args, { env: { ...process.env, ...env } });
      running.child.stdin?.end();
      const failure = await running.catch((error: unknown) => error);
      expect(failure).toMatchObject({ code: 7, stdout: `${JSON.stringify([[ODD], true])}\r\n` });
    });

    it('ends when its stdin does', async () => {
      const { file, args, env } = underTerminal(['cat'])!;
      const child = spawn(file, args, { env: { ...process.env, ...env } });
      child.stdin.end();
      expect(await once(child, 'exit')).toEqual([0, null]);
    });
  });
});
