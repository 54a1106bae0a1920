import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Packages that a single option or arm needs and that are too heavy to be installed with everything else: a folder with
 * its own package.json and lock file, installed when somebody asks for it.
 */

type LockedPackages = Record<string, { version?: string; optional?: boolean }>;

export class PackagesError extends Error {
  readonly code = 'ERR_PACKAGES_NOT_INSTALLED';
}

/** The command that a person types to do what `installPackages` does. */
export function installCommand(folder: string): string {
  return `npm ci --prefix ${folder} --ignore-scripts`;
}

/** npm writes its own lock file at the very end of an installation, with the versions that are there. */
export function arePackagesInstalled(folder: string): boolean {
  const locked = readPackages(join(folder, 'package-lock.json'));
  const installed = readPackages(join(folder, 'node_modules', '.package-lock.json'));
  if (locked === null || installed === null) return false;
  return Object.entries(locked).every(([path, { version, optional }]) => {
    if (path === '') return true;
    return installed[path] === undefined ? optional === true : installed[path].version === version;
  });
}

function readPackages(path: string): LockedPackages | null {
  try {
    return (JSON.parse(readFileSync(path, 'utf8')) as { packages: LockedPackages }).packages;
  } catch {
    return null;
  }
}

/**
 * Installs exactly what the lock file names; does nothing when it is there.
 * @param npm for tests: what is run instead of npm
 * @throws PackagesError with what npm said and what to do
 */
export async function installPackages(
  folder: string,
  { signal, onStart, npm = 'npm' }: { signal?: AbortSignal; onStart?: () => void; npm?: string } = {},
): Promise<void> {
  if (arePackagesInstalled(folder)) return;
  onStart?.();
  const said = await run(npm, ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'], {
    ...{ folder, signal },
  });
  if (arePackagesInstalled(folder)) return;
  throw new PackagesError(
    `the packages of ${folder} could not be installed${said === '' ? '' : `: ${said}`}\n` +
      `They come from the npm registry, which has to be reachable once: ${installCommand(folder)}`,
  );
}

const SAID_CHARACTERS_MAX = 2_000;

/** What the program wrote to standard error, or why it could not be started. */
function run(
  program: string,
  args: readonly string[],
  { folder, signal }: { folder: string; signal?: AbortSignal },
): Promise<string> {
  return new Promise((resolve) => {
    const child = spawn(program, args, { cwd: folder, signal, stdio: ['ignore', 'ignore', 'pipe'] });
    let said = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      said = (said + text).slice(-SAID_CHARACTERS_MAX);
    });
    child.once('error', (error) => resolve(error.message));
    child.once('close', () => resolve(said.replace(/\p{Cc}+/gu, ' ').trim()));
  });
}
