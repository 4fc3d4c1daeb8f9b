import { defineConfig } from 'vitest/config';

/** The e2e tests run the real CLI and agent: their own processes, few at a time. */
export default defineConfig({
  test: {
    include: ['test/{unit,wire,e2e}/**/*.test.ts'],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    maxWorkers: 3,
    pool: 'forks',
  },
});
