import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SampleRepository } from '../testing/sample-repository.js';
import { BaseError } from './base-error.js';
import { chooseAnchor, chooseBase } from './choose-base.js';

const repositories: SampleRepository[] = [];
function keep(repository: SampleRepository): SampleRepository {
  repositories.push(repository);
  return repository;
}
afterEach(() => {
  for (const repository of repositories.splice(0)) repository.remove();
});

const NOTHING = { ref: null, storedCommit: null };

function refusal(action: () => unknown): BaseError {
  try {
    action();
  } catch (error) {
    expect(error).toBeInstanceOf(BaseError);
    return error as BaseError;
  }
  throw new Error('nothing was refused');
}

describe('the base of a change', () => {
  let repository: SampleRepository;
  let first: string;
  let second: string;
  let third: string;
  beforeEach(() => {
    repository = keep(SampleRepository.create());
    first = repository.commit('first');
    second = repository.commit('second');
    third = repository.commit('third');
  });

  it('is what --base names, whatever else there is', () => {
    repository.git('tag', 'v1.0.0', first);
    const chosen = chooseBase(repository.root, { ref: 'v1.0.0', storedCommit: second });
    expect(chosen).toEqual({ commit: first, why: '--base v1.0.0' });
    expect(chooseBase(repository.root, { ref: second.slice(0, 9), storedCommit: null }).commit).toBe(second);
  });

  it.each(['no-such-branch', '--all', 'HEAD:file.txt'])('is not %j, which names no commit', (ref) => {
    const error = refusal(() => chooseBase(repository.root, { ref, storedCommit: null }));
    expect(error.code).toBe('ERR_BASE_UNKNOWN_REF');
    expect(error.message).toContain(ref);
  });

  it("is the stored baseline's commit when that is an ancestor, and not when it is elsewhere or HEAD", () => {
    const stored = (storedCommit: string) => chooseBase(repository.root, { ref: null, storedCommit });
    expect(stored(first)).toEqual({ commit: first, why: "the stored baseline's commit" });
    expect(stored(third)).toEqual({ commit: second, why: 'first parent of HEAD' });
    repository.git('checkout', '--quiet', '-b', 'side', first);
    const aside = repository.commit('aside');
    repository.git('checkout', '--quiet', 'main');
    expect(stored(aside).commit).toBe(second);
    expect(stored('f'.repeat(40)).commit).toBe(second);
  });

  it('is the merge base with main on a branch', () => {
    repository.git('checkout', '--quiet', '-b', 'change', second);
    repository.commit('a change');
    repository.commit('and another');
    expect(chooseBase(repository.root, NOTHING)).toEqual({ commit: second, why: 'merge base with main' });
  });

  it('is the merge base with the main of the remote where there is no other', () => {
    repository.git('checkout', '--quiet', '-b', 'change', second);
    const head = repository.commit('a change');
    const clone = keep(repository.clone('--branch', 'change'));
    expect(clone.git('rev-parse', 'HEAD')).toBe(head);
    const chosen = chooseBase(clone.root, NOTHING);
    expect(chosen).toEqual({ commit: second, why: 'merge base with origin/main' });
  });

  it('is the first parent on main itself, also of a merge', () => {
    expect(chooseBase(repository.root, NOTHING)).toEqual({ commit: second, why: 'first parent of HEAD' });
    repository.git('checkout', '--quiet', '-b', 'side', first);
    repository.commit('aside', { 'aside.txt': '' });
    repository.git('checkout', '--quiet', 'main');
    repository.git('merge', '--quiet', '--no-edit', 'side');
    expect(chooseBase(repository.root, NOTHING).commit).toBe(third);
  });

  it('is HEAD for a change that is not committed, and files that git does not know are none', () => {
    repository.write({ 'stray.txt': '' });
    expect(chooseBase(repository.root, NOTHING).commit).toBe(second);
    repository.write({ 'file.txt': 'changed' });
    const chosen = chooseBase(repository.root, NOTHING);
    expect(chosen).toEqual({ commit: third, why: 'HEAD, which the change is not committed to yet' });
  });

  it('is found with the variables of a git hook around', () => {
    const before = process.env.GIT_DIR;
    process.env.GIT_DIR = '/nonexistent';
    try {
      expect(chooseBase(repository.root, NOTHING).commit).toBe(second);
    } finally {
      if (before === undefined) delete process.env.GIT_DIR;
      else process.env.GIT_DIR = before;
    }
  });
});

describe('where there is no base', () => {
  it('a first commit has none, nor has a folder without git', () => {
    const repository = keep(SampleRepository.create());
    expect(refusal(() => chooseBase(repository.root, NOTHING)).code).toBe('ERR_BASE_NONE');
    repository.commit('first');
    expect(refusal(() => chooseBase(repository.root, NOTHING)).message).toContain('has no parent');
  });

  it('a shallow clone says which line fetches what it lacks, and the line works', () => {
    const origin = keep(SampleRepository.create());
    const first = origin.commit('first');
    const second = origin.commit('second');
    origin.git('checkout', '--quiet', '-b', 'change');
    origin.commit('a change');
    const clone = keep(origin.clone('--depth=1', '--branch', 'change'));
    for (const wish of [NOTHING, { ref: first, storedCommit: null }, { ref: null, storedCommit: first }]) {
      const error = refusal(() => chooseBase(clone.root, wish));
      expect(error.code).toBe('ERR_BASE_SHALLOW');
      expect(error.message).toContain('git fetch --unshallow origin');
    }
    expect(refusal(() => chooseAnchor(clone.root, null)).code).toBe('ERR_BASE_SHALLOW');
    const { message } = refusal(() => chooseBase(clone.root, NOTHING));
    const [, ...words] = /^ {2}git (.*)$/m.exec(message)?.[0].trim().split(' ') ?? [];
    clone.git(...words);
    expect(chooseBase(clone.root, NOTHING)).toMatchObject({
      commit: second,
      why: 'merge base with origin/main',
    });
  });
});

describe('the anchor', () => {
  it("is the stored anchor's commit, else the last release before HEAD", () => {
    const repository = keep(SampleRepository.create());
    const first = repository.commit('first');
    const second = repository.commit('second');
    repository.commit('third');
    const none = refusal(() => chooseAnchor(repository.root, null));
    expect(none.code).toBe('ERR_BASE_NONE');
    expect(none.message).toMatch(/npm run baseline -- promote NAME.*--base/);
    repository.git('tag', 'v1.0.0', first);
    repository.git('tag', 'latest', second);
    expect(chooseAnchor(repository.root, null)).toEqual({ commit: first, why: 'the last release, v1.0.0' });
    expect(chooseAnchor(repository.root, second).commit).toBe(second);
  });
});
