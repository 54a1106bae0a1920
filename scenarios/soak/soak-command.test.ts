import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
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
import type { RunRecord } from '../harness/record.js';

/** The command as a person runs it: built code, real processes, small loads. `npm test` builds before it tests. */

const ROOT = join(import.meta.dirname, '..', '..');
const COMMAND = join(ROOT, 'dist', 'scenarios', 'commands', 'scenario.js');
const REPORT = join(ROOT, 'dist', 'reports', 'commands', 'report.js');
const TIMEOUT_MS = 120_000;

const SCENARIO = `kind: soak
name: small
title: A soak of seconds
soak:
  durationSeconds: 6
  quickSeconds: 3
  checkpointSeconds: 1
  sampleSeconds: 1
  broadcastsPerSecond: 10
  arms:
    native: { sessions: 8, requestsPerSecond: 100, oneWayPerSecond: 50, largePerSecond: 2, churnPerSecond: 2 }
    baseline: { sessions: 2, requestsPerSecond: 20, oneWayPerSecond: 10, largePerSecond: 1, churnPerSecond: 1 }
  phases:
    - { kind: steady, seconds: 1 }
    - { kind: resets, seconds: 1, perSecond: 4 }
    - { kind: storm, seconds: 1, share: 0.5 }
`;

let folder: string;
const started: ChildProcess[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'msgtrans-soak-'));
  mkdirSync(join(folder, 'scenarios'));
  writeFileSync(join(folder, 'scenarios', 'small.yaml'), SCENARIO);
});
afterEach(() => {
  for (const child of started.splice(0)) child.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

/** The temporary folder is a test's own, and with it the machine-wide lock. */
function environment(): NodeJS.ProcessEnv {
  const own = { ...process.env };
  for (const key of Object.keys(own)) if (key.startsWith('npm_')) delete own[key];
  return {
    ...own,
    TMPDIR: folder,
    MSGTRANS_RUNS_DIR: join(folder, 'runs'),
    MSGTRANS_SCENARIOS_DIR: join(folder, 'scenarios'),
  };
}

function run(...args: string[]) {
  const result = spawnSync(process.execPath, [COMMAND, 'small', '--no-progress', ...args], {
    env: environment(),
    encoding: 'utf8',
    cwd: folder,
    timeout: TIMEOUT_MS,
  });
  return { code: result.status, stdout: result.stdout, stderr: result.stderr };
}

function begin(...args: string[]): ChildProcess {
  const child = spawn(process.execPath, [COMMAND, 'small', '--no-progress', ...args], {
    env: environment(),
    cwd: folder,
    stdio: ['ignore', 'ignore', 'ignore'],
  });
  started.push(child);
  return child;
}

const latest = (...path: string[]) => join(folder, 'runs', 'latest', ...path);
const readRecord = () => JSON.parse(readFileSync(latest('record.json'), 'utf8')) as RunRecord;

/** A length by which the run has so many seconds left. */
function workedAnd(seconds: number): string {
  return `${Math.ceil((readRecord().soak?.measuredSeconds ?? 0) + seconds)}s`;
}

function checkpointsWritten(): number {
  const path = latest('checkpoints');
  if (!existsSync(path)) return 0;
  const text = readdirSync(path).map((name) => readFileSync(join(path, name), 'utf8'));
  return text.join('').split('"kind":"checkpoint"').length - 1;
}

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 20));
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

function expectEven(record: RunRecord): void {
  for (const { ledger } of Object.values(record.cases['tcp/load=mixed'].arms)) {
    expect(ledger).toMatchObject({ lost: 0, duplicated: 0, reordered: 0, corrupted: 0, droppedCounted: 0 });
    expect(ledger.sent).toBe(ledger.delivered + ledger.unacknowledgedAtClose);
    expect(ledger.delivered).toBeGreaterThan(0);
  }
  expect(record.checks.filter(({ verdict }) => verdict === 'fail')).toEqual([]);
}

describe('a soak', () => {
  it('accounts for every message, writes what it saw, and says that it was too short', {
    timeout: TIMEOUT_MS,
  }, () => {
    const { code, stdout, stderr } = run('--quick', '--seed', '3');
    expect(stderr).toContain('native and baseline for 3 s, seed 3');
    expect(stdout).toContain('JavaScript heap after collection: too short to judge');
    expect(stdout).toMatch(/small: native worked for \d+ s; too short to find a leak; no message lost; pass/);
    expect(code).toBe(0);
    const record = readRecord();
    expectEven(record);
    expect(record.soak).toMatchObject({ running: false, gaps: [], plant: null });
    const kinds = record.soak?.phases.map(({ kind }) => kind) ?? [];
    expect(kinds.length).toBeGreaterThan(0);
    // Steady work is not marked, and a machine that stands still may miss a phase of a quarter of a second.
    expect(kinds.filter((kind) => kind !== 'resets' && kind !== 'storm')).toEqual([]);
    const { series } = record.cases['tcp/load=mixed'].arms.native;
    const gauges = ['heapUsedBytes', 'mallocBytes', 'slicesLent', 'descriptors', 'sessionsOpen', 'rssBytes'];
    for (const gauge of gauges) {
      expect(series[gauge].values.every((value) => value !== null)).toBe(true);
    }
    expect(existsSync(latest('report.html'))).toBe(true);
  });

  it('goes on from its last checkpoint after SIGKILL, and the gap is known', {
    timeout: TIMEOUT_MS,
  }, async () => {
    const child = begin('--seed', '4', '--duration', '1h');
    await until(() => checkpointsWritten() >= 2);
    const children = childrenOf(child.pid as number);
    child.kill('SIGKILL');
    await once(child, 'exit');
    // They read the end of their standard input.
    await until(() => children.every((pid) => !isAlive(pid)));
    // What it had written by then makes a page already.
    const page = spawnSync(process.execPath, [REPORT, latest(), '--html', join(folder, 'page.html')], {
      env: environment(),
      encoding: 'utf8',
    });
    expect([page.stderr, page.status]).toEqual(['', 0]);
    expect(readRecord().soak?.running).toBe(true);
    const before = checkpointsWritten();
    const { code, stderr } = run('--resume', '--duration', workedAnd(6));
    expect([code, stderr.includes('seed 4')]).toEqual([0, true]);
    const record = readRecord();
    expectEven(record);
    expect(record.soak?.lives).toHaveLength(2);
    expect(record.soak?.gaps).toMatchObject([{ reason: 'the run was killed' }]);
    expect(record.soak?.checkpoints).toBeGreaterThan(before);
    // All of it was done: there is nothing left to go on with.
    const again = run('--resume', '--duration', '1s');
    expect(again.code).toBe(2);
    expect(again.stderr).toContain('all that it was to; a longer --duration goes on');
  });

  it('ends in order on SIGINT with what it has, exit 130, and can go on', {
    timeout: TIMEOUT_MS,
  }, async () => {
    const child = begin('--duration', '1h');
    await until(() => checkpointsWritten() >= 1);
    const children = childrenOf(child.pid as number);
    child.kill('SIGINT');
    const [code] = await once(child, 'exit');
    expect(code).toBe(130);
    await until(() => children.every((pid) => !isAlive(pid)));
    const record = readRecord();
    expectEven(record);
    expect(record).toMatchObject({ interrupted: true, verdict: 'inconclusive', exitCode: 130 });
    expect(record.reasons[0]).toBe('interrupted: --resume goes on from its last checkpoint');
    expect(run('--resume', '--duration', workedAnd(4)).code).toBe(0);
    expect(readRecord().soak?.gaps).toMatchObject([{ reason: 'the run was interrupted' }]);
  });

  it('fails when a process of it dies, keeps what it had, and can go on', {
    timeout: TIMEOUT_MS,
  }, async () => {
    const child = begin('--duration', '1h');
    await until(() => checkpointsWritten() >= 1);
    const children = childrenOf(child.pid as number);
    process.kill(children[0], 'SIGKILL');
    const [code] = await once(child, 'exit');
    expect(code).toBe(1);
    await until(() => children.every((pid) => !isAlive(pid)));
    const record = readRecord();
    expect(record).toMatchObject({ interrupted: false, verdict: 'fail', exitCode: 1 });
    expect(record.reasons[0]).toContain('was ended by SIGKILL');
    expect(run('--resume', '--duration', workedAnd(4)).code).toBe(0);
    expect(readRecord().soak?.gaps).toMatchObject([{ reason: 'the run failed' }]);
  });

  it('refuses checkpoints that are not its own', { timeout: TIMEOUT_MS }, () => {
    expect(run('--resume').stderr).toContain('there is none of this scenario');
    expect(run('--quick').code).toBe(0);
    writeFileSync(join(folder, 'scenarios', 'small.yaml'), `${SCENARIO}# changed\n`);
    const changed = run('--resume', '--duration', '9s');
    expect(changed.code).toBe(1);
    expect(changed.stderr).toContain('the scenario file as it was before it was changed');
    writeFileSync(join(folder, 'scenarios', 'small.yaml'), SCENARIO);
    const path = latest('checkpoints', 'segment-00001.ndjson');
    writeFileSync(path, readFileSync(path, 'utf8').replace('"stealPercent"', '"stealPercenT"'));
    const broken = run('--resume', '--duration', '9s');
    expect(broken.code).toBe(1);
    expect(broken.stderr).toMatch(/segment-00001.ndjson:3: its checksum does not fit/);
  });

  it('knows which options are its own', () => {
    expect(run('--case', 'tcp', '--repeat', '3').stderr).toContain('which does not know --case, --repeat');
    expect(run('--arm', 'limit').stderr).toContain('small has no arm limit; it has native, baseline');
    expect(run('--arm', 'baseline', '--plant', 'js').stderr).toContain('--plant leaks in the arm native');
  });
});
