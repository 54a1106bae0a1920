import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readMachine } from '../../scenarios/harness/machine.js';
import type { RunRecord } from '../../scenarios/harness/record.js';
import { UsageError } from '../../scenarios/harness/usage-error.js';
import type { Judgement } from '../../scenarios/harness/verdict.js';
import { baselineNames } from './baseline-folder.js';
import { type BaselineOptions, judgeWithBaselines, prepareBaselines } from './baseline-options.js';
import { readBaseline } from './read-baseline.js';
import { saveBaseline } from './save-baseline.js';
import { caught } from './testing/caught.js';
import { SAMPLE_SUITE, sampleRecord, sampleRuns } from './testing/sample-record.js';

let baselines: string;
beforeEach(() => {
  baselines = mkdtempSync(join(tmpdir(), 'msgtrans-baseline-options-'));
});
afterEach(() => rmSync(baselines, { recursive: true }));

const NONE: BaselineOptions = { baseline: null, saveBaseline: null, quick: false };
const { build } = sampleRecord(1);

describe.each([
  ['a scenario', { scenario: 'sample' }],
  ['a suite', SAMPLE_SUITE],
])('before a run of %s', (_, changes: Pick<RunRecord, 'scenario'>) => {
  const both = ['native', 'baseline'];
  const prepare = (options: Partial<BaselineOptions>, arms: string[][] = [both], hash = 'h') =>
    prepareBaselines(baselines, { name: changes.scenario, hash, arms }, { ...NONE, ...options }, build);
  const save = (more: Partial<RunRecord> = {}) =>
    saveBaseline(baselines, 'main', sampleRecord(20, { ...changes, machine: readMachine(0), ...more }));

  it('the runs to be compared with are read, and none where none are asked for', async () => {
    await save();
    expect(prepare({ baseline: 'main' })?.map((run) => run.seed)).toEqual([1]);
    expect(prepare({})).toBeNull();
    expect(prepare({ saveBaseline: 'main' }, [['native'], both])).toBeNull();
  });

  it('what is missing or means something else is refused', async () => {
    const missing = await caught(() => prepare({ baseline: 'main' }));
    expect(missing).toMatchObject({ code: 'ERR_BASELINE_MISSING', exitCode: 5 });
    await save();
    const otherSource = await caught(() => prepare({ baseline: 'main' }, [both], 'other'));
    expect(otherSource).toMatchObject({ code: 'ERR_BASELINE_FOREIGN', exitCode: 5 });
    await save({ machine: { ...readMachine(0), fingerprint: 'other' } });
    const otherMachine = await caught(() => prepare({ baseline: 'main' }));
    expect(otherMachine).toMatchObject({ code: 'ERR_BASELINE_FOREIGN', exitCode: 5 });
  });

  it('a run that will have no ratios, or will not be added, is a mistake', () => {
    const refused = (options: Partial<BaselineOptions>, arms?: string[][]) => () => prepare(options, arms);
    const save = { saveBaseline: 'main' };
    expect(refused(save, [['limit'], ['native', 'limit']])).toThrow(UsageError);
    expect(refused(save, [['limit'], ['native', 'limit']])).toThrow(
      `--save-baseline needs the arms native and baseline; this run of ${changes.scenario} is without baseline`,
    );
    // Each in a case of its own makes no ratio either.
    expect(refused(save, [['native'], ['baseline']])).toThrow('is without');
    expect(refused(save, [])).toThrow('is without native, baseline');
    expect(refused({ ...save, quick: true })).toThrow('would not be added: a quick run is too short');
  });
});

describe('after a run', () => {
  const FIVE = sampleRuns([20, 20.1, 19.9, 20.05, 19.95], SAMPLE_SUITE);

  async function finish(record: RunRecord, options: Partial<BaselineOptions>, more: Partial<Judgement> = {}) {
    record.cases.tcp.status = 'measured';
    record.notes = [];
    const judgement = { strict: false, quick: false, failure: null, ...more, further: [] };
    const stored = options.baseline === undefined ? null : FIVE;
    await judgeWithBaselines(record, { ...NONE, ...options }, { baselines, stored }, judgement);
    return record;
  }
  const suite = (ratio: number, changes: Partial<RunRecord> = {}) =>
    sampleRecord(ratio, { ...SAMPLE_SUITE, ...changes });

  it('one that is as fast passes, and is added', async () => {
    const record = await finish(suite(20), { baseline: 'main', saveBaseline: 'next' });
    expect(record).toMatchObject({ exitCode: 0, verdict: 'pass', reasons: [] });
    expect(record.comparisons.map((each) => each.against)).toContain('stored:main');
    expect(record.notes).toEqual([
      'compared with 5 stored runs of main',
      expect.stringMatching(/^added to the stored baseline .*suite-sample\.json, which now holds 1 run$/),
    ]);
    expect(readBaseline(baselines, 'next', 'suite:sample').runs).toHaveLength(1);
  });

  it('one that is slower ends with 3, says so, and is not added', async () => {
    const record = await finish(suite(18), { baseline: 'main', saveBaseline: 'next' });
    expect(record).toMatchObject({ exitCode: 3, verdict: 'fail' });
    expect(record.reasons).toEqual([
      expect.stringMatching(/^tcp: throughput_ops_per_s is 11\.1 % slower .* than the stored baseline main/),
      expect.stringMatching(/was not added to the baseline next: its verdict is fail \(exit 3\)/),
    ]);
    expect(baselineNames(baselines)).toEqual([]);
  });

  it('a quick one that is slower only warns', async () => {
    const record = await finish(suite(18), { baseline: 'main', quick: true }, { quick: true });
    expect(record).toMatchObject({ exitCode: 0, verdict: 'pass' });
    expect(record.notes?.join()).toMatch(/only warns, because a quick run is not judged/);
  });

  it('one that was interrupted is neither compared nor added', async () => {
    const options = { baseline: 'main', saveBaseline: 'next' };
    const record = await finish(suite(18, { interrupted: true }), options);
    expect(record).toMatchObject({ exitCode: 130, verdict: 'inconclusive' });
    expect(record.comparisons.map((each) => each.against)).not.toContain('stored:main');
    expect(record.reasons.join()).toContain('was not added to the baseline next: it was interrupted');
  });

  it('one that passes and cannot be added ends with the code of that', async () => {
    const record = await finish(suite(20, { comparisons: [] }), { saveBaseline: 'next' });
    expect(record).toMatchObject({ exitCode: 1, verdict: 'fail' });
    expect(record.reasons).toEqual([expect.stringContaining('it has no ratios of native to baseline')]);
  });
});
