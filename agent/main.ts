// Entry of the agent's process: options, single instance, readiness, signals, exit codes. It ends in one of three ways:
// cleanly (exit 0), because it could not start (exit by the table), or by a bug (logged, exit 1).
import { parseArgs } from 'node:util';
import { ERROR_CODES, errorBody, ProxyError } from '../src/errors.ts';
import { prepareHome } from '../src/home.ts';
import { type Paths, pathsFromEnv } from '../src/paths.ts';
import { checkSocketPath } from '../src/rpc/client.ts';
import { type Agent, startAgent } from './agent.ts';
import { createLog, type Logger } from './log.ts';
import { tellReady } from './ready.ts';
import { becomeTheAgent } from './single.ts';

/** What closing may take beyond the drain time of the settings. */
const CLOSE_MARGIN_MS = 10_000;
/** Ctrl-C and npm deliver one signal twice, to the group and through the parent; a second one counts only after this. */
const SAME_SIGNAL_MS = 300;

export interface MainOptions {
  readonly argv: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  readonly version: string;
}

interface Options {
  readonly foreground: boolean;
  readonly readyFd: number | undefined;
}

export async function main({ argv, env, version }: MainOptions): Promise<void> {
  process.umask(0o077);
  process.title = 'prproxy-agent';
  process.stderr.on('error', () => {});
  process.stdout.on('error', () => {});
  const options = parseOptions(argv);
  const paths = pathsFromEnv(env);
  let log: Logger | undefined;
  try {
    checkSocketPath(paths.socket);
    prepareHome(paths);
    log = createLog({ path: paths.agentLog, foreground: options.foreground, level: env.PRPROXY_LOG_LEVEL });
    catchBugs(log);
    const outcome = await becomeTheAgent(paths, version);
    if ('other' in outcome) return reportOther(outcome.other.pid, paths, options);
    // Also keeps it reachable: a lock that is garbage-collected is released.
    process.on('exit', () => outcome.lock.release());
    const agent = await startAgent({ paths, version, log, env });
    tellReady(options.readyFd, { ready: true, pid: process.pid });
    log.info({ version, home: paths.home }, 'the agent is ready');
    untilStopped(agent, log);
  } catch (error) {
    reportFailure(error, paths, log, options);
  }
}

function parseOptions(argv: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...argv],
    options: { foreground: { type: 'boolean', default: false }, 'ready-fd': { type: 'string' } },
  });
  const fd = values['ready-fd'];
  return { foreground: values.foreground, readyFd: fd === undefined ? undefined : Number(fd) };
}

function reportOther(pid: number, paths: Paths, options: Options): never {
  if (options.foreground) process.stderr.write(`another agent (pid ${pid}) is running for ${paths.home}\n`);
  tellReady(options.readyFd, { already: true, pid });
  process.exit(0);
}

function reportFailure(error: unknown, paths: Paths, log: Logger | undefined, options: Options): never {
  const known = error instanceof ProxyError;
  const failure = known
    ? error
    : new ProxyError('internal', `the agent could not start: ${String(error)}; see ${paths.agentLog}`, undefined, {
        cause: error,
      });
  log?.fatal(known ? { code: failure.code } : { err: error }, failure.message);
  if (log === undefined || !options.foreground) process.stderr.write(`prproxy agent: ${failure.message}\n`);
  tellReady(options.readyFd, { error: errorBody(failure) });
  process.exit(ERROR_CODES[failure.code].exit);
}

/** Warnings of Node (SQLite is experimental there) belong into the log; its own listener would print them. */
function catchBugs(log: Logger): void {
  process.removeAllListeners('warning');
  process.on('warning', (warning) => log.debug({ err: warning }, 'warning of Node'));
  const die = (error: unknown, what: string) => {
    log.fatal({ err: error }, `${what}: this is a bug of prproxy`);
    process.exit(1);
  };
  process.on('uncaughtException', (error) => die(error, 'uncaught exception'));
  process.on('unhandledRejection', (reason) => die(reason, 'unhandled rejection'));
}

/** SIGTERM, SIGINT or a request to stop: close cleanly; a second signal, or a close that takes too long, ends it at once. */
function untilStopped(agent: Agent, log: Logger): void {
  let askedAt: number | undefined;
  const stop = (why: string) => {
    if (askedAt !== undefined) {
      if (Date.now() - askedAt > SAME_SIGNAL_MS) process.exit(1);
      return;
    }
    askedAt = Date.now();
    log.info(`${why}: the agent ends`);
    const limit = agent.drainSeconds() * 1000 + CLOSE_MARGIN_MS;
    setTimeout(() => {
      log.error(`the agent could not end cleanly within ${limit} ms`);
      process.exit(1);
    }, limit).unref();
    agent.close().then(
      () => {
        log.info('the agent has ended');
        process.exit(0);
      },
      (error: unknown) => {
        log.fatal({ err: error }, 'the agent could not end cleanly');
        process.exit(1);
      },
    );
  };
  process.on('SIGTERM', () => stop('SIGTERM'));
  process.on('SIGINT', () => stop('SIGINT'));
  process.on('SIGHUP', () => log.info('SIGHUP: ignored'));
  void agent.stopRequested.then(() => stop('asked to stop'));
}
