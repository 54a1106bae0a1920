import { configDefaults, defineConfig } from 'vitest/config';

/**
 * Tests open real sockets and start real processes, so each file gets a process of its own, and at most two run at
 * once: more would only wait for each other on a small machine. Nothing is retried: a test that fails now and then
 * has found something.
 */
export default defineConfig({
  test: {
    include: ['**/*.test.{ts,mjs}'],
    exclude: [...configDefaults.exclude, 'dist/**', 'native/build*/**', 'runs/**'],
    pool: 'forks',
    maxWorkers: 2,
    retry: 0,
    testTimeout: 30_000,
    hookTimeout: 60_000,
    teardownTimeout: 10_000,
    allowOnly: false,
    passWithNoTests: false,
    reporters: ['default', './ci/bootstrap/summary-reporter.mjs'],
  },
});
