/** The programs that building the native engine needs. */
import { spawnSync } from 'node:child_process';
import { accessSync, constants, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { compareVersions } from './platform.mjs';

const installLine = 'apt-get install -y python3 make g++';

/** g++ 12 and clang 14 are the oldest compilers whose C++20 the engine is built with. */
const oldestGcc = '12';
const oldestClang = '14';

/**
 * @param {string} command
 * @param {string} searchPath the PATH variable
 */
export function isInstalled(command, searchPath) {
  const candidates = command.includes('/')
    ? [command]
    : searchPath.split(':').map((folder) => join(folder || '.', command));
  return candidates.some((candidate) => {
    try {
      accessSync(candidate, constants.X_OK);
      return statSync(candidate).isFile();
    } catch {
      return false;
    }
  });
}

/**
 * @param {string[]} words
 * @returns {string} `a`, `a and b`, `a, b and c`
 */
function inWords(words) {
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`;
}

/**
 * @param {string} compiler
 * @param {string} version what `-dumpversion` printed
 * @returns {string | undefined} one sentence when it is too old
 */
export function compilerProblem(compiler, version) {
  const oldest = basename(compiler).includes('clang') ? oldestClang : oldestGcc;
  if (compareVersions(version, oldest) >= 0) return undefined;
  return `Building the native engine needs C++20 (g++ ${oldestGcc} or newer), and ${compiler} is version ${version || 'unknown'}; install a newer one (${installLine}) or name it in CXX.`;
}

/**
 * @param {NodeJS.ProcessEnv} [environment]
 * @returns {string | undefined} one sentence that says what is missing and how to install it
 */
export function toolchainProblem(environment = process.env) {
  const searchPath = environment.PATH ?? '';
  const compiler = (environment.CXX || 'g++').split(' ')[0] ?? 'g++';
  const python = environment.NODE_GYP_FORCE_PYTHON || environment.PYTHON || 'python3';
  const missing = [python, 'make', compiler].filter((command) => !isInstalled(command, searchPath));
  if (missing.length > 0) {
    const verb = missing.length === 1 ? 'is' : 'are';
    return `Building the native engine needs ${inWords(missing)}, which ${verb} not installed; on Debian or Ubuntu run: ${installLine}`;
  }
  const { stdout } = spawnSync(compiler, ['-dumpversion'], { encoding: 'utf8', env: environment });
  return compilerProblem(compiler, (stdout ?? '').trim());
}
