import { spawnSync } from 'node:child_process';
import { BaseError } from './base-error.js';

const OUTPUT_BYTES_MAX = 16 * 1024 * 1024;

/** Git in one checkout. Only asks, except for the work trees it adds to folders of the cache. */
export class Git {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** What git printed, or null when it refused. Throws `BaseError` where there is no git. */
  ask(...args: string[]): string | null {
    const { status, stdout } = this.#run(args);
    return status === 0 ? stdout.trim() : null;
  }

  /** Throws `BaseError` with what git said. */
  tell(...args: string[]): void {
    const { status, stderr } = this.#run(args);
    if (status === 0) return;
    throw new BaseError('ERR_BASE_BUILD_FAILED', `git ${args.join(' ')}: ${stderr.trim()}`);
  }

  /** The full hash of the commit that a name stands for, or null. */
  commitOf(name: string): string | null {
    // What begins with a dash would be an option.
    if (name.startsWith('-')) return null;
    return this.ask('rev-parse', '--verify', '--quiet', `${name}^{commit}`);
  }

  isAncestor(commit: string, of: string): boolean {
    return this.ask('merge-base', '--is-ancestor', commit, of) !== null;
  }

  isShallow(): boolean {
    return this.ask('rev-parse', '--is-shallow-repository') === 'true';
  }

  /** Whether tracked files differ from the commit; what git does not track is not what a commit is compared with. */
  isDirty(): boolean {
    const status = this.ask('status', '--porcelain', '--untracked-files=no');
    return status !== null && status !== '';
  }

  #run(args: readonly string[]): { status: number | null; stdout: string; stderr: string } {
    // Hooks of a checkout are for its own work; so are the variables that a hook which runs the gate has set.
    const result = spawnSync('git', ['-c', 'core.hooksPath=/dev/null', ...args], {
      cwd: this.#folder,
      encoding: 'utf8',
      env: withoutGitVariables(process.env),
      maxBuffer: OUTPUT_BYTES_MAX,
    });
    if (result.error === undefined) return result;
    throw new BaseError('ERR_BASE_NONE', `git cannot be run: ${result.error.message}`);
  }
}

export function withoutGitVariables(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(environment).filter(([name]) => !name.startsWith('GIT_')));
}
