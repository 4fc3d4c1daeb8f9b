// What a workload is: subjects that are compared under one load, or figures of its own.
import type { Row, Subject } from './measure.ts';
import type { Stage } from './stage.ts';

export type Unit = 'request' | 'message' | 'connection' | 'GB';

export interface Cast {
  readonly subjects: readonly Subject[];
  /** After the last load. */
  dispose?(): Promise<void>;
}

export interface Comparison {
  readonly kind: 'comparison';
  readonly name: string;
  readonly title: string;
  readonly unit: Unit;
  /** The subject that the others are compared with. */
  readonly base: string;
  /** Contenders that make sense here; under --quick only those of `quickly`. */
  readonly contenders: readonly string[];
  readonly quickly: readonly string[];
  /** Its differences are small: more and shorter rounds, but under --quick. */
  readonly fine?: true;
  cast(stage: Stage, names: readonly string[]): Promise<Cast>;
}

/** A figure that stands for itself. */
export interface Fact {
  readonly name: string;
  readonly title: string;
  readonly value: number;
  readonly unit: string;
}

export interface Context {
  readonly stage: Stage;
  readonly quick: boolean;
  tell(text: string): void;
}

export interface Inquiry {
  readonly kind: 'inquiry';
  readonly name: string;
  readonly title: string;
  readonly contenders: readonly ['prproxy'];
  ask(context: Context): Promise<readonly Fact[]>;
}

export type Workload = Comparison | Inquiry;

export interface ComparisonResult {
  readonly name: string;
  readonly title: string;
  readonly unit: Unit;
  readonly base: string;
  readonly rows: readonly Row[];
}
