import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { BaseError } from './base-error.js';
import type { BuildCache, CachedBuild } from './build-cache.js';
import { Git, withoutGitVariables } from './git.js';
import { runStep } from './run-step.js';
import { ADDON, runtimeFiles, SERVER_ENTRY } from './runtime-files.js';
import { buildKey } from './toolchain-key.js';

/** A checkout builds itself by this program: `npm ci` from its own lock file, addon, TypeScript. */
const BUILDER = 'ci/bootstrap/run.mjs';
/** A cold build with one compiler takes three minutes on two busy cores. */
export const BUILD_MS_MAX = 30 * 60_000;

export interface BuilderPlaces {
  /** The checkout whose repository holds the commit; nothing in it is touched. */
  rootDir: string;
  cache: BuildCache;
  toolchain: string;
}

/**
 * The build of a commit: from the cache, else built there in a work tree of its own by the commit's own builder.
 * @param onBuild called when it has to be built, which takes minutes
 * @throws BaseError `ERR_BASE_BUILD_FAILED`; InterruptedError
 */
export async function buildCommit(
  commit: string,
  { rootDir, cache, toolchain }: BuilderPlaces,
  signal: AbortSignal,
  onBuild: () => void,
): Promise<CachedBuild> {
  const key = buildKey(commit, toolchain);
  const known = cache.find(key);
  if (known !== null) return known;
  return cache.locked(`building the base ${commit.slice(0, 12)}`, signal, async () => {
    const meanwhile = cache.find(key);
    if (meanwhile !== null) return meanwhile;
    onBuild();
    const git = new Git(rootDir);
    // Only this tree is let go of: "worktree prune" would also forget those on a disk that is not mounted now.
    const discard = (folder: string): void => void git.ask('worktree', 'remove', '--force', folder);
    const inFolder = async (folder: string): Promise<CachedBuild> => {
      // Forced: a gate that was killed may have left the place registered, and empty.
      git.tell('worktree', 'add', '--quiet', '--force', '--detach', folder, commit);
      await build(commit, folder, cache.logPath(key), signal);
      return cache.store(key, folder, { commit, dirty: false, toolchain });
    };
    return cache.inWorkFolder(key, inFolder, discard);
  });
}

async function build(commit: string, folder: string, logPath: string, signal: AbortSignal): Promise<void> {
  const name = commit.slice(0, 12);
  if (!existsSync(join(folder, BUILDER))) {
    throw new BaseError('ERR_BASE_BUILD_FAILED', `the base ${name} has no ${BUILDER} to be built by`);
  }
  const failure = await runStep(
    {
      ...{ command: process.execPath, args: [BUILDER, 'build'], folder, logPath, timeoutMs: BUILD_MS_MAX },
      environment: buildEnvironment(process.env),
    },
    signal,
  );
  if (failure !== null) {
    throw new BaseError('ERR_BASE_BUILD_FAILED', `building the base ${name} ${failure}`);
  }
  requireServer(folder, `the base ${name}`);
}

/**
 * What npm says of this package is not true of the base's. How npm is set up here (`npm_config_registry`, a proxy, a cache) is,
 * and where the environment alone says it, nothing could be installed without.
 */
function buildEnvironment(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const kept = Object.entries(withoutGitVariables(environment)).filter(
    ([name]) => !/^npm_(lifecycle|package)_/.test(name),
  );
  return Object.fromEntries(kept);
}

/**
 * The candidate is what is built in `rootDir` now, committed or not: copied, so that both are served from the cache.
 * @param as another name gives a copy of its own, for a gate that compares a build with itself
 */
export async function captureCandidate(
  source: { commit: string | null; dirty: boolean },
  { rootDir, cache, toolchain }: BuilderPlaces,
  signal: AbortSignal,
  as = 'candidate',
): Promise<CachedBuild> {
  requireServer(rootDir, 'the candidate');
  const hash = createHash('sha256');
  for (const path of runtimeFiles(rootDir))
    hash.update(`${path}\n`).update(readFileSync(join(rootDir, path)));
  const key = buildKey(`${as} ${hash.digest('hex')} ${source.commit} ${source.dirty}`, toolchain);
  return cache.locked('copying the candidate', signal, async () => {
    return cache.find(key) ?? cache.store(key, rootDir, { ...source, toolchain });
  });
}

function requireServer(folder: string, whose: string): void {
  const missing = [SERVER_ENTRY, ADDON].find((path) => !existsSync(join(folder, path)));
  if (missing === undefined) return;
  throw new BaseError('ERR_BASE_BUILD_FAILED', `${whose} has no ${missing}, so there is nothing to serve`);
}
