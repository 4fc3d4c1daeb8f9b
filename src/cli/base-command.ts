// What every command has: --json, one call to the agent, a screen, and errors with remedy and exit code. Under --json
// stdout holds the value itself and nothing else; an error is the ErrorBody on stderr, and stdout stays empty.
import { Command } from '@oclif/core/command';
import { boolean } from '@oclif/core/flags';
import type { MethodName, Params, Result } from '../contract.ts';
import { ERROR_CODES, errorBody, ProxyError } from '../errors.ts';
import { pathsFromEnv } from '../paths.ts';
import type { InternalMethods } from '../rpc/client.ts';
import { type Connection, type ConnectOptions, connectAgent } from './agent-process.ts';
import { asProxyError, errorLines, exitOf, isUsageError } from './error-text.ts';
import { clean, Screen } from './render.ts';

/** A call's answer may say what the user should know although it worked. */
interface Warned {
  readonly warnings?: readonly string[] | undefined;
}

export abstract class BaseCommand extends Command {
  static override baseFlags = {
    json: boolean({ description: 'print the result as JSON, and nothing else, on stdout; an error as JSON on stderr' }),
  };

  protected readonly paths = pathsFromEnv(process.env);
  protected readonly screen = new Screen(process.stdout, process.env);
  readonly #errorScreen = new Screen(process.stderr, process.env);

  /** One call of a row of the table; starts the agent when none runs. */
  protected async call<M extends MethodName>(method: M, params: Params<M>): Promise<Result<M>> {
    const { client } = await this.connect('unless-off');
    try {
      return await client.call(method, params);
    } finally {
      client.close();
    }
  }

  /** One call of a method that manages the process. */
  protected async callInternal<M extends keyof InternalMethods>(
    method: M,
    params: InternalMethods[M]['params'],
  ): Promise<InternalMethods[M]['result']> {
    const { client } = await this.connect('unless-off');
    try {
      return await client.callInternal(method, params);
    } finally {
      client.close();
    }
  }

  protected connect(autostart: ConnectOptions['autostart'], anyVersion = false): Promise<Connection> {
    return connectAgent({
      paths: this.paths,
      env: process.env,
      version: this.config.version,
      autostart,
      anyVersion,
      say: (line) => this.say(line),
    });
  }

  /** Whatever agent is there, of any version; undefined when none runs. Never starts one. */
  protected async connectIfRunning(): Promise<Connection | undefined> {
    try {
      return await this.connect('never', true);
    } catch (error) {
      if (error instanceof ProxyError && error.details?.running === false) return undefined;
      throw error;
    }
  }

  /** The result: as JSON, or as `text` makes it for people. Warnings in it go to stderr. */
  protected show<T>(value: T, text: (value: T) => string): void {
    if (this.json) {
      process.stdout.write(`${JSON.stringify(value, null, 2)}\n`);
      return;
    }
    process.stdout.write(`${text(value)}\n`);
    for (const warning of (value as Warned | null)?.warnings ?? []) this.warnUser(warning);
  }

  /** One line for the user beside the result. */
  protected say(line: string): void {
    process.stderr.write(`${clean(line)}\n`);
  }

  protected warnUser(text: string): void {
    process.stderr.write(`${this.#errorScreen.chalk.yellow('Warning:')} ${clean(text)}\n`);
  }

  /** True from the first moment on, so that even an unknown flag is answered in JSON. */
  protected get json(): boolean {
    const end = this.argv.indexOf('--');
    return (end === -1 ? this.argv : this.argv.slice(0, end)).includes('--json');
  }

  override async catch(thrown: Error): Promise<void> {
    const exit = exitOf(thrown);
    if (exit !== undefined) {
      process.exitCode = exit;
      return;
    }
    const error = asProxyError(thrown);
    process.exitCode = ERROR_CODES[error.code].exit;
    if (this.json) {
      process.stderr.write(`${JSON.stringify(errorBody(error))}\n`);
      return;
    }
    const [first = '', ...others] = errorLines(error, Object.keys(this.ctor.flags ?? {})).map(clean);
    process.stderr.write(`${[`${this.#errorScreen.chalk.red('Error:')} ${first}`, ...others].join('\n')}\n`);
    if (isUsageError(thrown)) this.say(`See: ${this.config.bin} ${this.id?.replaceAll(':', ' ')} --help`);
    if (process.env.DEBUG && thrown.stack) process.stderr.write(`${thrown.stack}\n`);
  }
}
