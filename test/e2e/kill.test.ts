// The agent killed with SIGKILL in the middle of changes: nothing acknowledged is lost, nothing is torn. The soak does
// the same 200 times.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { AgentHome } from '../support/agent-home.ts';
import { killAgain } from '../support/kill.ts';
import { seedFromEnv } from '../support/random.ts';

/** Twenty starts of the agent on a busy machine, in milliseconds. */
const LIMIT_MS = 180_000;

let home: AgentHome;
beforeAll(async () => {
  home = await AgentHome.empty();
});
afterAll(() => home.dispose());

test(
  '20 × kill -9 in a stream of changes: the config is the acknowledged one and traffic resumes',
  async () => {
    const rounds = await killAgain(home, { rounds: 20, seed: seedFromEnv() });
    expect(rounds).toHaveLength(20);
    expect(rounds.reduce((sum, round) => sum + round.changes, 0)).toBeGreaterThan(20);
  },
  LIMIT_MS,
);
