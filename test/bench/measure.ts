// One load of one subject, and several subjects loaded in turn: A B A B, figures from the medians of rounds.
import { setTimeout as pause } from 'node:timers/promises';
import { cpuBetween, readCpu, watchPeak } from './processes.ts';
import { median, medianOfPairs, rotated } from './stats.ts';
import { within } from './within.ts';

/** What a load generator tells. */
export interface Sample {
  /** Requests, messages, connections or GB. */
  readonly units: number;
  readonly seconds: number;
  readonly p50Ms?: number;
  readonly p99Ms?: number;
  /** Why the figures do not count. */
  readonly failure?: string | undefined;
}

/** Something that is loaded: a contender, or a variant of one. */
export interface Subject {
  readonly name: string;
  /** Its processes, without their children. */
  readonly roots: readonly number[];
  /** It gets faster while it runs, so that it needs a load before the first that counts. */
  readonly warms: boolean;
  /** Rejects when it does not answer rightly. */
  prove(): Promise<void>;
  load(seconds: number): Promise<Sample>;
}

/** One that could not be started is shown with the reason. */
export async function subjectOr(name: string, make: () => Promise<Subject>): Promise<Subject> {
  try {
    return await make();
  } catch (error) {
    const fail = () => Promise.reject(error);
    return { name, roots: [], warms: false, prove: fail, load: fail };
  }
}

export interface Effort {
  readonly rounds: number;
  readonly seconds: number;
  readonly warmSeconds: number;
  /** Before the first workload of a process only, not before each. */
  readonly warmOnce: boolean;
}

export interface Round extends Sample {
  /** Seconds of CPU per unit. */
  readonly cpu: number;
  readonly rss: number;
  /** Of children that came and went, per unit; not in `cpu`. */
  readonly helpersCpu: number;
}

export interface Row {
  readonly name: string;
  readonly rounds: readonly Round[];
  /** Seconds of CPU per unit. */
  readonly cpu: number;
  readonly helpersCpu: number;
  /** To the base; undefined: it was not there, or did not count. */
  readonly ratio: number | undefined;
  /** Units per second. */
  readonly rate: number;
  readonly p50Ms: number | undefined;
  readonly p99Ms: number | undefined;
  readonly rss: number;
  /** Why the row does not count. */
  readonly invalid: string | undefined;
}

/** Lines of a log are written some time after the request (prproxy: 100 ms); they count. */
const AFTERMATH_MS = 150;
const PROOF_LIMIT_MS = 30_000;
/** What a load may take beyond its seconds. */
const LOAD_SLACK_MS = 60_000;

function loaded(subject: Subject, seconds: number): Promise<Sample> {
  return within(seconds * 1000 + LOAD_SLACK_MS, 'the load', subject.load(seconds));
}

export async function measure(subject: Subject, seconds: number): Promise<Round> {
  const peak = await watchPeak(subject.roots);
  const before = readCpu(subject.roots);
  const sample = await loaded(subject, seconds);
  await pause(AFTERMATH_MS);
  const { ownS, helpersS } = cpuBetween(before, readCpu(subject.roots));
  return { ...sample, cpu: ownS / sample.units, helpersCpu: helpersS / sample.units, rss: await peak() };
}

export class Contest {
  readonly #effort: Effort;
  readonly #tell: (text: string) => void;
  readonly #warmed: Set<string>;
  readonly #invalid = new Map<string, string>();
  readonly #rounds = new Map<string, Round[]>();

  /** @param warmed processes that had such a load before; it is added to */
  constructor(effort: Effort, warmed: Set<string>, tell: (text: string) => void) {
    this.#effort = effort;
    this.#warmed = warmed;
    this.#tell = tell;
  }

  /** @param base the subject that the others are compared with */
  async run(subjects: readonly Subject[], base: string): Promise<Row[]> {
    const { rounds, seconds } = this.#effort;
    for (const subject of subjects) await this.#prepare(subject);
    for (let n = 0; n < rounds; n++) {
      for (const subject of rotated(subjects, n)) {
        this.#tell(`round ${n + 1} of ${rounds}: ${subject.name}`);
        await this.#attempt(subject, async () => {
          const round = await measure(subject, seconds);
          this.#rounds.get(subject.name)!.push(round);
          if (round.failure !== undefined) throw new Error(round.failure);
        });
      }
    }
    const others = this.#invalid.has(base) ? [] : (this.#rounds.get(base) ?? []);
    return subjects.map(({ name }) => rowOf(name, this.#rounds.get(name)!, others, this.#invalid.get(name)));
  }

  async #prepare(subject: Subject): Promise<void> {
    const { warmSeconds, warmOnce } = this.#effort;
    this.#rounds.set(subject.name, []);
    this.#tell(`proving ${subject.name}`);
    await this.#attempt(subject, () => within(PROOF_LIMIT_MS, 'the proof', subject.prove()));
    const processes = subject.roots.join();
    if (!subject.warms || (warmOnce && this.#warmed.has(processes))) return;
    this.#warmed.add(processes);
    this.#tell(`warming ${subject.name}`);
    await this.#attempt(subject, async () => void (await loaded(subject, warmSeconds)));
  }

  /** One that failed is out. */
  async #attempt({ name }: Subject, job: () => Promise<void>): Promise<void> {
    if (this.#invalid.has(name)) return;
    await job().catch((error: Error) => void this.#invalid.set(name, error.message));
  }
}

function rowOf(name: string, rounds: readonly Round[], base: readonly Round[], invalid: string | undefined): Row {
  const of = (pick: (round: Round) => number | undefined) =>
    median(rounds.map(pick).filter((value) => value !== undefined));
  const cpuOf = (list: readonly Round[]) => list.map(({ cpu }) => cpu);
  return {
    name,
    rounds,
    cpu: of((round) => round.cpu),
    helpersCpu: of((round) => round.helpersCpu),
    ratio: invalid === undefined ? medianOfPairs(cpuOf(rounds), cpuOf(base), (mine, its) => mine / its) : undefined,
    rate: of((round) => round.units / round.seconds),
    p50Ms: rounds[0]?.p50Ms === undefined ? undefined : of((round) => round.p50Ms),
    p99Ms: rounds[0]?.p99Ms === undefined ? undefined : of((round) => round.p99Ms),
    rss: Math.max(0, ...rounds.map(({ rss }) => rss)),
    invalid,
  };
}
