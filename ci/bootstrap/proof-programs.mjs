/**
 * The proofs that are programs of their own: histories of the structures checked for linearizability, and long runs under
 * the thread sanitizer. Each prints nothing that has to be read when it holds.
 */
import { join } from 'node:path';
import { lastLines, runLogged } from './child.mjs';
import { binaryFolder, buildPreset, jobCount, sanitizerEnvironment } from './native-checks.mjs';
import { projectRoot, say, statePath } from './project.mjs';

/**
 * @typedef {object} ProofProgram
 * @property {string} preset
 * @property {string} option that takes the count
 * @property {number} count what fits before a merge; by hand, more
 * @property {string} unit
 * @property {boolean} [divides] it takes `--jobs`, the number of processes to divide its work among
 * @property {boolean} [counts] its last line is its count: `<name>: N passed, N failed`
 */

/** @type {Record<string, ProofProgram>} by CMake target */
export const proofPrograms = {
  linearizability: {
    preset: 'release',
    option: '--histories',
    count: 2_500,
    unit: 'histories of each structure',
  },
  map_stress: { preset: 'tsan', option: '--operations', count: 4_000_000, unit: 'operations' },
  allocation: {
    preset: 'asan',
    option: '--burst',
    count: 7,
    unit: 'refusals in a row at most',
    divides: true,
    counts: true,
  },
};

/**
 * @param {string} target
 * @param {number | undefined} told
 * @returns {Promise<boolean>} whether it holds
 */
export async function runProofProgram(target, told) {
  const program = proofPrograms[target];
  if (program === undefined) throw new Error(`${target} is no proof`);
  const { preset, option, count, unit, divides = false, counts = false } = program;
  const wanted = told ?? count;
  await buildPreset(preset, [target]);
  const logFile = statePath(`${target}.log`);
  const exitCode = await runLogged({
    command: join(binaryFolder(preset), target),
    parameters: [option, `${wanted}`, ...(divides ? ['--jobs', jobCount()] : [])],
    cwd: projectRoot,
    environment: sanitizerEnvironment(),
    logFile,
  });
  say(
    exitCode === 0
      ? `${target}: ${wanted} ${unit} held; ${lastLines(logFile, 1)}`
      : `${target} does not hold:\n${lastLines(logFile, 60)}`,
  );
  const [counted] = counts ? (/^\S+: \d+ passed, \d+ failed$/m.exec(lastLines(logFile, 1)) ?? []) : [];
  const verdict = exitCode === 0 ? '1 passed, 0 failed' : '0 passed, 1 failed';
  console.log(counted ?? `${target.replaceAll('_', '-')}: ${verdict}`);
  return exitCode === 0;
}
