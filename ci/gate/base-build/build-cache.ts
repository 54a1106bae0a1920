import {
  accessSync,
  constants,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { z } from 'zod';
import { acquireLock, describeHolder } from '../../../scenarios/harness/lock.js';
import { BaseError } from './base-error.js';
import { runtimeFiles } from './runtime-files.js';

/**
 * Builds that can be served, each in a folder named by its key (`toolchain-key.ts`). A folder appears whole, by rename, and
 * is never changed; the least recently used ones go. `builds/` holds them, `work/` the trees that are being built.
 */

const MANIFEST = 'build.json';
const manifestSchema = z.strictObject({
  schema: z.literal('msgtrans.gate-build/1'),
  commit: z.string().nullable(),
  dirty: z.boolean(),
  toolchain: z.string(),
  /** Path and bytes: what a disk or a cleaner took away is noticed. */
  files: z.array(z.tuple([z.string(), z.number()])).min(1),
});

/** A build in the cache. */
export interface CachedBuild {
  /** What takes the place of a repository's root for `armCommand`. */
  rootDir: string;
  commit: string | null;
  dirty: boolean;
}

export type BuildSource = Pick<z.output<typeof manifestSchema>, 'commit' | 'dirty' | 'toolchain'>;

/** A few MB each. */
const BUILDS_MAX = 16;
/** What a gate may be running right now is never removed. */
const IN_USE_MS = 24 * 3_600_000;
/** A build of the base takes minutes; whoever waits for it waits longer. */
const LOCK_WAIT_MS_MAX = 45 * 60_000;

export class BuildCache {
  readonly #folder: string;

  /**
   * Creates the folder; its real path is used, so that all builds have paths of one length.
   * @throws BaseError `ERR_BASE_CACHE` where nothing can be written there
   */
  constructor(folder: string) {
    try {
      mkdirSync(folder, { recursive: true });
      accessSync(folder, constants.W_OK | constants.X_OK);
      this.#folder = realpathSync(folder);
    } catch (error) {
      throw unwritable(folder, error);
    }
  }

  /** Null when there is none, or what there is has been damaged. */
  find(key: string): CachedBuild | null {
    const rootDir = join(this.#folder, 'builds', key);
    try {
      const manifest = manifestSchema.parse(JSON.parse(readFileSync(join(rootDir, MANIFEST), 'utf8')));
      const whole = manifest.files.every(([path, bytes]) => sizeOf(join(rootDir, path)) === bytes);
      if (!whole) return null;
      const now = new Date();
      utimesSync(rootDir, now, now);
      return { rootDir, commit: manifest.commit, dirty: manifest.dirty };
    } catch {
      return null;
    }
  }

  /** Copies what serves out of a built repository. */
  store(key: string, builtDir: string, source: BuildSource): CachedBuild {
    const builds = join(this.#folder, 'builds');
    mkdirSync(builds, { recursive: true });
    this.#prune(builds, key);
    const temporary = mkdtempSync(join(builds, 'incomplete-'));
    try {
      const files = runtimeFiles(builtDir).map((path): [string, number] => {
        mkdirSync(dirname(join(temporary, path)), { recursive: true });
        cpSync(join(builtDir, path), join(temporary, path));
        return [path, sizeOf(join(temporary, path))];
      });
      const manifest = { schema: 'msgtrans.gate-build/1', ...source, files };
      writeFileSync(
        join(temporary, MANIFEST),
        `${JSON.stringify(manifestSchema.parse(manifest), null, 1)}\n`,
      );
      const rootDir = join(builds, key);
      rmSync(rootDir, { recursive: true, force: true });
      renameSync(temporary, rootDir);
      return { rootDir, commit: source.commit, dirty: source.dirty };
    } finally {
      rmSync(temporary, { recursive: true, force: true });
    }
  }

  /**
   * A place to build in that does not exist yet, in the same file system; gone after `work`, and before it what a killed
   * gate left. To be called under the lock.
   * @param discard lets go of what is registered elsewhere for a folder, before it is removed
   */
  async inWorkFolder<Result>(
    key: string,
    work: (folder: string) => Promise<Result>,
    discard: (folder: string) => void,
  ): Promise<Result> {
    const parent = join(this.#folder, 'work');
    mkdirSync(parent, { recursive: true });
    const remove = (folder: string): void => {
      discard(folder);
      // A compiler that was told to end may still finish a file.
      rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
    };
    for (const left of readdirSync(parent)) remove(join(parent, left));
    const folder = join(parent, key);
    try {
      return await work(folder);
    } finally {
      remove(folder);
    }
  }

  /** Where the output of the steps of a build goes; it stays for whoever has to find out why one failed. */
  logPath(key: string): string {
    const logs = join(this.#folder, 'logs');
    mkdirSync(logs, { recursive: true });
    return join(logs, `${key}.log`);
  }

  /** One builder at a time; a lock whose holder has ended is taken over. */
  async locked<Result>(purpose: string, signal: AbortSignal, work: () => Promise<Result>): Promise<Result> {
    const release = await acquireLock({
      ...{ purpose, signal, waitMsMax: LOCK_WAIT_MS_MAX },
      path: join(this.#folder, 'building.lock'),
      onWait: (holder) => process.stderr.write(`waiting for ${describeHolder(holder)}\n`),
    });
    try {
      return await work();
    } finally {
      release();
    }
  }

  #prune(builds: string, keep: string): void {
    const now = Date.now();
    const byAge = readdirSync(builds)
      .filter((name) => name !== keep)
      .map((name) => ({ path: join(builds, name), usedMs: statSync(join(builds, name)).mtimeMs }))
      .sort((left, right) => right.usedMs - left.usedMs);
    for (const { path, usedMs } of byAge.slice(BUILDS_MAX - 1)) {
      if (now - usedMs > IN_USE_MS) rmSync(path, { recursive: true, force: true });
    }
  }
}

/** `MSGTRANS_GATE_CACHE`, else where the system keeps caches. */
export function cacheFolder(environment: NodeJS.ProcessEnv): string {
  const { MSGTRANS_GATE_CACHE: own, XDG_CACHE_HOME: caches, HOME: home } = environment;
  if (own !== undefined && own !== '') return resolve(own);
  if (caches !== undefined && caches !== '') return join(resolve(caches), 'msgtrans-gate');
  return join(home === undefined || home === '' ? homedir() : home, '.cache', 'msgtrans-gate');
}

function unwritable(folder: string, error: unknown): BaseError {
  const { code, message } = error as NodeJS.ErrnoException;
  return new BaseError(
    'ERR_BASE_CACHE',
    `builds cannot be kept in ${folder} (${code ?? message}): make it a folder that this user can write, ` +
      'or name another one with MSGTRANS_GATE_CACHE',
    { cause: error },
  );
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? -1;
}
