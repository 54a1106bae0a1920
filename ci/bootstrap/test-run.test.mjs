import { copyFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { projectRoot } from './project.mjs';
import { createSampleProject, runSample, writeFiles } from './sample-project.mjs';

/** @type {ReturnType<typeof createSampleProject>} */
let project;

const header = "import { expect, test } from 'vitest';\n";
const files = {
  'core/good.test.ts': `${header}test('one', () => expect(1).toBe(1));\ntest('two', () => expect(2).toBe(2));\n`,
  'core/bad.test.ts': `${header}test('three', () => expect(1).toBe(2));\ntest.skip('four', () => {});\n`,
  'core/broken.test.ts': `throw new Error('does not load');\n`,
};

/** Tests of the sample answer to nobody but this file, so the variables of the vitest around them are taken away. */
const ownEnvironment = {
  VITEST: undefined,
  VITEST_WORKER_ID: undefined,
  VITEST_POOL_ID: undefined,
  NODE_ENV: undefined,
};

/** @param {string[]} parameters */
const runTests = async (...parameters) => {
  const { code, stdout, stderr } = await runSample(project.root, ['test', ...parameters], ownEnvironment);
  return { code, lastLine: stdout.trimEnd().split('\n').at(-1), stdout, stderr };
};

beforeAll(async () => {
  project = createSampleProject();
  for (const name of ['vitest.config.ts', 'biome.json', '.gitignore']) {
    copyFileSync(join(projectRoot, name), join(project.root, name));
  }
  writeFiles(project.root, {
    ...files,
    'ci/commands/tidy.ts': "console.log('tidy ran');\nprocess.exitCode = Number(process.env.TIDY ?? 0);\n",
  });
  expect((await runSample(project.root, ['build'])).code).toBe(0);
}, 120_000);
afterAll(() => project.remove());

test('with a path only those tests run, and the last line counts them', async () => {
  const result = await runTests('core/good.test.ts');
  expect(result).toMatchObject({ code: 0, lastLine: 'tests: 2 passed, 0 failed, 0 skipped' });
  expect(result.stdout).not.toContain('tidy ran');
});

test('failures, skips and files that do not load are counted, and the skipped are named', async () => {
  const result = await runTests('core');
  expect(result).toMatchObject({ code: 1, lastLine: 'tests: 2 passed, 2 failed, 1 skipped' });
  expect(result.stdout).toContain('skipped: core/bad.test.ts > four');
});

test('another reporter does not lose the counts', async () => {
  const result = await runTests('core/good.test.ts', '--reporter=dot');
  expect(result).toMatchObject({ code: 0, lastLine: 'tests: 2 passed, 0 failed, 0 skipped' });
});

test('without arguments tidy and lint run too, and what they find fails a run whose tests all pass', async () => {
  for (const name of ['core/bad.test.ts', 'core/broken.test.ts']) rmSync(join(project.root, name));
  const result = await runTests();
  expect(result).toMatchObject({ code: 1, lastLine: 'tests: 2 passed, 0 failed, 0 skipped' });
  expect(result.stdout).toContain('tidy ran');
  expect(result.stdout).not.toContain('tidy found problems');
  expect(result.stdout).toContain('lint found problems: see above, or run `npm run lint`');
});
