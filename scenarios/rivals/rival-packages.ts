import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { installPackages } from '../harness/own-packages.js';

/**
 * The rivals that are packages of the registry. This folder is a package of its own with a lock file of its own: what is
 * only a rival is installed where it is measured first, and a run without it goes on without it.
 */
const PACKAGES: Readonly<Record<string, string>> = { 'rival:zeromq': 'zeromq' };

/** A registry that does not answer must not hold up a run, in milliseconds. */
const INSTALL_TIMEOUT_MS = 120_000;
const LOAD_TIMEOUT_MS = 30_000;

/**
 * Makes sure that those of `arms` that are packages can be measured: installs them where they are not, and loads each once,
 * in another process.
 * @param folder the package whose lock file names them
 * @returns by arm, why it is not measurable here
 */
export async function prepareRivals(
  folder: string,
  arms: readonly string[],
  { signal, onStart, npm }: { signal?: AbortSignal; onStart?: () => void; npm?: string } = {},
): Promise<Record<string, string>> {
  const rivals = arms.filter((arm) => Object.hasOwn(PACKAGES, arm));
  const problems: Record<string, string> = {};
  if (rivals.length === 0) return problems;
  const timeout = AbortSignal.timeout(INSTALL_TIMEOUT_MS);
  try {
    await installPackages(folder, {
      ...{ onStart, npm },
      signal: signal === undefined ? timeout : AbortSignal.any([signal, timeout]),
    });
  } catch (error) {
    // On one line, as it stands in tables, and without npm's stack.
    const said = (error as Error).message.replace(/ npm error +at [^\n]*/, '').replaceAll('\n', '; ');
    for (const rival of rivals) problems[rival] = said;
    return problems;
  }
  for (const rival of rivals) {
    const problem = await loadingProblem(folder, PACKAGES[rival]);
    if (problem !== null) problems[rival] = problem;
  }
  return problems;
}

/** A binary for another system, or for another C library, says so only when it is loaded. */
async function loadingProblem(folder: string, name: string): Promise<string | null> {
  const program = 'require("node:module").createRequire(process.argv[1])(process.argv[2])';
  try {
    await promisify(execFile)(process.execPath, ['--eval', program, join(folder, 'package.json'), name], {
      timeout: LOAD_TIMEOUT_MS,
      encoding: 'utf8',
    });
    return null;
  } catch (error) {
    const { stderr = '', message } = error as Error & { stderr?: string };
    const said = /^\w*Error.*$/m.exec(stderr)?.[0] ?? message;
    return `the package ${name} cannot be loaded on ${process.platform}-${process.arch}: ${said}`;
  }
}
