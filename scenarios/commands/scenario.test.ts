import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  type BaselineFile,
  baselineFileOf,
  baselineText,
  type StoredRun,
} from '../../ci/baseline-store/baseline-file.js';
import type { RunRecord } from '../harness/record.js';

/** The command as a person runs it: built code, real processes, tiny loads. `npm test` builds before it tests. */

const ROOT = join(import.meta.dirname, '..', '..');
const COMMAND = join(ROOT, 'dist', 'scenarios', 'commands', 'scenario.js');
const canMount = spawnSync('unshare', ['-rm', 'true']).status === 0;
const TIMEOUT_MS = 120_000;

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'msgtrans-command-'));
});
const started: ChildProcess[] = [];
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
    ...more,
  };
}

function run(args: string[], more: Record<string, string> = {}) {
  const result = spawnSync(process.execPath, [COMMAND, ...args], {
    env: environment(more),
    encoding: 'utf8',
    cwd: folder,
    timeout: TIMEOUT_MS,
  });
  return { code: result.status, stdout: result.stdout, stderr: result.stderr };
}

const TINY = [
  'concurrent-1k',
  '--case',
  'tcp',
  '--set',
  'sessions=100',
  '--arm',
  'limit,baseline',
  '--duration',
  '100ms',
];

function readRecord(path = join(folder, 'runs', 'latest', 'record.json')): RunRecord {
  return JSON.parse(readFileSync(path, 'utf8')) as RunRecord;
}

function childrenOf(pid: number): number[] {
  const text = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8');
  return text.trim().split(' ').filter(Boolean).map(Number);
}

function isAlive(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

async function until(condition: () => boolean): Promise<void> {
  const deadline = performance.now() + 60_000;
  while (!condition()) {
    if (performance.now() > deadline) throw new Error('waited in vain');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** A long run, once both servers and the generator are up and sessions are open. */
async function startLong(args = [...TINY, '--duration', '3s']) {
  const child = spawn(process.execPath, [COMMAND, ...args], { env: environment(), cwd: folder });
  started.push(child);
  let output = '';
  child.stdout?.on('data', (chunk) => (output += chunk));
  child.stderr?.on('data', (chunk) => (output += chunk));
  const ended = new Promise<number | null>((resolve) => child.once('close', (code) => resolve(code)));
  let servers: number[] = [];
  await until(() => {
    if (child.exitCode !== null) throw new Error(`ended with ${child.exitCode} too early: ${output}`);
    const pids = childrenOf(child.pid as number);
    servers = pids.filter((pid) => isServing(pid));
    return servers.length === 3;
  });
  return { child: child as ChildProcess & { pid: number }, ended, servers, output: () => output };
}

/** Many descriptors are open sessions: the case is under way. */
function isServing(pid: number): boolean {
  try {
    return readdirSync(`/proc/${pid}/fd`).length > 100;
  } catch {
    return false;
  }
}

describe('without measuring', () => {
  it('lists scenarios with a line each, and explains itself', () => {
    const list = run(['--list']);
    expect(list).toMatchObject({ code: 0, stderr: '' });
    expect(list.stdout).toMatch(/^concurrent-1k\s+1 000 TCP sessions/m);
    expect(run(['--help']).stdout).toMatch(/Exit codes: 0 pass/);
  });

  it.each([
    [['concurent-1k'], /did you mean "concurrent-1k"\?[\s\S]*--list/],
    [['../concurrent-1k'], /there is no scenario/],
    [['concurrent-1k', '--quik'], /did you mean "quick"/],
    [['concurrent-1k', '--arm', 'nativ'], /did you mean "native"/],
    [['concurrent-1k', '--case', 'udp'], /no case matches "udp"/],
    [['concurrent-1k', '--set', 'depth=zero', '--case', 'tcp'], /depth is a whole number/],
    [['concurrent-1k', '--arm', 'limit', '--save-baseline', 'x'], /needs the arms native and baseline/],
    [['concurrent-1k', '--quick', '--save-baseline', 'x'], /would not be added: a quick run is too short/],
    [['concurrent-1k', '--save-baseline', 'x.json'], /not ending like a file, .*; got "x.json"/],
    [[], /which scenario/],
  ])('refuses %j with exit 2', (args, message) => {
    const result = run(args);
    expect(result.code).toBe(2);
    expect(result.stderr).toMatch(message);
    expect(result.stdout).toBe('');
  });

  it('notices options that npm kept', () => {
    const result = run(['concurrent-1k', '5'], {
      npm_lifecycle_event: 'scenario',
      npm_config_repeat: 'true',
    });
    expect(result.code).toBe(2);
    expect(result.stderr).toContain('npm run scenario concurrent-1k -- --repeat 5');
  });

  it('shows every problem of a scenario file with exit 2', () => {
    writeFileSync(join(folder, 'broken.yaml'), 'name: broken\ntitle: 7\narms: [nativ]\ncase: {}\n');
    const result = run(['broken'], { MSGTRANS_SCENARIOS_DIR: folder });
    expect(result.code).toBe(2);
    for (const place of ['2:8', '3:8', '4:1']) expect(result.stderr).toContain(`broken.yaml:${place}:`);
  });

  it('ends with 5 for a stored baseline that is missing or damaged, before anything is started', () => {
    const missing = run(['concurrent-1k', '--baseline', 'main']);
    expect(missing.code).toBe(5);
    expect(missing.stderr).toMatch(/baselines\/main\/concurrent-1k\.json; make one with/);
    mkdirSync(join(folder, 'baselines', 'main'), { recursive: true });
    writeFileSync(join(folder, 'baselines', 'main', 'concurrent-1k.json'), '{');
    expect(run(['concurrent-1k', '--baseline', 'main'])).toMatchObject({ code: 5 });
    expect(existsSync(join(folder, 'runs'))).toBe(false);
  });
});

describe('a measured run', () => {
  it('prints a table, writes record, report and copies, and prunes', () => {
    mkdirSync(join(folder, 'runs', '20200101T000000Z-concurrent-1k-1'), { recursive: true });
    const copies = ['--json', 'copy.json', '--html', 'copy.html', '--keep', '1', '--seed', '42'];
    const result = run([...TINY, '--repeat', '2', '--no-progress', ...copies]);
    expect(result.stderr.split('\n')).toHaveLength(2);
    expect(result.code).toBe(0);
    expect(result.stdout).toMatch(/^tcp\/sessions=100\n {2}arm +operations\/s/m);
    expect(result.stdout).toMatch(/ledger: .* sent, .* delivered, 0 lost/);
    expect(result.stdout).toMatch(/noise: a fixed 4 ms kernel/);
    expect(result.stdout).toMatch(/concurrent-1k: no message lost; pass/);
    const folders = readdirSync(join(folder, 'runs')).filter((name) => name !== 'latest');
    expect(folders).toEqual([expect.stringMatching(/^\d{8}T\d{6}Z-concurrent-1k-42$/)]);
    expect(result.stdout).toContain(join(folder, 'runs', folders[0], 'record.json'));
    expect(result.stdout).toContain(join(folder, 'runs', folders[0], 'report.html'));
    const record = readRecord();
    expect(readRecord(join(folder, 'copy.json'))).toEqual(record);
    expect(readFileSync(join(folder, 'copy.html'), 'utf8')).toContain('concurrent-1k');
    expect(record).toMatchObject({ schema: 'msgtrans.run/1', seed: 42, interrupted: false, exitCode: 0 });
    const { arms } = record.cases['tcp/sessions=100'];
    for (const arm of ['limit', 'baseline']) {
      const { ledger, metrics, rounds } = arms[arm];
      expect(ledger.sent).toBeGreaterThan(0);
      expect(ledger.delivered).toBe(ledger.sent);
      expect(metrics.throughput_ops_per_s.n).toBe(2);
      expect(rounds).toHaveLength(2);
    }
    expect(Object.keys(arms).sort()).toEqual(['baseline', 'limit']);
  }, 60_000);

  it('fails with 6 for a missed number only with --strict, and never in a quick run', () => {
    const scenario = `name: tiny
title: A tiny one
defaults: { sessions: 5 }
arms: [limit]
cases: { tcp: { checks: [{ id: fast, metric: throughput_ops_per_s, arm: limit, valueMin: 1.0e+15 }] } }
`;
    writeFileSync(join(folder, 'tiny.yaml'), scenario);
    const here = { MSGTRANS_SCENARIOS_DIR: folder };
    const args = ['tiny', '--repeat', '5', '--duration', '100ms'];
    const strict = run([...args, '--strict'], here);
    expect(strict.code).toBe(6);
    expect(strict.stdout).toMatch(/MISSED.*limit ≥ 1000000000000000/);
    expect(run(args, here).code).toBe(0);
    expect(run([...args, '--strict', '--quick'], here).code).toBe(0);
  }, 120_000);

  it('fails with 6 when a server is killed, and says so', async () => {
    const { child, ended, servers } = await startLong([...TINY, '--duration', '3s', '--repeat', '1']);
    const victim = servers.find((pid) => readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('baseline'));
    process.kill(victim as number, 'SIGKILL');
    expect(await ended).toBe(6);
    const { errors } = readRecord().cases['tcp/sessions=100'].arms.baseline;
    expect(errors).toHaveLength(1);
    expect(isAlive(child.pid)).toBe(false);
  }, 120_000);

  it.skipIf(!canMount)(
    'prints its numbers and fails with 1 when the disk is full',
    () => {
      const mount = 'mkdir runs && mount -t tmpfs -o size=40k tmpfs runs && exec "$0" "$@"';
      const args = ['-rm', 'sh', '-c', mount, process.execPath, COMMAND, ...TINY, '--repeat', '1'];
      const result = spawnSync('unshare', args, {
        env: environment(),
        encoding: 'utf8',
        cwd: folder,
        timeout: TIMEOUT_MS,
      });
      expect(result.status).toBe(1);
      expect(result.stdout).toMatch(/could not be written \(ENOSPC\); what was there before is unchanged/);
      expect(result.stdout).toMatch(/^tcp\/sessions=100$/m);
    },
    60_000,
  );
});

describe('stored baselines', () => {
  const args = [...TINY, '--arm', 'native,baseline', '--repeat', '5'];
  const path = () => join(folder, 'baselines', 'main', 'concurrent-1k.json');
  const stored = () => JSON.parse(readFileSync(path(), 'utf8')) as BaselineFile;
  const rewrite = (runs: StoredRun[]) =>
    writeFileSync(path(), baselineText(baselineFileOf('main', 'concurrent-1k', runs)));
  // A checkout with changes is refused, and this one may have some; without git there is no telling.
  const withoutGit = { GIT_DIR: '/nonexistent' };

  it('are added to, compared with, and decide from five runs on', () => {
    const saved = run([...args, '--save-baseline', 'main'], withoutGit);
    expect(saved.code, saved.stderr).toBe(0);
    expect(saved.stdout).toMatch(/which now holds 1 run\b/);
    const [first] = stored().runs;

    const warned = run([...args, '--baseline', 'main']);
    expect(warned.code).toBe(0);
    expect(warned.stdout).toMatch(/holds 1 comparable run; it only warns below 5/);
    const against = readRecord().comparisons.filter((each) => each.against === 'stored:main');
    expect(against.map((each) => each.metric)).toContain('throughput_ops_per_s');

    // Five runs a thousand times better than this build can be.
    const better = structuredClone(first);
    for (const body of Object.values(better.cases)) {
      for (const metric of Object.values(body.metrics)) metric.ratio *= 1_000;
    }
    rewrite(Array.from({ length: 5 }, (_, seed) => ({ ...better, seed })));
    // What fails is not stored beside them, and keeps its own exit code.
    const slower = run([...args, '--baseline', 'main', '--save-baseline', 'main'], withoutGit);
    expect(slower.code).toBe(3);
    expect(slower.stdout).toMatch(/slower \[.*\] than the stored baseline main/);
    expect(slower.stdout).toMatch(/was not added to the baseline main: its verdict is fail/);
    expect(stored().runs).toHaveLength(5);

    rewrite([{ ...first, fingerprint: 'another machine' }]);
    const foreign = run([...args, '--baseline', 'main']);
    expect(foreign.code).toBe(5);
    expect(foreign.stderr).toContain(path());
  }, 120_000);
});

describe('an interruption', () => {
  it.each(['SIGINT', 'SIGTERM'] as const)(
    'by %s reaps the children and leaves a record marked interrupted, exit 130',
    async (signal) => {
      const { child, ended, servers, output } = await startLong();
      child.kill(signal);
      expect(await ended).toBe(130);
      expect(servers.map(isAlive)).toEqual([false, false, false]);
      expect(readRecord()).toMatchObject({ interrupted: true, verdict: 'inconclusive', exitCode: 130 });
      expect(output()).toContain('interrupted');
      expect(readdirSync(folder).filter((name) => name.endsWith('.lock'))).toEqual([]);
    },
    120_000,
  );

  it('by a second signal kills at once, even a child that is stopped', async () => {
    const { child, ended, servers } = await startLong();
    // A stopped process takes no SIGTERM; only SIGKILL ends it.
    for (const pid of servers) process.kill(pid, 'SIGSTOP');
    child.kill('SIGINT');
    await new Promise((resolve) => setTimeout(resolve, 100));
    child.kill('SIGINT');
    expect(await ended).toBe(130);
    await until(() => !servers.some(isAlive));
  }, 120_000);

  it('by SIGKILL leaves no child behind either, and the next run takes the lock over', async () => {
    const { child, ended, servers } = await startLong();
    child.kill('SIGKILL');
    await ended;
    await until(() => !servers.some(isAlive));
    expect(run([...TINY, '--repeat', '1']).code).toBe(0);
  }, 120_000);
});

describe('two runs at once', () => {
  it('wait for each other, saying for whom', async () => {
    const first = await startLong([...TINY, '--duration', '3s', '--repeat', '1']);
    const second = spawn(process.execPath, [COMMAND, ...TINY, '--repeat', '1'], {
      env: environment(),
      cwd: folder,
    });
    started.push(second);
    let said = '';
    second.stderr.on('data', (chunk) => (said += chunk));
    const secondEnded = new Promise<number | null>((resolve) => second.once('close', resolve));
    await until(() => said.includes('waiting for'));
    expect(said).toContain(`waiting for scenario concurrent-1k (process ${first.child.pid}, since`);
    expect(await first.ended).toBe(0);
    expect(await secondEnded).toBe(0);
  }, 120_000);
});
