// Runs wrk for a time, and reads what its script tells at the end.
import { join } from 'node:path';
import { runOk } from '../../support/programs.ts';
import type { Sample } from '../measure.ts';

/** Connections unless a workload says otherwise. */
const CONNECTIONS = 50;

export interface WrkLoad {
  readonly port: number;
  /** Must resolve for TLS. */
  readonly host: string;
  readonly path: string;
  readonly tls?: boolean;
  readonly method?: string;
  readonly bodyBytes?: number;
  readonly framing?: 'none' | 'length' | 'chunked';
  /** A connection for each request. */
  readonly close?: boolean;
  readonly connections?: number;
}

/** @param seconds whole ones: wrk takes no others */
export async function runWrk(load: WrkLoad, seconds: number): Promise<Sample> {
  const url = `${load.tls === true ? 'https' : 'http'}://${load.tls === true ? load.host : '127.0.0.1'}:${load.port}`;
  const script = ['-s', join(import.meta.dirname, 'wrk.lua')];
  const size = ['-t', '1', '-c', String(load.connections ?? CONNECTIONS), '-d', `${seconds}s`, '--timeout', '10s'];
  const request = [
    load.method ?? 'GET',
    load.path,
    `${load.host}:${load.port}`,
    String(load.bodyBytes ?? 0),
    load.framing ?? 'none',
    load.close === true ? 'close' : 'keep-alive',
  ];
  return sampleFromWrk(await runOk('wrk', [...size, ...script, url, '--', ...request]));
}

/** Pure. @throws Error when the line of the script is not there */
export function sampleFromWrk(output: string): Sample {
  const line = output.split('\n').find((each) => each.startsWith('{"requests":'));
  if (line === undefined) throw new Error(`wrk told nothing: ${output}`);
  const told = JSON.parse(line) as Record<string, number>;
  const failures = ['connect', 'read', 'write', 'timeout', 'status']
    .filter((kind) => told[kind]! > 0)
    .map((kind) => `${told[kind]} ${kind === 'status' ? 'answers were no success' : `${kind} errors`}`);
  return {
    units: told.requests!,
    seconds: told.microseconds! / 1e6,
    p50Ms: told.p50! / 1000,
    p99Ms: told.p99! / 1000,
    failure: failures.length > 0 ? failures.join(', ') : told.requests === 0 ? 'no request was answered' : undefined,
  };
}
