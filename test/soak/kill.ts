// `npm run soak -- kill [rounds]`: the agent killed 200 times in the middle of changes, with progress and a summary.
// PRPROXY_SEED repeats a run.
import { AgentHome } from '../support/agent-home.ts';
import { killAgain, type Round } from '../support/kill.ts';
import { seedFromEnv } from '../support/random.ts';

const ROUNDS = 200;
const PROGRESS_EVERY = 20;

async function run([given = String(ROUNDS)]: readonly string[]): Promise<void> {
  const rounds = Number(given);
  const seed = seedFromEnv();
  console.log(`${rounds} × kill -9 of the agent in a stream of changes, seed ${seed}`);
  const home = await AgentHome.empty();
  try {
    const onRound = ({ number }: Round) => {
      if (number % PROGRESS_EVERY === 0)
        console.log(`  ${number} of ${rounds}: the config and the traffic are as they must be`);
    };
    console.log(summary(await killAgain(home, { rounds, seed, onRound })));
  } finally {
    await home.dispose();
  }
}

function summary(rounds: readonly Round[]): string {
  const changes = rounds.reduce((sum, round) => sum + round.changes, 0);
  const saved = rounds.filter((round) => round.lastChange === 'saved').length;
  const resumed = rounds.map((round) => round.resumedMs).sort((a, b) => a - b);
  const ms = (at: number) => `${Math.round(resumed[Math.floor(at * (resumed.length - 1))] ?? 0)} ms`;
  return [
    `${rounds.length} kills, ${changes} changes acknowledged before them, none lost`,
    `the change being made: ${saved} × saved, ${rounds.length - saved} × not, never torn`,
    `traffic after the start of the next agent: ${ms(0.5)} (median), ${ms(1)} (longest)`,
  ].join('\n');
}

await run(process.argv.slice(3));
