// The Parallels Desktop provider: finds prlctl, runs it, explains its failures. The only file that imports execa.
// Invariant: no process without a time limit but the one that tells of events, and every end is SIGKILL (prlctl can ignore
// SIGTERM).
import { execa } from 'execa';
import { Fallbacks } from './fallbacks.ts';
import { GuestAddresses } from './guest-addresses.ts';
import { hasEvents, parseEvent } from './prlctl-events.ts';
import { mergeReadings, parseVmList } from './prlctl-output.ts';
import { findPrlctl } from './prlctl-path.ts';
import { type Follower, ProviderError, type VmProvider, type VmReading } from './provider.ts';
import { Slots } from './slots.ts';
import { underTerminal } from './terminal.ts';

/** A list needs a log-in to the service each time, and asks guests; seconds are usual on a busy Mac. */
export const TIME_LIMIT_MS = 30_000;
/** A guest that has come up answers in well under a second. */
const ASK_LIMIT_MS = 5_000;
const GUEST_COMMAND = ['ipconfig', 'getifaddr', 'en0'];
/** A full record has about 6 KB. Characters. */
export const MAX_OUTPUT = 16 * 1024 * 1024;
/** prlctl misfires under load; the two forms of the list run side by side. The one that tells of events is not counted. */
export const MAX_PROCESSES = 4;

const COMMON = {
  // A folder that was removed under the agent would make every spawn fail.
  cwd: '/',
  extendEnv: false,
  reject: false,
  killSignal: 'SIGKILL',
  // A wrapper script's child would keep the pipes open, and us waiting.
  killDescendants: true,
} as const;

export interface PrlctlOptions {
  /** Where PRPROXY_PRLCTL and PATH are read; prlctl inherits it too. */
  readonly env?: NodeJS.ProcessEnv;
  readonly timeLimitMs?: number;
}

export class Prlctl implements VmProvider {
  readonly #env: NodeJS.ProcessEnv;
  readonly #timeLimitMs: number;
  readonly #askLimitMs: number;
  readonly #slots = new Slots(MAX_PROCESSES);
  readonly #fallbacks: Fallbacks;

  constructor(options: PrlctlOptions = {}) {
    this.#env = options.env ?? process.env;
    this.#timeLimitMs = options.timeLimitMs ?? TIME_LIMIT_MS;
    this.#askLimitMs = Math.min(this.#timeLimitMs, ASK_LIMIT_MS);
    this.#fallbacks = new Fallbacks(this.#env, new GuestAddresses());
  }

  /** One form is enough when the other fails. */
  async list(signal?: AbortSignal): Promise<readonly VmReading[]> {
    const path = await findPrlctl(this.#env);
    const [full, short] = await Promise.allSettled([
      this.#read(path, ['list', '-a', '-i', '--json'], signal),
      this.#read(path, ['list', '-a', '-f', '--json'], signal),
    ]);
    if (full.status === 'rejected' && short.status === 'rejected') throw full.reason;
    const readings = mergeReadings(
      full.status === 'fulfilled' ? full.value : [],
      short.status === 'fulfilled' ? short.value : [],
    );
    // Without the full form it is not known where else to look: no address is then not the same as none.
    if (full.status === 'rejected') return readings.map(withoutNone);
    return this.#fallbacks.complete(readings, (id) => this.#askGuest(path, id, signal));
  }

  /** @returns what the guest printed; nothing when it cannot be asked, which is usual while it boots */
  async #askGuest(path: string, id: string, signal: AbortSignal | undefined): Promise<string> {
    const { failed, stdout } = await this.#spawn(path, ['exec', id, ...GUEST_COMMAND], signal, this.#askLimitMs);
    return failed ? '' : stdout;
  }

  async watch(follower: Follower, signal: AbortSignal): Promise<never> {
    const path = await findPrlctl(this.#env);
    const line = underTerminal([path, 'monitor-events', '--json']);
    if (line === undefined || !hasEvents(await this.#run(path, ['--version'], signal))) {
      throw new ProviderError('unsupported', 'prlctl tells of no events here; Parallels Desktop 26 or newer does');
    }
    // The real one may end when its stdin does: it stays open.
    const options = { ...COMMON, env: { ...this.#env, ...line.env }, stdin: 'pipe', stderr: 'ignore' } as const;
    const child = execa(line.file, line.args, { ...options, buffer: false, cancelSignal: signal });
    if (child.pid !== undefined) follower.onStart();
    let said = '';
    try {
      for await (const text of child) {
        const event = parseEvent(text);
        if (event !== undefined) follower.onEvent(event);
        else said = said || firstLine(text);
      }
    } catch {
      // Its output was cut off; how it ended says why.
    }
    throw this.#explain(line.file, { ...(await child), stdout: said, stderr: '' });
  }

  async #read(path: string, args: readonly string[], signal: AbortSignal | undefined): Promise<VmReading[]> {
    return parseVmList(await this.#run(path, args, signal));
  }

  /** For calls that change nothing: a misfire of the SDK is tried once more. */
  async #run(path: string, args: readonly string[], signal: AbortSignal | undefined): Promise<string> {
    let outcome = await this.#spawn(path, args, signal);
    if (isMisfire(outcome)) outcome = await this.#spawn(path, args, signal);
    if (!outcome.failed) return outcome.stdout;
    throw this.#explain(path, outcome);
  }

  #spawn(
    path: string,
    args: readonly string[],
    signal: AbortSignal | undefined,
    timeLimitMs = this.#timeLimitMs,
  ): Promise<Outcome> {
    return this.#slots.run(() =>
      execa(path, args, {
        ...COMMON,
        env: this.#env,
        stdin: 'ignore',
        timeout: timeLimitMs,
        maxBuffer: MAX_OUTPUT,
        ...(signal === undefined ? {} : { cancelSignal: signal }),
      }),
    );
  }

  #explain(path: string, outcome: Outcome): ProviderError {
    const said = firstLine(outcome.stderr) || firstLine(outcome.stdout);
    const more = said === '' ? '' : `: ${said}`;
    if (outcome.isCanceled) return new ProviderError('failed', 'the agent is stopping');
    if (outcome.timedOut) {
      return new ProviderError('timeout', `prlctl did not answer within ${this.#timeLimitMs / 1000} s`);
    }
    if (outcome.isMaxBuffer) return new ProviderError('failed', `prlctl printed more than ${MAX_OUTPUT} characters`);
    if (outcome.exitCode === NOT_CONNECTED || said.startsWith('Login failed')) {
      const reason = 'Parallels Desktop is not running or not reachable from this session';
      return new ProviderError('unreachable', reason, reason + more);
    }
    if (outcome.exitCode === undefined && outcome.signal === undefined) {
      return new ProviderError('failed', 'prlctl cannot be run', `${path} cannot be run (${outcome.code})`);
    }
    const reason = `prlctl ${outcome.failed ? 'failed' : 'ended'} (${outcome.signal ?? `exit code ${outcome.exitCode}`})`;
    return new ProviderError('failed', reason, reason + more);
  }
}

/** Exit code of prlctl when it cannot connect to its service. */
const NOT_CONNECTED = 253;
/** Exit code of any error of the SDK. */
const SDK_ERROR = 255;

interface Outcome {
  readonly stdout: string;
  readonly stderr: string;
  readonly failed: boolean;
  readonly timedOut: boolean;
  readonly isCanceled: boolean;
  readonly isMaxBuffer: boolean;
  readonly exitCode?: number | undefined;
  readonly signal?: string | undefined;
  /** Of the system, when it could not be started: `EACCES`. */
  readonly code?: string | undefined;
}

function isMisfire(outcome: Outcome): boolean {
  return outcome.signal === 'SIGSEGV' || (outcome.exitCode === SDK_ERROR && outcome.stderr.includes('PrlJob_'));
}

function withoutNone(reading: VmReading): VmReading {
  return reading.addresses?.length === 0 ? { ...reading, addresses: undefined } : reading;
}

const LINE_CHARACTERS = 300;

function firstLine(text: string): string {
  return (text.trim().split('\n')[0] ?? '').trim().slice(0, LINE_CHARACTERS);
}
