import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { CaseRecord, RunRecord } from '../../scenarios/harness/record.js';
import { BaselineError } from './baseline-error.js';
import { baselinePath, checksumOf, readBaseline, type StoredRun } from './baseline-file.js';
import { addStoredComparisons, comparableRuns, compareWithStored } from './compare-baseline.js';
import { saveBaseline } from './save-baseline.js';
import { storedRunOf } from './stored-run.js';

let baselines: string;
beforeEach(() => {
  baselines = mkdtempSync(join(tmpdir(), 'msgtrans-baselines-'));
});
afterEach(() => rmSync(baselines, { recursive: true }));

const NOW = new Date('2024-05-06T07:08:09Z');
const SELF = { fingerprint: 'f', baselineHash: 'b', quick: false };

/** A record whose throughput ratio native ÷ baseline is the one given, known to within ± 1 %. */
function record(ratio: number, changes: Partial<RunRecord> = {}, minute = 0): RunRecord {
  const body: CaseRecord = {
    parameters: { load: 'closed', depth: 1 },
    status: 'measured',
    reason: null,
    arms: {},
  };
  return {
    schema: 'msgtrans.run/1',
    scenario: 'sample',
    title: 'A sample',
    scenarioHash: 'h',
    seed: 1,
    options: { quick: false, slotMs: 2000 },
    startedAt: `2024-01-02T03:${String(minute).padStart(2, '0')}:05.000Z`,
    finishedAt: '',
    interrupted: false,
    verdict: 'pass',
    reasons: [],
    exitCode: 0,
    machine: {
      fingerprint: 'f',
      cpuModel: 'A processor',
      cores: 2,
      numaNodes: 1,
      memoryBytes: 1e9,
      kernel: '6.1.0-generic',
      node: '20',
      v8: '11',
      aluNoisePercent: 3,
    },
    build: { commit: 'a'.repeat(40), dirty: false, nativeHash: 'n', baselineHash: 'b', compiler: 'c' },
    cases: { tcp: body },
    windows: [],
    blocks: [],
    comparisons: [
      {
        case: 'tcp',
        metric: 'throughput_ops_per_s',
        arm: 'native',
        against: 'baseline',
        ratio,
        ci95: [ratio * 0.99, ratio * 1.01],
        n: 10,
        rounds: Array.from({ length: 10 }, () => ratio),
      },
      { case: 'tcp', metric: 'latency_ns_p99', arm: 'native', against: 'baseline', ratio, ci95: null, n: 10 },
      {
        case: 'tcp',
        metric: 'throughput_ops_per_s',
        arm: 'native',
        against: 'limit',
        ratio: 0.8,
        ci95: null,
        n: 10,
      },
    ],
    checks: [],
    ...changes,
  };
}

const write = (path: string, content: string) => writeFileSync(path, content);
const save = (ratio: number, minute: number) =>
  saveBaseline(baselines, 'main', record(ratio, {}, minute), NOW, write);
const path = () => baselinePath(baselines, 'main', 'sample');
const stored = (ratios: number[]): StoredRun[] =>
  ratios.map((ratio, i) => storedRunOf(record(ratio, {}, i), NOW));
const compare = (ratios: number[], ratio: number, changes: Partial<RunRecord> = {}) =>
  compareWithStored('main', stored(ratios), storedRunOf(record(ratio, changes), NOW));

function error(action: () => unknown): BaselineError {
  try {
    action();
  } catch (thrown) {
    expect(thrown).toBeInstanceOf(BaselineError);
    return thrown as BaselineError;
  }
  throw new Error('no error');
}

describe('saving', () => {
  it('adds runs, and the same run once', () => {
    expect(save(20, 1).runs).toBe(1);
    expect(save(21, 2).runs).toBe(2);
    expect(save(21, 2).runs).toBe(2);
    const file = readBaseline(path(), 'main', 'sample');
    expect(file.runs.map((run) => run.cases.tcp.metrics.throughput_ops_per_s.ratio)).toEqual([20, 21]);
    expect(file.runs[0]).toMatchObject({
      fingerprint: 'f',
      machine: { cpuModel: 'A processor', cores: 2, kernelMajor: '6' },
      build: { commit: 'a'.repeat(40), baselineHash: 'b' },
    });
  });

  it('keeps ratios native ÷ baseline with their interval and rounds, and no absolute number', () => {
    save(20, 1);
    const { metrics } = readBaseline(path(), 'main', 'sample').runs[0].cases.tcp;
    expect(metrics.throughput_ops_per_s.ci95).toEqual([19.8, 20.2]);
    expect(metrics.throughput_ops_per_s.rounds).toHaveLength(10);
    expect(readFileSync(path(), 'utf8')).not.toContain('limit');
  });

  it('refuses runs that must not become a measure', () => {
    const refuse = (changes: Partial<RunRecord>) => () =>
      saveBaseline(baselines, 'main', record(20, changes), NOW, write);
    expect(refuse({ interrupted: true })).toThrow(/interrupted/);
    expect(refuse({ comparisons: [] })).toThrow(/no ratios of native to baseline/);
    const failed = { id: 'x', case: 'tcp', kind: 'correctness', expression: '', value: 1, limit: 0 } as const;
    expect(refuse({ checks: [{ ...failed, verdict: 'fail', reason: null }] })).toThrow(/correctness/);
  });

  it('does not write over a file that cannot be trusted', () => {
    mkdirSync(dirname(path()), { recursive: true });
    writeFileSync(path(), '{"schema":');
    expect(error(() => save(20, 1)).code).toBe('ERR_BASELINE_INVALID');
    expect(readFileSync(path(), 'utf8')).toBe('{"schema":');
  });
});

describe('reading', () => {
  const damaged = (change: (text: string) => string) => {
    save(20, 1);
    writeFileSync(path(), change(readFileSync(path(), 'utf8')));
    return error(() => readBaseline(path(), 'main', 'sample'));
  };

  it('names the missing file and how to make it', () => {
    const missing = error(() => readBaseline(path(), 'main', 'sample'));
    expect(missing.code).toBe('ERR_BASELINE_MISSING');
    expect(missing.message).toContain(path());
    expect(missing.message).toContain('--save-baseline main');
  });

  it.each<[string, (text: string) => string, RegExp]>([
    ['truncated', (text) => text.slice(0, -40), /not complete JSON/],
    ['empty', () => '', /not complete JSON/],
    [
      'of another version',
      (text) => text.replace('baseline/1', 'baseline/2'),
      /has the schema "msgtrans.baseline\/2"/,
    ],
    ['something else', () => '[]', /has the schema undefined/],
    ['changed by hand', (text) => text.replace('"ratio": 20', '"ratio": 10'), /does not match its checksum/],
    ['carrying a NaN', (text) => text.replace('"ratio": 20', '"ratio": null'), /malformed at runs\.0.*ratio/],
    ['carrying an infinity', (text) => text.replace('"ratio": 20', '"ratio": 1e999'), /malformed at runs\.0/],
    ['carrying a negative ratio', (text) => text.replace('"ratio": 20', '"ratio": -20'), /malformed/],
    [
      'another baseline’s',
      (text) => text.replace('"name": "main"', '"name": "other"'),
      /belongs to other\/sample/,
    ],
  ])('refuses one that is %s, naming the file', (_, change, message) => {
    const refused = damaged(change);
    expect(refused.code).toBe('ERR_BASELINE_INVALID');
    expect(refused.message).toMatch(message);
    expect(refused.message).toContain(path());
  });

  it('has a checksum that does not depend on the order of keys', () => {
    const [run] = stored([20]);
    const turned = Object.fromEntries(Object.entries(run).toReversed()) as StoredRun;
    expect(checksumOf([turned])).toBe(checksumOf([run]));
  });

  it('refuses foreign machines, another opponent and another kind of run', () => {
    const file = { ...({} as ReturnType<typeof readBaseline>), runs: stored([20, 21]) };
    expect(comparableRuns(file, path(), SELF)).toHaveLength(2);
    for (const [change, message] of [
      [{ fingerprint: 'other' }, /other machines \(A processor × 2\)/],
      [{ baselineHash: 'other' }, /another core\/baseline/],
      [{ quick: true }, /only full runs; this is a quick one/],
    ] as const) {
      const refused = error(() => comparableRuns(file, path(), { ...SELF, ...change }));
      expect(refused.code).toBe('ERR_BASELINE_FOREIGN');
      expect(refused.message).toMatch(message);
      expect(refused.message).toContain(path());
    }
  });
});

describe('comparing', () => {
  const TIGHT = [20, 20.1, 19.9, 20.05, 19.95];

  it('finds a slowdown above 5 % that is clear of the spread, with five runs or more', () => {
    const verdict = compare(TIGHT, 18);
    expect(verdict.regressions.map((each) => each.metric)).toEqual(['throughput_ops_per_s']);
    expect(verdict.regressions[0].slowdownPercent).toBeCloseTo(11.1, 1);
    expect(verdict.regressions[0].ci95?.[1]).toBeLessThan(1);
  });

  it('lets pass a small slowdown, an improvement and no change', () => {
    for (const ratio of [19.2, 25, 20]) expect(compare(TIGHT, ratio).regressions).toEqual([]);
  });

  it('lets pass a slowdown within the spread of the stored runs', () => {
    expect(compare([20, 26, 17, 23, 15], 17).regressions).toEqual([]);
  });

  it('only warns below five runs, and says so', () => {
    const verdict = compare(TIGHT.slice(0, 4), 18);
    expect(verdict.regressions).toEqual([]);
    expect(verdict.warnings.join('\n')).toMatch(/holds 4 comparable runs; it only warns below 5/);
    expect(verdict.warnings.join('\n')).toMatch(/throughput_ops_per_s is 11\.\d % slower than stored/);
  });

  it('only warns in a quick run', () => {
    const verdict = compare(TIGHT, 18, { options: { quick: true, slotMs: 500 } });
    expect(verdict.regressions).toEqual([]);
    expect(verdict.warnings.join()).toMatch(/quick run is compared, but not judged/);
  });

  it('judges no run without an interval of its own', () => {
    const comparisons = record(10).comparisons.map((each) => ({ ...each, ci95: null }));
    expect(compare(TIGHT, 10, { comparisons }).regressions).toEqual([]);
  });

  it('never fails on closed-loop latency', () => {
    const shown = compare(TIGHT, 18).comparisons.find((each) => each.metric === 'latency_ns_p99');
    expect(shown).toMatchObject({ judged: false, regression: false });
  });

  it('says what it could not compare', () => {
    const other = { tcp: { ...record(1).cases.tcp, parameters: { load: 'closed', depth: 2 } } };
    expect(compare(TIGHT, 18, { cases: other }).warnings.join()).toMatch(
      /no such case with these parameters/,
    );
    expect(compare(TIGHT, 18, { comparisons: [] }).warnings.join()).toMatch(/did not measure them: tcp/);
  });

  it('adds comparisons against the stored name to the record', () => {
    const current = record(18);
    addStoredComparisons(current, compare(TIGHT, 18));
    expect(current.comparisons.filter((each) => each.against === 'stored:main')[0]).toEqual({
      case: 'tcp',
      metric: 'throughput_ops_per_s',
      arm: 'native',
      against: 'stored:main',
      ratio: expect.closeTo(0.9, 9),
      ci95: [expect.any(Number), expect.any(Number)],
      n: 10,
    });
  });
});
