/**
 * Where things are in this checkout, and the environment that child programs get.
 */
import { accessSync, constants, mkdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The root of the checkout this file lies in. */
export const projectRoot = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '');

/**
 * Stamps, logs and the fallback home live beside the build output, so that deleting `dist/` forgets everything.
 * @param {string} name
 */
export function statePath(name) {
  const directory = join(projectRoot, 'dist', '.bootstrap');
  mkdirSync(directory, { recursive: true });
  return join(directory, name);
}

/** @param {string} path */
function isWritableDirectory(path) {
  try {
    accessSync(path, constants.W_OK | constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/**
 * The environment of npm and node-gyp. Both keep caches in the home directory and fail without one, so a home that
 * is empty, missing or read-only is replaced by a directory of our own.
 * @param {NodeJS.ProcessEnv} [environment]
 * @returns {NodeJS.ProcessEnv}
 */
export function buildEnvironment(environment = process.env) {
  const home = environment.HOME ?? homedir();
  if (home !== '' && isWritableDirectory(home)) return { ...environment };
  const fallback = statePath('home');
  mkdirSync(fallback, { recursive: true });
  return { ...environment, HOME: fallback, XDG_CACHE_HOME: join(fallback, '.cache') };
}

/** @param {string} line progress and problems go to stderr; stdout belongs to the command. */
export function say(line) {
  process.stderr.write(`${line}\n`);
}

/** A problem the user can mend; its message is shown without a stack. */
export class SetupError extends Error {}
