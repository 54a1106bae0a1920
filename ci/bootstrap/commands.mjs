/** What each command needs to be ready, and what it then runs. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { buildMore } from './check-builds.mjs';
import { installDependencies } from './dependencies.mjs';
import { formatSources, lintSources } from './format-and-lint.mjs';
import { runFuzzers } from './fuzz-run.mjs';
import { buildLoops, buildNative } from './native-build.mjs';
import { runNativeTests, runSanitizers } from './native-checks.mjs';
import { projectRoot, say } from './project.mjs';
import { runProofs } from './proofs-run.mjs';
import { runTests } from './test-run.mjs';
import { buildTypescript } from './typescript-build.mjs';

/** @typedef {(parameters: string[]) => Promise<number | undefined>} Action resolves with the exit code, if it has one */

async function prepareNothing() {}

async function prepareDependencies() {
  await installDependencies(projectRoot);
}

async function prepareEverything() {
  await prepareDependencies();
  await buildNative(projectRoot);
  await buildTypescript(projectRoot);
}

async function prepareEverythingWithLoops() {
  await prepareEverything();
  await buildLoops(projectRoot);
}

/**
 * Work over threads is done by the suites' loops; scenarios that send messages need none of them.
 * @param {string[]} parameters
 */
async function prepareScenario(parameters) {
  await prepareEverything();
  const files = parameters
    .filter((name) => /^[a-z0-9-]+$/.test(name))
    .map((name) => join(projectRoot, 'scenarios', `${name}.yaml`));
  const isOverThreads = files.some(
    (file) => existsSync(file) && /\bload[:=] *threads\b/.test(readFileSync(file, 'utf8')),
  );
  if (isOverThreads) await buildLoops(projectRoot);
}

/**
 * Only a gate that counts instructions needs the program whose instructions those are.
 * @param {string[]} parameters
 */
async function prepareGate(parameters) {
  await prepareEverything();
  if (parameters.includes('--instructions')) await buildLoops(projectRoot);
}

/**
 * Becomes a compiled program: the same process goes on as that program, so that its signals, exit code, terminal and
 * environment are its own, and starting it costs no second process.
 * @param {string} program relative to the root
 * @returns {Action}
 */
function become(program) {
  return async (parameters) => {
    const path = join(projectRoot, program);
    process.argv.splice(1, process.argv.length, path, ...parameters);
    await import(pathToFileURL(path).href);
    return undefined;
  };
}

/** @type {Record<string, { prepare: (parameters: string[]) => Promise<void>, run: Action }>} */
const commands = {
  build: { prepare: prepareEverything, run: buildMore },
  scenario: { prepare: prepareScenario, run: become('dist/scenarios/commands/scenario.js') },
  suite: { prepare: prepareEverythingWithLoops, run: become('dist/suites/commands/suite.js') },
  report: { prepare: prepareEverything, run: become('dist/reports/commands/report.js') },
  history: { prepare: prepareEverything, run: become('dist/ci/commands/history.js') },
  gate: { prepare: prepareGate, run: become('dist/ci/commands/gate.js') },
  instructions: { prepare: prepareEverythingWithLoops, run: become('dist/ci/commands/instructions.js') },
  baseline: { prepare: prepareEverything, run: become('dist/ci/commands/baseline.js') },
  tidy: { prepare: prepareEverything, run: become('dist/ci/commands/tidy.js') },
  test: { prepare: prepareEverythingWithLoops, run: runTests },
  lint: { prepare: prepareDependencies, run: lintSources },
  format: { prepare: prepareDependencies, run: formatSources },
  'native-test': { prepare: prepareNothing, run: runNativeTests },
  sanitize: { prepare: prepareNothing, run: runSanitizers },
  fuzz: { prepare: prepareNothing, run: runFuzzers },
  prove: { prepare: prepareNothing, run: runProofs },
};

/**
 * Sets `process.exitCode`, except where the command became a program that decides for itself.
 * @param {string[]} commandLine
 */
export async function runCommand(commandLine) {
  const [name = '', ...parameters] = commandLine;
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (command === undefined) {
    say(`unknown command "${name}"; the commands are: ${Object.keys(commands).join(', ')}`);
    process.exitCode = 2;
    return;
  }
  await command.prepare(parameters);
  const exitCode = await command.run(parameters);
  if (exitCode !== undefined) process.exitCode = exitCode;
}
