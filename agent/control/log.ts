// What control and api need of a log: pino's shape, so that a pino logger fits and a test can hand in three functions.

export interface Log {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}
