import type { CaseRecord, RunRecord } from '../../../scenarios/harness/record.js';
import type { StoredRun } from '../baseline-file.js';
import { storedRunOf } from '../stored-run.js';

export const SAMPLE_COMMIT = 'a'.repeat(40);

/** What runs of `sampleRecord` are comparable with. */
export const SAMPLE_SELF = { fingerprint: 'f', baselineHash: 'b', scenarioHash: 'h' };

/** What makes a record that of a suite: it tells blocks and windows, and no slot. */
export const SAMPLE_SUITE: Pick<RunRecord, 'scenario' | 'options'> = {
  scenario: 'suite:sample',
  options: { quick: false, rounds: 10, blocks: 4, windowMs: 30, arm: null, case: null },
};

/** A record whose throughput ratio native ÷ baseline is the one given, known to within ± 1 %. */
export function sampleRecord(ratio: number, changes: Partial<RunRecord> = {}, minute = 0): RunRecord {
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
    finishedAt: '2024-01-02T04:00:00.000Z',
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
      node: '20.1.0',
      v8: '11',
      aluNoisePercent: 3,
    },
    build: { commit: SAMPLE_COMMIT, dirty: false, nativeHash: 'n', baselineHash: 'b', compiler: 'c' },
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
        rounds: Array.from({ length: 10 }, (_, round) => ratio * (1 + 0.001 * (round - 4.5))),
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

export function sampleRuns(ratios: readonly number[], changes: Partial<RunRecord> = {}): StoredRun[] {
  return ratios.map((ratio, minute) => storedRunOf(sampleRecord(ratio, changes, minute)));
}

/** Another commit's build, as a change to a record. */
export function builtFrom(letter: string): Pick<RunRecord, 'build'> {
  return { build: { ...sampleRecord(1).build, commit: letter.repeat(40) } };
}
