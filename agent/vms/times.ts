// How long things take in the watching of VMs, and what it says in the log. Types and numbers only.

/** All in milliseconds. */
export interface WatcherTimes {
  /** Between readings while traffic had a doubt a short while ago or, without events, a needed VM is coming. */
  readonly fast: number;
  readonly slow: number;
  /** Between readings while events are followed: against what they should tell and do not. */
  readonly safety: number;
  /** After an event, while a needed VM is coming: at first, doubled with each reading up to the limit. */
  readonly seekMin: number;
  readonly seekMax: number;
  /** How long a doubt keeps readings fast. */
  readonly doubt: number;
  /** Pause before a reading for a doubt or an event: when prlctl answers, and when it fails. */
  readonly lookGap: number;
  readonly lookGapFailing: number;
  /** Back-off while prlctl fails, and while its events end. */
  readonly backOffMin: number;
  readonly backOffMax: number;
  /** A monitor that has lived so long is taken to hear. */
  readonly settle: number;
  /** One that has lived so long before it ended begins the back-off anew. */
  readonly stable: number;
  /** A change that no event tells within this time means that the monitor is deaf. */
  readonly patience: number;
  /** A reading makes prlctl tell of changes that are none; so long after its end they are not listened to. */
  readonly echo: number;
}

export const WATCHER_TIMES: WatcherTimes = {
  fast: 500,
  slow: 2_000,
  safety: 300_000,
  seekMin: 100,
  seekMax: 1_000,
  doubt: 5_000,
  lookGap: 200,
  lookGapFailing: 1_000,
  backOffMin: 1_000,
  backOffMax: 30_000,
  settle: 1_000,
  stable: 60_000,
  patience: 5_000,
  echo: 2_000,
};

/** What the watcher says; a pino logger fits. */
export interface VmsLog {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
}
