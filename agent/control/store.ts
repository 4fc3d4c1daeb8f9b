// The saved file; the only place that knows conf. Loaded once, written whole on each change. When `save` returns, the
// change is on the disk; when it throws, the file is what it was.
import { chmodSync, copyFileSync, existsSync, linkSync, realpathSync, renameSync, statSync } from 'node:fs';
import { basename, dirname, extname } from 'node:path';
import Conf from 'conf';
import { ProxyError } from '../../src/errors.ts';
import type { ProxyConfig } from '../../src/model/config.ts';
import type { StoreStatus } from '../../src/model/status.ts';
import { checkFile, datedPath, filesBeside, removeIfThere, syncFolder, unavailable } from './files.ts';
import {
  configFromRaw,
  freshConfig,
  migrated,
  PRESENT_SCHEMA,
  type RawConfig,
  type Schema,
  schemaVersion,
} from './saved.ts';

/** What atomically calls its temporary file; one is left when the agent is killed while it writes. */
const TEMPORARY = /^\.tmp-[0-9a-f]{16}$/;
const SET_ASIDE = /^\.corrupt-/;

interface Corruption {
  readonly error: string;
  readonly setAside: string | undefined;
}

export class Store {
  readonly #path: string;
  readonly #folder: string;
  readonly #schema: Schema;
  #conf: Conf<Record<string, unknown>> | undefined;
  #corruption: Corruption | undefined;
  #bytes = 0;

  /**
   * Touches nothing before `load`.
   * @param path of the file, in a private folder that exists
   */
  constructor(path: string, schema: Schema = PRESENT_SCHEMA) {
    this.#path = path;
    this.#folder = dirname(path);
    this.#schema = schema;
    // conf writes in place, not atomically, when it finds this variable (a terminal inside a snap package sets it).
    delete process.env.SNAP;
  }

  /** True while the file is set aside and nobody has reset or repaired it: changes must be refused. */
  get corrupt(): boolean {
    return this.#corruption !== undefined;
  }

  /**
   * For the start: reads the file, makes it when there is none, migrates an older one, sets a corrupt one aside (the
   * config is then empty and disabled, and `corrupt` is true).
   * @throws ProxyError newer_schema (nothing was touched), unavailable (the file or folder cannot be used)
   */
  load(): ProxyConfig {
    this.#finishSave();
    if (!checkFile(this.#path)) return this.#loadWithoutFile();
    try {
      const raw = this.#readRaw();
      const version = schemaVersion(raw, this.#schema, this.#path);
      const config = configFromRaw(migrated(raw, version, this.#schema));
      this.#tidy();
      if (version < this.#schema.version) this.#saveMigrated(config, version);
      this.#corruption = undefined;
      return config;
    } catch (error) {
      if (!(error instanceof ProxyError) || error.code !== 'invalid') throw error;
      return this.#setAside(error);
    }
  }

  /**
   * Reads the file again and changes nothing.
   * @throws ProxyError conflict when it is not valid
   */
  read(): ProxyConfig {
    try {
      if (!checkFile(this.#path)) throw new Error('there is no such file');
      const raw = this.#readRaw();
      return configFromRaw(migrated(raw, schemaVersion(raw, this.#schema, this.#path), this.#schema));
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw new ProxyError(
        'conflict',
        `the saved file ${this.#path} cannot be used: ${reason}; repair it and try again`,
        undefined,
        {
          cause: error,
        },
      );
    }
  }

  /** Takes over a file that was repaired while the agent ran. Undefined: there is none yet. */
  repaired(): ProxyConfig | undefined {
    if (!this.corrupt || !existsSync(this.#path)) return undefined;
    try {
      const config = this.read();
      this.#corruption = undefined;
      return config;
    } catch (error) {
      this.#corruption = { error: (error as Error).message, setAside: this.#corruption?.setAside };
      return undefined;
    }
  }

  /** @throws ProxyError unavailable; the file is then what it was */
  save(config: ProxyConfig): void {
    if (this.#corruption !== undefined) throw new ProxyError('unavailable', this.#corruption.error);
    this.#write(config);
  }

  /** Begins anew; a file that is there is kept as a copy. @throws ProxyError unavailable */
  reset(): ProxyConfig {
    const config = freshConfig();
    try {
      if (existsSync(this.#path)) copyFileSync(this.#path, datedPath(this.#path, 'before-reset', new Date()));
    } catch (error) {
      throw unavailable(`${this.#path} cannot be copied`, error);
    }
    this.#write(config);
    this.#corruption = undefined;
    return config;
  }

  status(): StoreStatus {
    const path = this.#path;
    if (this.#corruption === undefined) return { state: 'ok', path };
    const { error, setAside } = this.#corruption;
    return setAside === undefined
      ? { state: 'corrupt', path, error }
      : { state: 'corrupt', path, error, set_aside: setAside };
  }

  // --- reading -----------------------------------------------------------------------------------------------------

  /** conf reads the file when it is asked, so this is always what is on the disk. @throws ProxyError invalid */
  #readRaw(): RawConfig {
    try {
      return this.#open().store;
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw unavailable(`${this.#path} cannot be read`, error);
      throw new ProxyError('invalid', 'it is not JSON', undefined, { cause: error });
    }
  }

  #open(): Conf<Record<string, unknown>> {
    this.#conf ??= new Conf<Record<string, unknown>>({
      cwd: this.#folder,
      configName: basename(this.#path, extname(this.#path)),
      fileExtension: extname(this.#path).slice(1),
      configFileMode: 0o600,
      accessPropertiesByDotNotation: false,
      clearInvalidConfig: false,
      serialize: (value) => {
        const text = JSON.stringify(value);
        this.#bytes = Buffer.byteLength(text);
        return text;
      },
    });
    return this.#conf;
  }

  /** No file: a first start, unless one was set aside and nobody decided yet what to do. */
  #loadWithoutFile(): ProxyConfig {
    const setAside = filesBeside(this.#path, SET_ASIDE).at(-1);
    if (setAside !== undefined)
      return this.#runEmpty(`the saved file was corrupt and was set aside as ${setAside}`, setAside);
    const config = freshConfig();
    this.#write(config);
    return config;
  }

  #setAside(error: ProxyError): ProxyConfig {
    const setAside = datedPath(this.#path, 'corrupt', new Date());
    try {
      renameSync(this.#path, setAside);
      syncFolder(this.#folder);
    } catch (failure) {
      throw unavailable(`${this.#path} is corrupt (${error.message}) and cannot be set aside`, failure);
    }
    return this.#runEmpty(`the saved file was corrupt (${error.message}) and was set aside as ${setAside}`, setAside);
  }

  #runEmpty(what: string, setAside: string): ProxyConfig {
    const remedy = `repair it and put it back as ${this.#path}, or run \`prproxy config reset\` to begin anew`;
    this.#corruption = { error: `${what}; ${remedy}`, setAside };
    return freshConfig();
  }

  #saveMigrated(config: ProxyConfig, from: number): void {
    try {
      copyFileSync(this.#path, datedPath(this.#path, `v${from}`, new Date()));
    } catch (error) {
      throw unavailable(`${this.#path} cannot be copied before it is migrated`, error);
    }
    this.#write(config);
  }

  /** Removes what a killed agent left, and gives the file its mode back. */
  #tidy(): void {
    for (const file of filesBeside(this.#path, TEMPORARY)) removeIfThere(file);
    if ((statSync(this.#path).mode & 0o077) !== 0) chmodSync(this.#path, 0o600);
  }

  // --- writing -----------------------------------------------------------------------------------------------------

  /** The file before the save that is going on. */
  get #previous(): string {
    return `${this.#path}.previous`;
  }

  /**
   * conf writes a temporary file, fsyncs it and renames it, but takes a short write (a disk that gets full on the way)
   * for a whole one, and does not fsync the folder. So the old file is kept under a second name until both are known
   * to be well.
   */
  #write(config: ProxyConfig): void {
    const hadFile = existsSync(this.#path);
    let renamed = false;
    try {
      if (hadFile) this.#keepPrevious();
      this.#open().store = { schema: this.#schema.version, ...config };
      renamed = true;
      if (statSync(this.#path).size !== this.#bytes) throw Object.assign(new Error('short write'), { code: 'ENOSPC' });
      syncFolder(dirname(realpathSync(this.#path)));
      removeIfThere(this.#previous);
    } catch (error) {
      if (renamed) this.#takeBack(hadFile);
      else removeIfThere(this.#previous);
      throw unavailable(`${this.#path} cannot be saved, and nothing was changed`, error);
    }
  }

  #keepPrevious(): void {
    removeIfThere(this.#previous);
    try {
      linkSync(realpathSync(this.#path), this.#previous);
    } catch {
      // A file system without hard links, or the file is a symbolic link into another one.
      copyFileSync(this.#path, this.#previous);
    }
  }

  #takeBack(hadFile: boolean): void {
    if (hadFile) renameSync(this.#previous, this.#path);
    else removeIfThere(this.#path);
  }

  /** A save was cut off by the end of the agent: the new file is used if it is whole, else the previous one. */
  #finishSave(): void {
    if (!existsSync(this.#previous)) return;
    try {
      const raw = this.#readRaw();
      // A file of a newer prproxy is left alone with all that is beside it.
      if (schemaVersion(raw, { ...this.#schema, version: Number.MAX_SAFE_INTEGER }, this.#path) > this.#schema.version)
        return;
      removeIfThere(this.#previous);
    } catch {
      renameSync(this.#previous, this.#path);
      // Two names of one file: then the rename does nothing.
      removeIfThere(this.#previous);
    }
  }
}
