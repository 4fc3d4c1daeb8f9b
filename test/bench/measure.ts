// One load of one subject, and several subjects loaded in turn: A B A B, figures from the medians of rounds.
import { setTimeout as pause } from 'node:timers/promises';
import { cpuBetween, readCpu, watchPeak } from './processes.ts';
import { median, medianOfPairs, rotated } from './stats.ts';

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

export interface Effort {
  readonly rounds: number;
  readonly seconds: number;
  readonly warmSeconds: number;
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

export async function measure(subject: Subject, seconds: number): Promise<Round> {
  const peak = await watchPeak(subject.roots);
  const before = readCpu(subject.roots);
  const sample = await subject.load(seconds);
  await pause(AFTERMATH_MS);
  const { ownS, helpersS } = cpuBetween(before, readCpu(subject.roots));
  return { ...sample, cpu: ownS / sample.units, helpersCpu: helpersS / sample.units, rss: await peak() };
}

/** @param base the subject that the others are compared with */
export async function compare(
  subjects: readonly Subject[],
  base: string,
  effort: Effort,
  tell: (text: string) => void,
): Promise<Row[]> {
  const invalid = new Map<string, string>();
  const rounds = new Map<string, Round[]>(subjects.map(({ name }) => [name, []]));
  const attempt = async (name: string, job: () => Promise<void>) => {
    if (invalid.has(name)) return;
    await job().catch((error: Error) => void invalid.set(name, error.message));
  };
  for (const subject of subjects) {
    tell(`proving ${subject.name}`);
    await attempt(subject.name, () => subject.prove());
    if (!subject.warms || effort.warmSeconds === 0) continue;
    tell(`warming ${subject.name}`);
    await attempt(subject.name, async () => void (await subject.load(effort.warmSeconds)));
  }
  for (let n = 0; n < effort.rounds; n++) {
    for (const subject of rotated(subjects, n)) {
      tell(`round ${n + 1} of ${effort.rounds}: ${subject.name}`);
      await attempt(subject.name, async () => {
        const round = await measure(subject, effort.seconds);
        rounds.get(subject.name)!.push(round);
        if (round.failure !== undefined) invalid.set(subject.name, round.failure);
      });
    }
  }
  const others = invalid.has(base) ? [] : (rounds.get(base) ?? []);
  return subjects.map(({ name }) => rowOf(name, rounds.get(name)!, others, invalid.get(name)));
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
