// What a run has at hand: the origins, the certificate, and the contenders, each started when it is first needed and
// ended with the stage.
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type CertificateFiles, selfSigned } from '../support/certificate.ts';
import type { Contender, Running } from './contender.ts';
import { HOST, newLayout, TLS_HOST } from './layout.ts';
import { type Origins, startOrigins } from './origins.ts';

export class Stage {
  readonly folder: string;
  readonly certificate: CertificateFiles;
  readonly origins: Origins;
  /** By name, those that are installed and wanted. */
  readonly contenders: ReadonlyMap<string, Contender>;
  readonly #running = new Map<string, Promise<Running>>();

  private constructor(
    folder: string,
    certificate: CertificateFiles,
    origins: Origins,
    contenders: readonly Contender[],
  ) {
    this.folder = folder;
    this.certificate = certificate;
    this.origins = origins;
    this.contenders = new Map(contenders.map((contender) => [contender.name, contender]));
  }

  static async open(contenders: readonly Contender[]): Promise<Stage> {
    const folder = await mkdtemp(join(tmpdir(), 'bench-'));
    try {
      return new Stage(folder, await selfSigned(folder, HOST, TLS_HOST), await startOrigins(folder), contenders);
    } catch (error) {
      await rm(folder, { recursive: true, force: true });
      throw error;
    }
  }

  /** Started now, if it does not run yet. */
  running(name: string): Promise<Running> {
    const known = this.#running.get(name);
    if (known !== undefined) return known;
    const starting = this.#start(this.contenders.get(name)!);
    this.#running.set(name, starting);
    return starting;
  }

  async #start(contender: Contender): Promise<Running> {
    const folder = join(this.folder, contender.name);
    await mkdir(folder);
    return contender.start(await newLayout(this.origins.ports, this.certificate), folder);
  }

  async close(): Promise<void> {
    for (const starting of this.#running.values()) {
      await starting.then((running) => running.stop()).catch(() => undefined);
    }
    await this.origins.stop();
    await rm(this.folder, { recursive: true, force: true });
  }
}
