import { spawn, spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { RunRecord } from '../../scenarios/harness/record.js';
import { baselinePath, RUNS_MAX } from './baseline-file.js';
import { baselineScenarios, strays } from './baseline-folder.js';
import { readBaseline } from './read-baseline.js';
import { saveBaseline } from './save-baseline.js';
import { withStoreLock } from './store-lock.js';
import { caught } from './testing/caught.js';
import { SAMPLE_SUITE, sampleRecord } from './testing/sample-record.js';

const canMount = spawnSync('unshare', ['-rm', 'true']).status === 0;
const STORE = join(import.meta.dirname, '..', '..', 'dist', 'ci', 'baseline-store');

let baselines: string;
beforeEach(() => {
  baselines = mkdtempSync(join(tmpdir(), 'msgtrans-baselines-'));
});
afterEach(() => rmSync(baselines, { recursive: true }));

const save = (ratio: number, minute: number, changes: Partial<RunRecord> = {}) =>
  saveBaseline(baselines, 'main', sampleRecord(ratio, changes, minute));
const path = () => baselinePath(baselines, 'main', 'sample');
const ratios = () =>
  readBaseline(baselines, 'main', 'sample').runs.map(
    (run) => run.cases.tcp.metrics.throughput_ops_per_s.ratio,
  );

describe('saving', () => {
  it('adds runs, and the same run once, as its record has it last', async () => {
    expect(await save(20, 1)).toEqual({ path: path(), runs: 1, added: true });
    expect(await save(21, 2)).toMatchObject({ runs: 2, added: true });
    expect(await save(22, 2)).toMatchObject({ runs: 2, added: false });
    expect(ratios()).toEqual([20, 22]);
  });

  it('leaves the same bytes in whatever order runs are saved', async () => {
    for (const minute of [1, 2, 3]) await save(20 + minute, minute);
    const text = readFileSync(path(), 'utf8');
    rmSync(path());
    for (const minute of [3, 1, 2]) await save(20 + minute, minute);
    expect(readFileSync(path(), 'utf8')).toBe(text);
  });

  it('leaves nothing behind but the file', async () => {
    await save(20, 1);
    expect(readdirSync(baselines)).toEqual(['main']);
    expect(readdirSync(dirname(path()))).toEqual(['sample.json']);
  });

  it('keeps suites beside scenarios, in files of their own', async () => {
    await save(20, 1);
    const suite = await save(3, 1, SAMPLE_SUITE);
    expect(suite).toMatchObject({ path: join(dirname(path()), 'suite-sample.json'), runs: 1, added: true });
    expect(baselineScenarios(baselines, 'main')).toEqual(['sample', 'suite:sample']);
    expect(strays(baselines)).toEqual([]);
    const { scenario, runs } = readBaseline(baselines, 'main', 'suite:sample');
    expect({ scenario, slots: runs.map((run) => run.slotMs) }).toEqual({
      scenario: 'suite:sample',
      slots: [240],
    });
    // A file says itself what it is of, whatever it is called.
    rmSync(path());
    renameSync(suite.path, path());
    const refused = await caught(() => readBaseline(baselines, 'main', 'sample'));
    expect(refused.message).toContain('belongs to main/suite:sample, not to main/sample');
  });

  it('takes no more than it can hold', async () => {
    for (let seed = 0; seed < RUNS_MAX; seed++) await save(20, 1, { seed });
    const refused = await caught(() => save(20, 2));
    expect(refused.message).toMatch(/holds 100 runs, and takes no more than 100; begin another name/);
    // One that is there is renewed all the same.
    expect(await save(21, 1)).toMatchObject({ runs: RUNS_MAX, added: false });
  });
});

describe('a run that must not become a measure is refused', () => {
  const native = sampleRecord(20).comparisons[0];
  const failed = {
    id: 'lost',
    case: 'tcp',
    kind: 'correctness',
    expression: '',
    value: 1,
    limit: 0,
  } as const;
  const { build } = sampleRecord(1);
  it.each<[string, Partial<RunRecord>, RegExp]>([
    ['quick', { options: { quick: true, slotMs: 500 } }, /quick run is too short.*without --quick/],
    ['profiled', { options: { profile: 'flame', slotMs: 500 } }, /flame has slowed it down/],
    ['interrupted', { interrupted: true }, /interrupted/],
    [
      'failed',
      { verdict: 'fail', exitCode: 6, reasons: ['too slow'] },
      /verdict is fail \(exit 6\): too slow/,
    ],
    ['inconclusive', { verdict: 'inconclusive', exitCode: 4 }, /verdict is inconclusive/],
    ['incorrect', { checks: [{ ...failed, verdict: 'fail', reason: null }] }, /check lost of tcp failed/],
    ['of a dirty build', { build: { ...build, dirty: true } }, /not what its commit holds; commit or stash/],
    ['without ratios', { comparisons: [] }, /no ratios of native to baseline; both arms must be measured/],
    ['without intervals', { comparisons: [{ ...native, ci95: null }] }, /at least 5 rounds \(--repeat\)/],
    [
      'of a case that it lacks',
      { comparisons: [{ ...native, case: 'udp' }] },
      /compares "udp", but holds no such case/,
    ],
    [
      'of what is named like the file of a suite',
      { scenario: 'suite-queue' },
      /"suite-queue" is no scenario/,
    ],
    ['of a suite with a path for a name', { scenario: 'suite:../queue' }, /"suite:..\/queue" is no scenario/],
    ['of a suite without ratios', { ...SAMPLE_SUITE, comparisons: [] }, /no ratios of native to baseline/],
    [
      'of a suite without intervals',
      { ...SAMPLE_SUITE, comparisons: [{ ...native, ci95: null }] },
      /at least 5 rounds \(--rounds\)/,
    ],
    [
      'of a suite that tells no windows',
      { ...SAMPLE_SUITE, options: { quick: false, blocks: 4 } },
      /runs\.0\.slotMs/,
    ],
    ['with a path for a name', { scenario: '../../escape' }, /"..\/..\/escape" is no scenario/],
    ['with a ratio of zero', { comparisons: [{ ...native, ratio: 0 }] }, /runs\.0\.cases\.tcp.*ratio/],
    [
      'with a ratio that is no number',
      { comparisons: [{ ...native, ratio: Number.NaN }] },
      /runs\.0\.cases\.tcp.*ratio/,
    ],
  ])('%s', async (_, changes, message) => {
    const refused = await caught(() => save(20, 1, changes));
    expect(refused).toMatchObject({ code: 'ERR_BASELINE_UNFIT', exitCode: 1 });
    expect(refused.message).toMatch(message);
    expect(existsSync(path())).toBe(false);
  });

  it.each(['../main', 'a/b', '.hidden', 'a..b', 'history.ndjson', 'x.json', '', 'a'.repeat(65)])(
    'under the name %j',
    async (name) => {
      const refused = await caught(() => saveBaseline(baselines, name, sampleRecord(20)));
      expect(refused.message).toContain('names no baseline');
      expect(readdirSync(baselines)).toEqual([]);
    },
  );
});

describe('two savers at the same time', () => {
  /** A process that saves runs one after the other, as fast as it can. */
  const saver = (seed: number, runs: number): Promise<number | null> => {
    const script = `
      import { saveBaseline } from ${JSON.stringify(join(STORE, 'save-baseline.js'))};
      const record = ${JSON.stringify(sampleRecord(20))};
      for (let minute = 0; minute < ${runs}; minute++) {
        const startedAt = new Date(Date.parse(record.startedAt) + minute * 60_000).toISOString();
        await saveBaseline(${JSON.stringify(baselines)}, 'main', { ...record, seed: ${seed}, startedAt });
      }`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: 'inherit' });
    return new Promise((resolve) => child.once('close', resolve));
  };

  it('lose no run, in processes of their own', async () => {
    expect(await Promise.all([1, 2, 3].map((seed) => saver(seed, 10)))).toEqual([0, 0, 0]);
    expect(ratios()).toHaveLength(30);
  }, 60_000);

  it('lose no run in one process', async () => {
    await Promise.all(Array.from({ length: 10 }, (_, minute) => save(20, minute)));
    expect(ratios()).toHaveLength(10);
  });

  it('go on after one that was killed while it held the lock', async () => {
    const dead = { pid: 2 ** 22 + 1, startTicks: 1, bootId: 'another boot', purpose: 'x', since: 'y' };
    writeFileSync(join(baselines, '.lock'), JSON.stringify(dead));
    expect(await save(20, 1)).toMatchObject({ runs: 1 });
  });

  it('wait no longer than they are told to, and say for whom', async () => {
    await withStoreLock(baselines, 'baseline save first', async () => {
      const busy = await caught(() => withStoreLock(baselines, 'second', () => {}, 50));
      expect(busy).toMatchObject({ code: 'ERR_BASELINE_BUSY', exitCode: 1 });
      expect(busy.message).toContain(`baseline save first (process ${process.pid}`);
      expect(busy.message).toContain(baselines);
    });
  });
});

it.skipIf(!canMount).each([
  ['full', 0, /^ERR_BASELINE_WRITE 1 .* could not be locked \(ENOSPC\), so nothing there was changed/],
  ['full but for the lock', 4096, /^ERR_BASELINE_WRITE 1 .*sample\.json could not be written \(ENOSPC\)/],
])('keeps the file as it was when the disk is %s', async (_, freeBytes, message) => {
  await save(20, 1);
  const before = readFileSync(path(), 'utf8');
  const script = `
    import { readdirSync, readFileSync } from 'node:fs';
    import { saveBaseline } from ${JSON.stringify(join(STORE, 'save-baseline.js'))};
    try {
      await saveBaseline(process.argv[1], 'main', JSON.parse(process.argv[2]));
    } catch (error) {
      console.log(error.code, error.exitCode, error.message);
      console.log(readdirSync(process.argv[1]), readdirSync(process.argv[1] + '/main'));
      console.log(readFileSync(process.argv[1] + '/main/sample.json', 'utf8'));
    }`;
  const full = `mount -t tmpfs -o size=16k none "$1" && mkdir "$1/main" && cp "$2" "$1/main/sample.json" &&
    { dd if=/dev/zero of="$1/main/filler.tmp" bs=4k status=none || true; } 2>/dev/null &&
    truncate -s -${freeBytes} "$1/main/filler.tmp" &&
    exec "$3" --input-type=module -e "$4" "$1" "$5"`;
  const mounted = mkdtempSync(join(tmpdir(), 'msgtrans-full-'));
  try {
    const inputs = [mounted, path(), process.execPath, script, JSON.stringify(sampleRecord(21, {}, 2))];
    const result = spawnSync('unshare', ['-rm', 'sh', '-c', full, 'sh', ...inputs], { encoding: 'utf8' });
    expect(result.stdout).toMatch(message);
    expect(result.stdout).toContain("[ 'main' ] [ 'filler.tmp', 'sample.json' ]");
    expect(result.stdout).toContain(before);
  } finally {
    rmSync(mounted, { recursive: true });
  }
});
