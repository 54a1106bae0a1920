import { BaseError } from './base-error.js';
import { Git } from './git.js';

/** The commit that a change is compared with. */
export interface ChosenBase {
  commit: string;
  /** How it was found, for the report. */
  why: string;
}

export interface BaseWish {
  /** `--base`. */
  ref: string | null;
  /** Commit of the newest run of the stored baseline, where there is one. */
  storedCommit: string | null;
}

/** The main branch here, or as the remote had it. */
const MAIN = 'main';

/**
 * `--base` if given, else the stored baseline's commit if it is an ancestor, else the merge base with `main`, else,
 * where that is HEAD itself, the first parent. A change that is not committed yet is compared with HEAD.
 * @throws BaseError
 */
export function chooseBase(rootDir: string, { ref, storedCommit }: BaseWish): ChosenBase {
  const git = new Git(rootDir);
  const head = git.commitOf('HEAD');
  if (head === null) {
    throw new BaseError('ERR_BASE_NONE', `${rootDir} is no git checkout with a commit: there is no base`);
  }
  if (ref !== null) return named(git, ref);
  if (storedCommit !== null) {
    const stored = git.commitOf(storedCommit);
    if (stored === null && git.isShallow())
      throw shallow(git, `the stored baseline's commit ${storedCommit}`);
    if (stored !== null && stored !== head && git.isAncestor(stored, head)) {
      return { commit: stored, why: "the stored baseline's commit" };
    }
  }
  return mergeBase(git, head) ?? firstParent(git, head);
}

/**
 * What slow slides are measured against: the promoted anchor's commit, else the last release before HEAD.
 * @throws BaseError
 */
export function chooseAnchor(rootDir: string, storedCommit: string | null): ChosenBase {
  const git = new Git(rootDir);
  if (storedCommit !== null) {
    const commit = git.commitOf(storedCommit);
    if (commit !== null) return { commit, why: "the stored anchor's commit" };
    if (git.isShallow()) throw shallow(git, `the anchor ${storedCommit}`);
  }
  const tag = git.ask('describe', '--tags', '--abbrev=0', '--match', 'v[0-9]*', 'HEAD');
  const commit = tag === null ? null : git.commitOf(tag);
  if (commit !== null) return { commit, why: `the last release, ${tag}` };
  if (git.isShallow()) throw shallow(git, 'the last release');
  throw new BaseError(
    'ERR_BASE_NONE',
    'there is no anchor: neither a promoted build, nor a stored baseline "anchor", nor a tag v* before HEAD; promote a build ' +
      '(npm run baseline -- promote NAME), tag a release, or name a commit with --base',
  );
}

function named(git: Git, ref: string): ChosenBase {
  const commit = git.commitOf(ref);
  if (commit !== null) return { commit, why: `--base ${ref}` };
  if (git.isShallow()) throw shallow(git, ref);
  throw new BaseError(
    'ERR_BASE_UNKNOWN_REF',
    `--base: git knows no commit "${ref}"; "git log --oneline" lists those of this branch`,
  );
}

/** Null where it is HEAD, or where there is no `main` to have one with. */
function mergeBase(git: Git, head: string): ChosenBase | null {
  const names = [MAIN, ...remotes(git).map((remote) => `${remote}/${MAIN}`)];
  const main = names.find((name) => git.commitOf(name) !== null);
  if (main === undefined) {
    if (git.isShallow()) throw shallow(git, MAIN);
    return null;
  }
  const commit = git.ask('merge-base', main, head);
  if (commit === null) {
    if (git.isShallow()) throw shallow(git, `the merge base with ${main}`);
    return null;
  }
  if (commit !== head) return { commit, why: `merge base with ${main}` };
  return git.isDirty() ? { commit, why: 'HEAD, which the change is not committed to yet' } : null;
}

function firstParent(git: Git, head: string): ChosenBase {
  const commit = git.commitOf(`${head}^1`);
  if (commit !== null) return { commit, why: 'first parent of HEAD' };
  if (git.isShallow()) throw shallow(git, 'the first parent of HEAD');
  throw new BaseError('ERR_BASE_NONE', `HEAD (${head.slice(0, 12)}) has no parent to be compared with`);
}

function remotes(git: Git): string[] {
  return (git.ask('remote') ?? '').split('\n').filter((name) => name !== '');
}

function shallow(git: Git, what: string): BaseError {
  const [remote = 'origin'] = remotes(git);
  return new BaseError(
    'ERR_BASE_SHALLOW',
    `this clone is shallow and lacks ${what}; fetch the history, then start again:\n` +
      `  git fetch --unshallow ${remote} +refs/heads/${MAIN}:refs/remotes/${remote}/${MAIN}`,
  );
}
