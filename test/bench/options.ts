// What the command line of `npm run bench` can say.
import { parseArgs } from 'node:util';

export const USAGE = `usage: npm run bench [-- options]
  --quick                 everything in under two minutes: fewer contenders and rounds, short loads
  --only a,b              these workloads
  --contenders a,b        these contenders
  --rounds N --seconds N  more or less of each load
  --json FILE             the results as JSON
  --write                 the results into docs/benchmarks.md, the chart into docs/benchmarks.svg`;

export interface Options {
  readonly quick: boolean;
  readonly only: readonly string[] | undefined;
  readonly contenders: readonly string[] | undefined;
  readonly rounds: number | undefined;
  readonly seconds: number | undefined;
  readonly json: string | undefined;
  readonly write: boolean;
}

/** @throws Error for what it does not know */
export function optionsFrom(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      quick: { type: 'boolean', default: false },
      only: { type: 'string' },
      contenders: { type: 'string' },
      rounds: { type: 'string' },
      seconds: { type: 'string' },
      json: { type: 'string' },
      write: { type: 'boolean', default: false },
    },
  });
  return {
    ...values,
    only: values.only?.split(','),
    contenders: values.contenders?.split(','),
    rounds: count('rounds', values.rounds, 50),
    seconds: count('seconds', values.seconds, 30),
    json: values.json,
  };
}

function count(name: string, text: string | undefined, most: number): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1 || value > most) throw new Error(`--${name} must be from 1 to ${most}`);
  return value;
}
