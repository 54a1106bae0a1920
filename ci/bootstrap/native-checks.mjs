/**
 * The native engine's own tests, plain and under the sanitizers. They are built apart from the addon, by the presets of
 * `native/CMakePresets.json`, and keep their objects, so a second run builds only what changed.
 */
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { withBuildLock } from './build-lock.mjs';
import { lastLines, runBuildStep, runLogged } from './child.mjs';
import { buildEnvironment, projectRoot, SetupError, say, statePath } from './project.mjs';
import { isInstalled } from './toolchain.mjs';

const nativeFolder = join(projectRoot, 'native');

/**
 * @param {string} preset
 * @returns {string} the folder that the preset builds in
 */
export function binaryFolder(preset) {
  const { configurePresets } = JSON.parse(readFileSync(join(nativeFolder, 'CMakePresets.json'), 'utf8'));
  /** @param {string} name @returns {string | undefined} */
  const findFolder = (name) => {
    const found = configurePresets.find((/** @type {{ name: string }} */ entry) => entry.name === name);
    return found?.binaryDir ?? [found?.inherits ?? []].flat().map(findFolder).find(Boolean);
  };
  const folder = findFolder(preset);
  if (folder === undefined)
    throw new SetupError(`native/CMakePresets.json has no preset "${preset}" with a binaryDir`);
  return folder.replaceAll('$' + '{sourceDir}', nativeFolder).replaceAll('$' + '{presetName}', preset);
}

/** How many processes share the work: `JOBS`, or one a processor. */
export function jobCount() {
  return process.env.JOBS ?? String(availableParallelism());
}

/**
 * Builds what is not up to date; one process at a time in the folder of a preset, and several presets at once.
 * @param {string} preset
 * @param {string[]} targets
 */
export async function buildPreset(preset, targets) {
  const missing = ['cmake', 'make', process.env.CXX ?? 'g++'].filter(
    (command) => !isInstalled(command, process.env.PATH ?? ''),
  );
  if (missing.length > 0) {
    throw new SetupError(
      `The native tests need ${missing.join(', ')}; on Debian or Ubuntu run: apt-get install -y cmake make g++ libgtest-dev`,
    );
  }
  const folder = binaryFolder(preset);
  mkdirSync(folder, { recursive: true });
  await withBuildLock(folder, async () => {
    say(`building ${targets.join(', ')} (${preset})…`);
    const step = { command: 'cmake', cwd: nativeFolder, environment: buildEnvironment() };
    await runBuildStep({
      ...step,
      name: `cmake --preset ${preset}`,
      parameters: ['--preset', preset],
      logFile: statePath(`cmake-${preset}.log`),
      nextStep: 'If googletest was not found: apt-get install -y libgtest-dev',
    });
    await runBuildStep({
      ...step,
      name: `the ${preset} build`,
      parameters: ['--build', folder, '--parallel', jobCount(), '--target', ...targets],
      logFile: statePath(`build-${preset}.log`),
      nextStep: 'Mend what the compiler names above and run the command again.',
    });
  });
}

/** What the sanitizers are told, unless the caller's environment tells them something else. */
export function sanitizerEnvironment() {
  return {
    ASAN_OPTIONS: 'detect_leaks=1:strict_string_checks=1',
    UBSAN_OPTIONS: 'print_stacktrace=1:halt_on_error=1',
    TSAN_OPTIONS: 'halt_on_error=1:second_deadlock_stack=1',
    ...process.env,
  };
}

/**
 * @param {string} reportFile googletest's JSON report; a missing one counts nothing
 * @returns {{ passed: number, failed: number, skippedNames: string[] }}
 */
export function countGoogleTests(reportFile) {
  const counts = { passed: 0, failed: 0, skippedNames: /** @type {string[]} */ ([]) };
  if (!existsSync(reportFile)) return counts;
  for (const suite of JSON.parse(readFileSync(reportFile, 'utf8')).testsuites) {
    for (const test of suite.testsuite) {
      if (test.failures?.length > 0) counts.failed += 1;
      else if (test.result === 'SKIPPED' || test.status === 'NOTRUN')
        counts.skippedNames.push(`${suite.name}.${test.name}`);
      else counts.passed += 1;
    }
  }
  return counts;
}

/**
 * Builds and runs the unit tests with one preset and prints one line, `<label>: N passed, N failed, N skipped`.
 * @param {string} preset
 * @param {string} label
 * @param {string[]} parameters of googletest
 * @returns {Promise<number>} exit code
 */
async function runUnitTests(preset, label, parameters) {
  await buildPreset(preset, ['native_tests']);
  const reportFile = statePath(`native-tests-${preset}.json`);
  const logFile = statePath(`native-tests-${preset}.log`);
  rmSync(reportFile, { force: true });
  const exitCode = await runLogged({
    command: join(binaryFolder(preset), 'native_tests'),
    parameters: [`--gtest_output=json:${reportFile}`, '--gtest_brief=1', ...parameters],
    cwd: nativeFolder,
    environment: sanitizerEnvironment(),
    logFile,
  });
  if (exitCode !== 0) say(`${lastLines(logFile, 60)}\n\nthe whole log is in ${logFile}`);
  // A sanitizer's finding ends the program before it writes its report, and still counts as one failure.
  const { passed, failed, skippedNames } = countGoogleTests(reportFile);
  const failures = exitCode === 0 ? failed : Math.max(failed, 1);
  for (const name of skippedNames) console.log(`skipped: ${name}`);
  console.log(`${label}: ${passed} passed, ${failures} failed, ${skippedNames.length} skipped`);
  return failures === 0 ? 0 : 1;
}

/** @param {string[]} parameters of googletest */
export function runNativeTests(parameters) {
  return runUnitTests('release', 'native-tests', parameters);
}

/** @param {string[]} parameters `asan` (with UBSan), `tsan`, or nothing for both; the rest goes to googletest */
export async function runSanitizers(parameters) {
  const known = ['asan', 'tsan'];
  const chosen = known.filter((preset) => parameters.includes(preset));
  const rest = parameters.filter((parameter) => !known.includes(parameter));
  let exitCode = 0;
  for (const preset of chosen.length > 0 ? chosen : known) {
    exitCode = (await runUnitTests(preset, preset, rest)) || exitCode;
  }
  return exitCode;
}
