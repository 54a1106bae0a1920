import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { BUILD_MS_MAX } from '../gate/base-build/base-builder.js';
import { BuildCache } from '../gate/base-build/build-cache.js';
import { Git } from '../gate/base-build/git.js';
import { buildKey, readToolchain } from '../gate/base-build/toolchain-key.js';
import { readRawFile } from '../gate/invocation/raw-file.js';
import { judgeRaw } from '../gate/verdict/judge-raw.js';
import { gateHistoryPath, readHistoryFile } from '../history/history-file.js';
import { hasValgrind } from '../instructions/testing/installed-valgrind.js';

/** The command as a person runs it: built code, real processes. `npm test` builds before it tests. */

const ROOT = join(import.meta.dirname, '..', '..');
const COMMAND = join(ROOT, 'dist', 'ci', 'commands', 'gate.js');
const HEAD = new Git(ROOT).commitOf('HEAD');
/** One case and metric, and an end after the first invocation: other tests run beside this one. */
const SHORT = [
  '--measure-identical',
  '--base',
  'HEAD',
  '--case',
  'tcp/depth*',
  '--metric',
  'throughput*',
  '--budget',
  '0.1',
];

let folder: string;
const started: ChildProcess[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'msgtrans-gate-command-'));
});
afterEach(() => {
  for (const child of started.splice(0)) child.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

/** The temporary folder is a test's own, and with it the machine-wide lock. */
function environment(more: Record<string, string> = {}): NodeJS.ProcessEnv {
  const own = { ...process.env };
  for (const key of Object.keys(own)) if (key.startsWith('npm_') || key === 'INIT_CWD') delete own[key];
  return {
    ...own,
    TMPDIR: folder,
    MSGTRANS_RUNS_DIR: join(folder, 'runs'),
    MSGTRANS_BASELINES_DIR: join(folder, 'baselines'),
    MSGTRANS_GATE_CACHE: join(folder, 'cache'),
    ...more,
  };
}

function run(args: string[], more: Record<string, string> = {}) {
  const result = spawnSync(process.execPath, [COMMAND, ...args], {
    ...{ env: environment(more), encoding: 'utf8', cwd: folder, timeout: 150_000 },
  });
  return { code: result.status, stdout: result.stdout, stderr: result.stderr };
}

/** Puts this build into the cache as the build of HEAD, which takes minutes otherwise. */
function cacheHead(): void {
  const toolchain = readToolchain();
  const cache = new BuildCache(join(folder, 'cache'));
  cache.store(buildKey(HEAD ?? '', toolchain), ROOT, { commit: HEAD, dirty: false, toolchain });
}

describe('the command line of the gate', () => {
  it('explains itself', () => {
    const { code, stdout } = run(['--help']);
    expect(code).toBe(0);
    expect(stdout).toContain('npm run gate -- --base v1.2.0');
  });

  it.each([
    [['--bugdet', '3'], 'did you mean "budget"?'],
    [['--metric', 'throughput_op_per_s'], 'did you mean "throughput_ops_per_s"?'],
    [['--metric', 'nothing'], 'throughput_ops_per_s of tcp/depth=16,sessions=200 · cpu_ns_per_op of'],
    [['--case', 'udp*'], 'no gated case matches "udp*"\nGated are tcp/depth=16,sessions=200 · tcp/load=open'],
    [['--case', 'tcp/load=open*', '--metric', 'cpu*'], 'nothing gated matches "cpu*" in these cases'],
    [['main'], 'the gate takes options alone; got "main"'],
    [['selftest'], 'selftest takes one of --aa N'],
    [['selftest', '--inject', '5', '--kind', 'spni', '--bank', 'b'], 'did you mean "spin"?'],
  ])('exits 2 for %j and says what to do', (args, message) => {
    const { code, stdout, stderr } = run(args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain(message);
  });

  it('explains and reports the self-test', () => {
    expect(run(['selftest', '--help']).stdout).toContain('npm run gate -- selftest --aa 600');
    const { code, stdout, stderr } = run(['selftest', '--report', '--evidence', 'evidence']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain('Wanted and there:');
    expect(readFileSync(join(folder, 'evidence', 'README.md'), 'utf8')).toContain(
      'Nothing was measured yet.',
    );
    const stray = { npm_lifecycle_event: 'gate', npm_config_aa: 'true' };
    expect(run(['selftest', '600'], stray).stderr).toContain('npm run gate -- selftest --aa 600');
  });

  it('notices options that npm kept for itself', () => {
    const { code, stderr } = run([], { npm_lifecycle_event: 'gate', npm_config_allow_inconclusive: 'true' });
    expect(code).toBe(2);
    expect(stderr).toContain('npm run gate -- --allow-inconclusive');
  });

  it('exits 1 for --instructions without valgrind, before anything is built, and names the package', () => {
    const tools = join(folder, 'tools');
    mkdirSync(tools);
    const git = spawnSync('sh', ['-c', 'command -v git'], { encoding: 'utf8' }).stdout.trim();
    symlinkSync(git, join(tools, 'git'));
    const { code, stdout, stderr } = run(['--instructions', '--base', 'HEAD'], { PATH: tools });
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toContain('apt-get install -y valgrind');
    expect(existsSync(join(folder, 'cache'))).toBe(false);
  });

  it.skipIf(!hasValgrind || HEAD === null)(
    'exits 5 for --instructions where the base stores no counts for the toolchain',
    () => {
      const { code, stderr } = run(['--instructions', '--base', 'HEAD'], {
        CXXFLAGS: '-DNOBODY_STORES_THIS',
      });
      expect(stderr).toContain('stores no counts for');
      expect(code).toBe(5);
      expect(existsSync(join(folder, 'cache'))).toBe(false);
    },
  );

  it.runIf(HEAD !== null)('exits 2 for a base that git does not know, before anything is built', () => {
    const { code, stderr } = run(['--base', 'no-such-commit']);
    // In a shallow clone it may only not have been fetched.
    expect([2, 4]).toContain(code);
    expect(stderr).toContain('no-such-commit');
    expect(existsSync(join(folder, 'cache'))).toBe(false);
  });
});

describe.runIf(HEAD !== null)('a gate against a base that is built', () => {
  it('says where builds cannot be kept, why, and how another place is named', () => {
    writeFileSync(join(folder, 'taken'), '');
    const cache = join(folder, 'taken', 'cache');
    const { code, stdout, stderr } = run(['--base', 'HEAD'], { MSGTRANS_GATE_CACHE: cache });
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toContain(`builds cannot be kept in ${cache} (ENOTDIR)`);
    expect(stderr).toContain('MSGTRANS_GATE_CACHE');
    expect(readdirSync(folder).filter((name) => name.endsWith('.lock'))).toEqual([]);
  });

  it('leaves invocations, a verdict that follows from them, and its summaries', () => {
    cacheHead();
    const files = ['--json', 'v.json', '--junit', 'v.xml', '--markdown', 'v.md', '--html', 'v.html'];
    const typedFrom = mkdtempSync(join(folder, 'typed-from-'));
    const asTyped = { INIT_CWD: typedFrom };
    const { code, stdout, stderr } = run([...SHORT, ...files, '--seed', '5', '--no-progress'], asTyped);
    expect(stderr).toContain(`gate: against ${HEAD?.slice(0, 12)} (--base HEAD), 1 metrics, seed 5`);
    expect(stdout).toContain('gate: INCONCLUSIVE');
    expect(code).toBe(4);
    const raw = join(folder, 'runs', 'latest', 'invocations.ndjson');
    const text = readFileSync(join(typedFrom, 'v.json'), 'utf8');
    expect(readFileSync(join(folder, 'runs', 'latest', 'verdict.json'), 'utf8')).toBe(text);
    expect(`${JSON.stringify(judgeRaw(readRawFile(raw)).file, null, 1)}\n`).toBe(text);
    const page = readFileSync(join(folder, 'runs', 'latest', 'report.html'), 'utf8');
    expect(page).toContain('<title>Performance gate: inconclusive</title>');
    expect(readFileSync(join(typedFrom, 'v.html'), 'utf8')).toBe(page);
    expect(readFileSync(join(typedFrom, 'v.xml'), 'utf8')).toContain('<testsuite name="gate"');
    expect(readFileSync(join(typedFrom, 'v.md'), 'utf8')).toContain('### Performance gate: inconclusive');
    const [line, ...others] = readHistoryFile(gateHistoryPath(join(folder, 'runs')));
    expect(others).toEqual([]);
    expect(line).toMatchObject({ metric: 'throughput_ops_per_s', gateVerdict: 'inconclusive', exitCode: 4 });
    expect(line.gate).toBe(`${JSON.parse(text).startedAt} 5`);
  }, 180_000);

  it('passes without measuring when the base serves the same files', () => {
    cacheHead();
    const { code, stdout } = run(['--base', 'HEAD', '--junit', 'v.xml', '--markdown', 'v.md']);
    expect(stdout).toContain("the served files are identical to the base's");
    expect(code).toBe(0);
    expect(existsSync(join(folder, 'runs', 'latest', 'invocations.ndjson'))).toBe(false);
    expect(readFileSync(join(folder, 'v.md'), 'utf8')).toBe('');
    expect(readFileSync(join(folder, 'v.xml'), 'utf8')).toContain('tests="1" failures="0"');
    const lines = readHistoryFile(gateHistoryPath(join(folder, 'runs')));
    expect(lines).toMatchObject([{ comparison: 'identical-files', case: null, gateVerdict: 'pass' }]);
  }, 60_000);

  it('ends in order at SIGINT: no builder, no tree and no lock stays behind', async () => {
    const child = spawn(process.execPath, [COMMAND, '--base', 'HEAD'], {
      ...{ env: environment(), stdio: ['ignore', 'ignore', 'pipe'], cwd: folder },
    });
    started.push(child);
    let stderr = '';
    child.stderr.on('data', (text) => {
      stderr += text;
    });
    const exited = once(child, 'exit');
    while (!stderr.includes('building the base')) await once(child.stderr, 'data');
    // Who waits meanwhile has to know that a base may be built.
    const [lock] = readdirSync(folder).filter((name) => name.endsWith('.lock'));
    expect(JSON.parse(readFileSync(join(folder, lock), 'utf8')).heldMsMax).toBeGreaterThan(BUILD_MS_MAX);
    child.kill('SIGINT');
    expect(await exited).toEqual([130, null]);
    expect(new Git(ROOT).ask('worktree', 'list')).not.toContain(folder);
    expect(readdirSync(join(folder, 'cache', 'work'))).toEqual([]);
    expect(readdirSync(folder).filter((name) => name.endsWith('.lock'))).toEqual([]);
  }, 120_000);
});

describe('a gate without a base build', () => {
  it('needs a stored baseline, and says that it is missing and why it was asked for', () => {
    const { code, stderr } = run(['--anchor']);
    // Once there is a release, the anchor is that.
    if (new Git(ROOT).ask('describe', '--tags', '--match', 'v[0-9]*') !== null || new Git(ROOT).isShallow())
      return;
    expect(stderr).toContain('gate: no base build (there is no anchor');
    expect(stderr).toContain(
      'promote a build (npm run baseline -- promote NAME), tag a release, or name a commit',
    );
    expect(stderr).toContain('--save-baseline anchor');
    expect(code).toBe(5);
  });

  it('maps only inconclusive to 0 with --allow-inconclusive', () => {
    const { code } = run(['--allow-inconclusive', '--base', 'no-such-commit']);
    expect(code).toBe(new Git(ROOT).isShallow() ? 0 : 2);
  });
});
