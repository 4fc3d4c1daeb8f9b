// Runs a program under a pseudo-terminal, so that it prints each line at once: the output of prlctl is buffered in blocks
// otherwise. Only with programs that the system brings; both end when their stdin does, so nothing outlives the agent.
// Pure. The line for macOS was run with Expect 5.45 on Linux, not on a Mac.

export interface CommandLine {
  readonly file: string;
  readonly args: readonly string[];
  /** To be set in its environment. */
  readonly env: Readonly<Record<string, string>>;
}

type Terminal = (command: readonly string[]) => CommandLine;

const TERMINALS: Readonly<Partial<Record<NodeJS.Platform, Terminal>>> = {
  // BSD script fails when its stdin is a pipe.
  darwin: (command) => ({
    file: '/usr/bin/expect',
    args: [
      '-c',
      `log_user 1; set timeout -1; spawn -noecho ${command.map(tclWord).join(' ')}; ` +
        'expect -i $spawn_id eof {catch wait end; exit [lindex $end 3]} -i $user_spawn_id eof',
    ],
    env: {},
  }),
  linux: (command) => ({
    file: 'script',
    args: ['-qefc', `exec ${command.map(shellWord).join(' ')}`, '/dev/null'],
    // It asks this shell, whose rules of quoting may be others.
    env: { SHELL: '/bin/sh' },
  }),
};

/** @returns undefined where no way is known */
export function underTerminal(command: readonly string[], platform = process.platform): CommandLine | undefined {
  return TERMINALS[platform]?.(command);
}

function shellWord(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

/** A backslash takes the meaning from any character but letters and digits. */
function tclWord(text: string): string {
  return text.replace(/[^\p{L}\p{N}/._-]/gu, '\\$&');
}
