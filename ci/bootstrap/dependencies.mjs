/** Installs what package-lock.json names, when `node_modules` holds something else. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { withBuildLock } from './build-lock.mjs';
import { runBuildStep } from './child.mjs';
import { buildEnvironment, SetupError, say, statePath } from './project.mjs';

/** @typedef {Record<string, { version?: string, optional?: boolean }>} LockedPackages */

/**
 * @param {string} path
 * @returns {LockedPackages | undefined}
 */
function readPackages(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8')).packages;
  } catch {
    return undefined;
  }
}

/**
 * npm writes `node_modules/.package-lock.json` at the very end of an installation, so it tells a whole one from an
 * interrupted one, and its versions tell a current one from an outdated one. Optional packages (binaries for other
 * processors) may be absent.
 * @param {string} root
 */
export function areDependenciesFresh(root) {
  const locked = readPackages(join(root, 'package-lock.json'));
  const installed = readPackages(join(root, 'node_modules', '.package-lock.json'));
  if (locked === undefined || installed === undefined) return false;
  return Object.entries(locked).every(([path, entry]) => {
    if (path === '') return true;
    const present = installed[path];
    return present === undefined ? entry.optional === true : present.version === entry.version;
  });
}

/**
 * The npm that started this process, else the one on the PATH.
 * @param {NodeJS.ProcessEnv} environment
 * @returns {{ command: string, parameters: string[] }}
 */
function npmCommand(environment) {
  const script = environment.npm_execpath;
  if (script?.endsWith('npm-cli.js') && existsSync(script))
    return { command: process.execPath, parameters: [script] };
  return { command: 'npm', parameters: [] };
}

/** @param {string} root */
export async function installDependencies(root) {
  if (areDependenciesFresh(root)) return;
  await withBuildLock(root, async () => {
    if (!areDependenciesFresh(root)) await runNpm(root);
  });
}

/** @param {string} root */
async function runNpm(root) {
  say('installing dependencies…');
  const environment = buildEnvironment();
  const npm = npmCommand(environment);
  const options = [
    '--include=dev',
    '--ignore-scripts',
    '--no-audit',
    '--no-fund',
    '--no-progress',
    '--loglevel=error',
  ];
  await runBuildStep({
    name: 'npm ci',
    command: npm.command,
    parameters: [...npm.parameters, 'ci', ...options],
    cwd: root,
    environment,
    logFile: statePath('npm-ci.log'),
    nextStep:
      'Check the network, the npm registry and that package-lock.json fits package.json, then run the command again.',
  });
  if (!areDependenciesFresh(root)) {
    throw new SetupError(
      'npm ci succeeded, yet node_modules does not hold what package-lock.json names; delete node_modules and run the command again.',
    );
  }
}
