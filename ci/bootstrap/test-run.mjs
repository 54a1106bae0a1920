/** `npm test`: tidy, lint and the TypeScript tests; with arguments only the tests they name. */
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { runTool } from './child.mjs';
import { lintSources } from './format-and-lint.mjs';
import { projectRoot, say, statePath } from './project.mjs';

/** @typedef {{ passed: number, failed: number, skipped: number, skippedNames: string[] }} Summary */

const reporter = './ci/bootstrap/summary-reporter.mjs';

/** @param {Pick<Summary, 'passed' | 'failed' | 'skipped'>} summary */
export function summaryLine({ passed, failed, skipped }) {
  return `tests: ${passed} passed, ${failed} failed, ${skipped} skipped`;
}

/**
 * @param {string} file
 * @returns {Summary | undefined} undefined when the run ended before it could say
 */
function readSummary(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return undefined;
  }
}

/** @param {string[]} parameters of vitest */
async function runVitest(parameters) {
  const summaryFile = statePath(`test-summary-${process.pid}.json`);
  // `--reporter` replaces the reporters of vitest.config.ts, and without ours nothing could be counted.
  const hasReporter = parameters.some((parameter) => /^--reporters?(=|$)/.test(parameter));
  const script = join(projectRoot, 'node_modules', 'vitest', 'vitest.mjs');
  const options = ['run', ...parameters, ...(hasReporter ? [`--reporter=${reporter}`] : [])];
  const exitCode = await runTool(process.execPath, [script, ...options], {
    cwd: projectRoot,
    env: { ...process.env, MSGTRANS_TEST_SUMMARY: summaryFile },
  });
  const summary = readSummary(summaryFile);
  rmSync(summaryFile, { force: true });
  return { exitCode, summary };
}

/** @param {string[]} parameters */
export async function runTests(parameters) {
  /** @type {string[]} */
  const problems = [];
  if (parameters.length === 0) {
    const tidy = join(projectRoot, 'dist', 'ci', 'commands', 'tidy.js');
    if ((await runTool(process.execPath, [tidy], { cwd: projectRoot })) !== 0) problems.push('tidy');
    if ((await lintSources([])) !== 0) problems.push('lint');
  }
  const { exitCode, summary } = await runVitest(parameters);
  if (exitCode >= 128) return exitCode;
  for (const problem of problems)
    console.log(`${problem} found problems: see above, or run \`npm run ${problem}\``);
  if (summary === undefined) {
    say('vitest ended without saying what it ran');
    return exitCode || 1;
  }
  for (const name of summary.skippedNames) console.log(`skipped: ${name}`);
  console.log(summaryLine(summary));
  return exitCode || (problems.length > 0 ? 1 : 0);
}
