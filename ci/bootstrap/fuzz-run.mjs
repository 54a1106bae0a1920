/** `npm run fuzz`: every fuzzer of the engine for a while, under AddressSanitizer and UndefinedBehaviorSanitizer. */
import { randomInt } from 'node:crypto';
import { basename, dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { lastLines, runLogged } from './child.mjs';
import { binaryFolder, buildPreset, sanitizerEnvironment } from './native-checks.mjs';
import { projectRoot, SetupError, say, statePath } from './project.mjs';
import { listFiles } from './source-files.mjs';

const preset = 'asan';
const secondsUnlessTold = 20;

/** @param {string} root @returns {string[]} */
export function fuzzerNames(root) {
  const sources = listFiles(root, ['native/fuzz', 'native/programs'], (path) => path.endsWith('_fuzz.cc'));
  return sources.map((path) => basename(path, '.cc'));
}

/**
 * @param {string[]} parameters
 * @param {string[]} known
 * @returns {{ seconds: number, seed: number, names: string[] }}
 */
export function readFuzzOptions(parameters, known) {
  try {
    const { values, positionals } = parseArgs({
      args: parameters,
      allowPositionals: true,
      options: { seconds: { type: 'string' }, seed: { type: 'string' } },
    });
    const numbers = [values.seconds ?? secondsUnlessTold, values.seed ?? randomInt(2 ** 31)].map(Number);
    if (!numbers.every((value) => Number.isFinite(value) && value >= 0))
      throw new Error('a number is not a number');
    const strangers = positionals.filter((name) => !known.includes(name));
    if (strangers.length > 0) throw new Error(`there is no fuzzer ${strangers.join(', ')}`);
    return {
      seconds: numbers[0] ?? 0,
      seed: numbers[1] ?? 0,
      names: positionals.length > 0 ? positionals : known,
    };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new SetupError(`${why}; usage: npm run fuzz -- [--seconds N] [--seed N] [${known.join('|')}]`);
  }
}

/**
 * @param {string} name
 * @param {number} seconds
 * @param {number} seed
 * @returns {Promise<boolean>} whether it found nothing
 */
async function runFuzzer(name, seconds, seed) {
  const logFile = statePath(`${name}.log`);
  const binary = join(binaryFolder(preset), name);
  const corpus = join(projectRoot, 'native', 'fuzz', 'corpus', name.replace(/_fuzz$/, ''));
  const exitCode = await runLogged({
    command: binary,
    parameters: ['--seconds', String(seconds), '--seed', String(seed), corpus],
    // A fuzzer leaves the input that it stumbled over in its working directory.
    cwd: dirname(logFile),
    environment: sanitizerEnvironment(),
    logFile,
  });
  say(lastLines(logFile, exitCode === 0 ? 1 : 60));
  if (exitCode !== 0)
    say(`\n${name} found something; the input is in ${dirname(logFile)}, and ${binary} FILE repeats it`);
  return exitCode === 0;
}

/** @param {string[]} parameters */
export async function runFuzzers(parameters) {
  const { seconds, seed, names } = readFuzzOptions(parameters, fuzzerNames(projectRoot));
  await buildPreset(preset, ['fuzzers']);
  const secondsEach = Math.max(1, Math.floor(seconds / names.length));
  let passed = 0;
  for (const name of names) passed += (await runFuzzer(name, secondsEach, seed)) ? 1 : 0;
  console.log(`fuzzers: ${passed} passed, ${names.length - passed} failed`);
  return passed === names.length ? 0 : 1;
}
