import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import {
  type BaselineFile,
  baselineFileOf,
  baselineText,
  type StoredRun,
} from '../../ci/baseline-store/baseline-file.js';
import { runRecordSchema } from '../../reports/record-file/record-schema.js';
import { SUITES } from '../registry.js';

/** The command as a person runs it: built code, a process of its own. `npm test` builds before it tests. */

const ROOT = join(import.meta.dirname, '..', '..');
const COMMAND = join(ROOT, 'dist', 'suites', 'commands', 'suite.js');
const TINY = [
  'event-queue',
  '--quick',
  '--rounds',
  '1',
  '--case',
  '*batch=16,consumers=1,*',
  '--arm',
  'native,baseline',
];

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'msgtrans-suite-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

const ownPlaces = () => ({
  MSGTRANS_RUNS_DIR: join(folder, 'runs'),
  MSGTRANS_BASELINES_DIR: join(folder, 'baselines'),
});

/** The temporary folder is a test's own, and with it the machine-wide lock. */
function run(args: string[], more: Record<string, string> = {}) {
  const own = { ...process.env };
  for (const key of Object.keys(own)) if (key.startsWith('npm_') || key === 'INIT_CWD') delete own[key];
  const { status, stdout, stderr } = spawnSync(process.execPath, [COMMAND, ...args], {
    env: { ...own, TMPDIR: folder, ...ownPlaces(), ...more },
    encoding: 'utf8',
    cwd: folder,
    timeout: 120_000,
  });
  return { code: status, stdout, stderr };
}

describe('npm run suite', () => {
  it('lists every suite with its cases', () => {
    const { code, stdout } = run(['--list']);
    expect(code).toBe(0);
    for (const { name, title, cases } of SUITES) {
      expect(stdout).toContain(`${name}  ${title}`);
      for (const each of cases) expect(stdout).toContain(`  ${each.name}: `);
    }
  });

  it('leaves a table, a record that the report takes, and the report', () => {
    const { code, stdout, stderr } = run([...TINY, '--seed', '5', '--json', 'r.json', '--html', 'r.html']);
    expect(stderr).toContain('event-queue: 1 cases, 1 rounds, seed 5');
    expect(code).toBe(0);
    expect(stdout).toContain('hand-over/batch=16,consumers=1,producers=1');
    const record = JSON.parse(readFileSync(join(folder, 'r.json'), 'utf8'));
    expect(runRecordSchema.safeParse(record).error).toBeUndefined();
    expect(record).toMatchObject({ scenario: 'suite:event-queue', seed: 5, exitCode: 0 });
    const [body] = Object.values<{ arms: object }>(record.cases);
    expect(Object.keys(body.arms)).toEqual(['native', 'baseline']);
    expect(readFileSync(join(folder, 'r.html'), 'utf8')).toContain('suite:event-queue');
    const kept = join(folder, 'runs', 'latest', 'record.json');
    expect(readFileSync(kept, 'utf8')).toBe(readFileSync(join(folder, 'r.json'), 'utf8'));
    expect(existsSync(join(folder, 'runs', 'latest', 'report.html'))).toBe(true);
  }, 120_000);

  it('ends in order at SIGINT, and keeps what it has', async () => {
    const child = spawn(process.execPath, [COMMAND, 'event-queue', '--no-progress'], {
      env: {
        ...process.env,
        npm_lifecycle_event: '',
        TMPDIR: folder,
        MSGTRANS_RUNS_DIR: join(folder, 'runs'),
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    onTestFinished(() => void child.kill('SIGKILL'));
    let stderr = '';
    child.stderr.on('data', (text) => {
      stderr += text;
    });
    const exited = once(child, 'exit');
    while (!stderr.includes('event-queue: 5 cases')) await once(child.stderr, 'data');
    child.kill('SIGINT');
    expect(await exited).toEqual([130, null]);
    const record = JSON.parse(readFileSync(join(folder, 'runs', 'latest', 'record.json'), 'utf8'));
    expect(runRecordSchema.safeParse(record).error).toBeUndefined();
    expect(record).toMatchObject({ interrupted: true, verdict: 'inconclusive', exitCode: 130 });
  }, 120_000);

  it('says what cannot be written, with the numbers all the same, and exits 1', () => {
    const { code, stdout } = run([...TINY, '--json', join(folder, 'no', 'such', 'r.json')]);
    expect(stdout).toContain('operations/s');
    expect(stdout).toContain('no/such/r.json');
    expect(code).toBe(1);
  }, 120_000);

  it.each([
    [['numma'], 'no suite is named "numma"; did you mean "numa"?'],
    [['--case', 'nothing-like-it'], '--case: no case matches "nothing-like-it"'],
    [['--arm', 'rival:tbbb'], 'did you mean "rival:tbb"?'],
    [['--rounds', 'many'], '--rounds is a whole number from 1 to 1000; got "many"'],
    [['--bogus'], 'unknown option --bogus'],
  ])('exits 2 for %j and says what to do', (args, message) => {
    const { code, stdout, stderr } = run(args);
    expect(stderr).toContain(message);
    expect(stdout).toBe('');
    expect(code).toBe(2);
  });

  it('notices options that npm kept for itself', () => {
    const { code, stderr } = run(['numa'], { npm_lifecycle_event: 'suite', npm_config_quick: 'true' });
    expect(stderr).toContain('npm run suite numa -- --quick');
    expect(code).toBe(2);
  });
});

describe('stored baselines of suites', () => {
  const path = () => join(folder, 'baselines', 'main', 'suite-event-queue.json');
  // A checkout with changes is refused, and this one may have some; without git there is no telling.
  const withoutGit = { GIT_DIR: '/nonexistent' };

  it('are added to, compared with, and refused where they are of other sources or machines', () => {
    const reading = ['session-directory', '--case', 'read/threads=1', '--arm', 'native,baseline'];
    const saved = run([...reading, '--rounds', '5', '--save-baseline', 'main'], withoutGit);
    expect(saved.code, saved.stderr).toBe(0);
    const path = join(folder, 'baselines', 'main', 'suite-session-directory.json');
    expect(saved.stdout).toContain(`note: added to the stored baseline ${path}, which now holds 1 run`);
    const [first] = (JSON.parse(readFileSync(path, 'utf8')) as BaselineFile).runs;
    expect(first.cases['read/threads=1'].metrics.throughput_ops_per_s.rounds).toHaveLength(5);
    const rewrite = (runs: StoredRun[]) =>
      writeFileSync(path, baselineText(baselineFileOf('main', 'suite:session-directory', runs)));

    // Five runs a thousand times better than this build can be.
    const better = structuredClone(first);
    for (const metric of Object.values(better.cases['read/threads=1'].metrics)) metric.ratio *= 1_000;
    rewrite(Array.from({ length: 5 }, (_, seed) => ({ ...better, seed })));
    const slower = run([...reading, '--quick', '--rounds', '1', '--baseline', 'main']);
    expect(slower.code, slower.stderr).toBe(0);
    expect(slower.stdout).toMatch(/throughput_ops_per_s is .* slower .*than the stored baseline main/);
    expect(slower.stdout).toContain('only warns, because a quick run is not judged');
    const record = JSON.parse(readFileSync(join(folder, 'runs', 'latest', 'record.json'), 'utf8'));
    expect(runRecordSchema.safeParse(record).error).toBeUndefined();
    expect(record.comparisons.map((each: { against: string }) => each.against)).toContain('stored:main');

    for (const [change, why] of [
      [{ scenarioHash: 'other' }, /another suite source/],
      [{ fingerprint: 'another machine' }, /on other machines/],
    ] as const) {
      rewrite([{ ...first, ...change }]);
      const foreign = run([...reading, '--baseline', 'main']);
      expect(foreign).toMatchObject({ code: 5, stdout: '' });
      expect(foreign.stderr).toContain(`${path} was measured`);
      expect(foreign.stderr).toMatch(why);
    }
  }, 120_000);

  it('end the command with 5 before anything is measured where one is missing or damaged', () => {
    const missing = run(['event-queue', '--baseline', 'main']);
    expect(missing).toMatchObject({ code: 5, stdout: '' });
    expect(missing.stderr).toBe(
      `there is no stored baseline ${path()}; make one with: npm run suite event-queue -- --save-baseline main\n`,
    );
    mkdirSync(join(folder, 'baselines', 'main'), { recursive: true });
    writeFileSync(path(), '{');
    expect(run(['event-queue', '--baseline', 'main'])).toMatchObject({ code: 5, stdout: '' });
    expect(existsSync(join(folder, 'runs'))).toBe(false);
  });

  it('are looked for of every suite before the first is measured', () => {
    const { code, stdout, stderr } = run(['session-directory', 'event-queue', '--baseline', 'main']);
    expect({ code, stdout }).toEqual({ code: 5, stdout: '' });
    expect(stderr).toContain('suite-session-directory.json; make one with');
  });

  it.each([
    [['mem-transport', '--save-baseline', 'x'], 'this run of suite:mem-transport is without baseline'],
    [['event-queue', 'mem-transport', '--save-baseline', 'x'], 'suite:mem-transport is without baseline'],
    [['event-queue', '--arm', 'baseline', '--save-baseline', 'x'], 'is without native'],
    [['event-queue', '--quick', '--save-baseline', 'x'], 'would not be added: a quick run is too short'],
    [['event-queue', '--baseline', '..'], '--baseline is a name of letters'],
    [['event-queeu', '--baseline', 'main'], 'did you mean "event-queue"?'],
  ])('exit 2 for %j and say why', (args, message) => {
    const { code, stdout, stderr } = run(args, withoutGit);
    expect(stderr).toContain(message);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  });
});
