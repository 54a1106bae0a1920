import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { InterruptedError } from '../../../scenarios/harness/interruption.js';
import { SampleRepository } from '../testing/sample-repository.js';
import { buildCommit, captureCandidate } from './base-builder.js';
import { BuildCache, cacheFolder } from './build-cache.js';
import { buildKey, readToolchain } from './toolchain-key.js';

/** Builds by the repository's own `ci/bootstrap/run.mjs`, as a base does; this one writes what a build leaves. */
const BUILDER = `
import { appendFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
appendFileSync(process.env.BUILDS_LOG, process.argv[2] + ' ' + process.cwd() + '\\n');
console.log('making everything');
for (const path of ['dist/core/index.js', 'dist/core/index.test.js', 'dist/scenarios/arms/native.js',
  'dist/reports/report.js', 'native/build/Release/msgtrans.node', 'native/build/Release/load_generator']) {
  mkdirSync(path.slice(0, path.lastIndexOf('/')), { recursive: true });
  writeFileSync(path, readFileSync('source.txt'));
}
`;
const SOURCES = {
  'ci/bootstrap/run.mjs': BUILDER,
  'package.json': '{"type":"module"}',
  '.gitignore': 'dist/\nnative/\n',
};

let repository: SampleRepository;
let folder: string;
let cache: BuildCache;
let commit: string;
const signal = new AbortController().signal;
const buildsDone = () => readFileSync(join(folder, 'builds.log'), 'utf8').split('\n').filter(Boolean);

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'msgtrans-gate-cache-'));
  process.env.BUILDS_LOG = join(folder, 'builds.log');
  writeFileSync(process.env.BUILDS_LOG, '');
  cache = new BuildCache(join(folder, 'cache'));
  repository = SampleRepository.create();
  commit = repository.commit('first', { ...SOURCES, 'source.txt': 'one' });
  repository.commit('second', { 'source.txt': 'two' });
});
afterEach(() => {
  delete process.env.BUILDS_LOG;
  repository.remove();
  rmSync(folder, { recursive: true, force: true });
});

const places = () => ({ rootDir: repository.root, cache, toolchain: 'a compiler' });
const build = (which = commit, stop = signal) => buildCommit(which, places(), stop, () => undefined);
const registered = () => repository.git('worktree', 'list').split('\n');

describe('building a base', () => {
  it('builds the commit once, outside of the tree, and keeps what serves', async () => {
    repository.write({ 'source.txt': 'not committed' });
    const built = await build();
    expect(built).toMatchObject({ commit, dirty: false });
    expect(readFileSync(join(built.rootDir, 'dist/core/index.js'), 'utf8')).toBe('one');
    expect(readdirSync(built.rootDir).sort()).toEqual(['build.json', 'dist', 'native', 'package.json']);
    expect(existsSync(join(built.rootDir, 'dist/core/index.test.js'))).toBe(false);
    expect(existsSync(join(built.rootDir, 'native/build/Release/load_generator'))).toBe(false);
    expect(existsSync(join(built.rootDir, 'dist/reports'))).toBe(false);
    expect(await build()).toEqual(built);
    expect(buildsDone()).toHaveLength(1);
    expect(buildsDone()[0]).toMatch(/^build .*\/work\//);
    expect(registered()).toHaveLength(1);
    expect(readdirSync(join(folder, 'cache', 'work'))).toEqual([]);
    expect(readFileSync(join(repository.root, 'source.txt'), 'utf8')).toBe('not committed');
    expect(repository.git('status', '--porcelain')).toBe('M source.txt');
  });

  it('builds anew with another toolchain, and what has been damaged', async () => {
    const built = await build();
    await buildCommit(commit, { ...places(), toolchain: 'another' }, signal, () => undefined);
    expect(buildsDone()).toHaveLength(2);
    truncateSync(join(built.rootDir, 'dist/core/index.js'), 1);
    expect(await build()).toEqual(built);
    expect(readFileSync(join(built.rootDir, 'dist/core/index.js'), 'utf8')).toBe('one');
    expect(buildsDone()).toHaveLength(3);
  });

  it('builds once for two gates that want the same at the same time', async () => {
    const [one, other] = await Promise.all([build(), build()]);
    expect(one).toEqual(other);
    expect(buildsDone()).toHaveLength(1);
  });

  it('serves base and candidate from paths of one length', async () => {
    const base = await build();
    repository.git('checkout', '--quiet', commit);
    await buildInPlace();
    const candidate = await captureCandidate({ commit, dirty: true }, places(), signal);
    expect(candidate).toMatchObject({ commit, dirty: true });
    expect(candidate.rootDir).not.toBe(base.rootDir);
    expect(candidate.rootDir).toHaveLength(base.rootDir.length);
    writeFileSync(join(repository.root, 'dist/core/index.js'), 'changed');
    const changed = await captureCandidate({ commit, dirty: true }, places(), signal);
    expect(changed.rootDir).not.toBe(candidate.rootDir);
    expect(readFileSync(join(candidate.rootDir, 'dist/core/index.js'), 'utf8')).toBe('one');
  });

  async function buildInPlace(): Promise<void> {
    const before = process.cwd();
    const { spawnSync } = await import('node:child_process');
    spawnSync(process.execPath, ['ci/bootstrap/run.mjs', 'build'], { cwd: repository.root });
    expect(process.cwd()).toBe(before);
  }
});

describe('a base that cannot be built', () => {
  it.each([
    [
      'fails',
      { 'ci/bootstrap/run.mjs': 'console.log("no compiler"); process.exit(7);' },
      /code 7.*no compiler/s,
    ],
    ['leaves no server', { 'ci/bootstrap/run.mjs': '' }, /no dist\/scenarios\/arms\/native\.js/],
    ['has no builder', { 'ci/bootstrap/run.mjs': null }, /no ci\/bootstrap\/run\.mjs/],
  ])('%s: says so by code, and leaves nothing behind', async (_, change, message) => {
    const [[path, text]] = Object.entries(change);
    if (text === null) repository.git('rm', '--quiet', path);
    const broken = repository.commit('broken', text === null ? {} : { [path]: text });
    const failure = await build(broken).catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: 'ERR_BASE_BUILD_FAILED', message: expect.stringMatching(message) });
    expect(registered()).toHaveLength(1);
    expect(readdirSync(join(folder, 'cache', 'work'))).toEqual([]);
  });

  it('ends a build that is interrupted, with what it started', async () => {
    const pidFile = join(folder, 'pid');
    const slow = repository.commit('slow', {
      'ci/bootstrap/run.mjs': `
        import { spawn } from 'node:child_process';
        import { writeFileSync } from 'node:fs';
        // As the builder does: in a group of its own, and told of a signal.
        const child = spawn('sleep', ['600'], { stdio: 'ignore', detached: true });
        process.on('SIGTERM', () => {
          process.kill(-child.pid, 'SIGTERM');
          process.exit(143);
        });
        writeFileSync(${JSON.stringify(pidFile)}, String(child.pid));
        setInterval(() => {}, 1000);`,
    });
    const controller = new AbortController();
    const building = build(slow, controller.signal).catch((error: unknown) => error);
    while (!existsSync(pidFile) || readFileSync(pidFile, 'utf8') === '') await sleep(20);
    controller.abort();
    expect(await building).toBeInstanceOf(InterruptedError);
    const pid = Number(readFileSync(pidFile, 'utf8'));
    while (isRunning(pid)) await sleep(20);
    expect(registered()).toHaveLength(1);
  });

  it('takes over what a gate that was killed has left: its tree, its registration and its lock', async () => {
    const key = buildKey(commit, 'a compiler');
    const work = join(folder, 'cache', 'work', key);
    repository.git('worktree', 'add', '--quiet', '--detach', work, commit);
    repository.git('worktree', 'add', '--quiet', '--detach', join(folder, 'cache', 'work', 'other'), commit);
    rmSync(work, { recursive: true });
    const dead = { pid: 2 ** 22, startTicks: 1, bootId: 'gone', purpose: 'building', since: '' };
    writeFileSync(join(folder, 'cache', 'building.lock'), JSON.stringify(dead));
    expect(await build()).toMatchObject({ commit });
    expect(registered()).toHaveLength(1);
    expect(readdirSync(join(folder, 'cache', 'work'))).toEqual([]);
  });
});

function isRunning(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

describe('the places of the cache', () => {
  it('are moved by MSGTRANS_GATE_CACHE, else by XDG_CACHE_HOME, else below the home', () => {
    expect(cacheFolder({ MSGTRANS_GATE_CACHE: '/x/gate', XDG_CACHE_HOME: '/y', HOME: '/z' })).toBe('/x/gate');
    expect(cacheFolder({ XDG_CACHE_HOME: '/y', HOME: '/z' })).toBe('/y/msgtrans-gate');
    expect(cacheFolder({ HOME: '/z' })).toBe('/z/.cache/msgtrans-gate');
  });

  it('has a name for each toolchain: other flags make another build', () => {
    const own = readToolchain({});
    expect(own).toContain(`node ${process.versions.node}`);
    expect(readToolchain({ CXXFLAGS: '-O1' })).not.toBe(own);
    expect(buildKey('a', own)).not.toBe(buildKey('b', own));
    expect(buildKey('a', own)).toMatch(/^[0-9a-f]{32}$/);
  });
});
