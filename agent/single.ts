// Becoming the one agent of a home: take the lock, or wait until the agent that holds it is ready.
import { setTimeout as sleep } from 'node:timers/promises';
import { ProxyError } from '../src/errors.ts';
import type { Paths } from '../src/paths.ts';
import { type AgentHello, RpcClient } from '../src/rpc/client.ts';
import { acquireLock, type Lock } from './lock.ts';

const STEP_MS = 25;
const LIMIT_MS = 30_000;

export type Outcome = { readonly lock: Lock } | { readonly other: AgentHello };

/**
 * The lock, or who holds it and is ready to answer. The holder may be starting (no socket yet) or ending (no socket any
 * more), so both are tried in turn, in small steps up to a limit.
 */
export async function becomeTheAgent(paths: Paths, version: string): Promise<Outcome> {
  const deadline = Date.now() + LIMIT_MS;
  for (;;) {
    const lock = acquireLock(paths.lock);
    if (lock !== undefined) return { lock };
    const other = await greet(paths, version);
    if (other !== undefined) return { other };
    if (Date.now() > deadline) throw stuck(paths);
    await sleep(STEP_MS);
  }
}

async function greet(paths: Paths, version: string): Promise<AgentHello | undefined> {
  let client: RpcClient | undefined;
  try {
    client = await RpcClient.connect(paths.socket);
    return await client.hello(version);
  } catch {
    return undefined;
  } finally {
    client?.close();
  }
}

function stuck(paths: Paths): ProxyError {
  const text = `another agent holds ${paths.lock} but has not answered at ${paths.socket} for ${LIMIT_MS / 1000} s; end that process (\`fuser ${paths.lock}\` or \`lsof ${paths.lock}\` names it) and start again`;
  return new ProxyError('unavailable', text);
}
