import { METRICS, type MetricName } from '../metrics.js';
import type { ArmRecord, CaseRecord, RunRecord } from '../record.js';
import { median } from '../statistics/quantile.js';

/** Synthetic records for tests: each arm's metrics by round. */
export type RoundValues = Partial<Record<MetricName, readonly number[]>>;

export function sampleArm(values: RoundValues, changes: Partial<ArmRecord> = {}): ArmRecord {
  const names = Object.keys(values) as MetricName[];
  const rounds = Math.max(0, ...names.map((name) => values[name]?.length ?? 0));
  return {
    transport: 'tcp',
    metrics: Object.fromEntries(
      names.map((name) => {
        const list = values[name] ?? [];
        return [name, { ...METRICS[name], value: median(list), ci95: null, n: list.length }];
      }),
    ),
    histograms: {},
    series: {},
    rounds: Array.from({ length: rounds }, (_, round) => ({
      round,
      order: 0,
      metrics: Object.fromEntries(names.map((name) => [name, values[name]?.[round] ?? Number.NaN])),
    })),
    ledger: {
      sent: 10,
      delivered: 10,
      droppedCounted: 0,
      unacknowledgedAtClose: 0,
      lost: 0,
      duplicated: 0,
      reordered: 0,
      corrupted: 0,
    },
    messagesPerSessionMin: 1_000,
    errors: [],
    ...changes,
  };
}

export function sampleCase(arms: Record<string, ArmRecord>, changes: Partial<CaseRecord> = {}): CaseRecord {
  return { parameters: { load: 'closed' }, status: 'measured', reason: null, arms, ...changes };
}

export function sampleRecord(cases: Record<string, CaseRecord>, changes: Partial<RunRecord> = {}): RunRecord {
  return {
    schema: 'msgtrans.run/1',
    scenario: 'sample',
    title: 'A sample',
    scenarioHash: 'h',
    seed: 1,
    options: { quick: false, slotMs: 2000 },
    startedAt: '2024-01-02T03:04:05.000Z',
    finishedAt: '2024-01-02T03:05:05.000Z',
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
      kernel: '6.1.0',
      node: '20.20.2',
      v8: '11',
      aluNoisePercent: 3,
    },
    build: { commit: null, dirty: false, nativeHash: 'n', baselineHash: 'b', compiler: 'c' },
    cases,
    windows: [],
    blocks: [],
    comparisons: [],
    checks: [],
    notes: [],
    ...changes,
  };
}
