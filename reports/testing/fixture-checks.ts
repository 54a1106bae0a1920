import type { CaseRecord, CheckRecord, ComparisonRecord } from '../../scenarios/harness/record.js';

interface Target {
  case: string;
  metric: string;
  against: string;
  /** Smallest stored ratio; better is above 1. */
  atLeast: number;
}

const TARGETS: Target[] = [
  { case: 'tcp', metric: 'throughput_ops_per_s', against: 'baseline', atLeast: 3 },
  { case: 'tcp/depth=16', metric: 'throughput_ops_per_s', against: 'baseline', atLeast: 15 },
  { case: 'tcp/depth=100,sessions=64', metric: 'throughput_ops_per_s', against: 'baseline', atLeast: 40 },
  { case: 'tcp', metric: 'throughput_ops_per_s', against: 'rival:node-net', atLeast: 1.6 },
  { case: 'tcp/depth=16', metric: 'throughput_ops_per_s', against: 'rival:node-net', atLeast: 2 },
  {
    case: 'tcp/depth=100,sessions=64',
    metric: 'throughput_ops_per_s',
    against: 'rival:node-net',
    atLeast: 2.5,
  },
  { case: 'tcp', metric: 'cpu_ns_per_op', against: 'limit', atLeast: 1 / 1.15 },
  { case: 'tcp/depth=16', metric: 'cpu_ns_per_op', against: 'limit', atLeast: 1 / 1.6 },
  { case: 'tcp', metric: 'memory_bytes_per_session', against: 'baseline', atLeast: 2.5 },
];

/** The checks of the fixture, judged from its own comparisons. */
export function checksOf(comparisons: ComparisonRecord[], cases: Record<string, CaseRecord>): CheckRecord[] {
  const ledger = Object.entries(cases).flatMap(([caseName, caseRecord]) =>
    Object.keys(caseRecord.arms).map(
      (arm): CheckRecord => ({
        id: `ledger-${arm}`,
        case: caseName,
        kind: 'correctness',
        expression: `${arm}: messages lost, duplicated, reordered, corrupted, dropped or unanswered`,
        value: 0,
        limit: 0,
        verdict: 'pass',
        reason: null,
      }),
    ),
  );
  const levels = TARGETS.map((target): CheckRecord => {
    const found = comparisons.find(
      (row) => row.case === target.case && row.metric === target.metric && row.against === target.against,
    );
    const value = found?.ratio ?? null;
    return {
      id: `${target.metric.split('_')[0]}-vs-${target.against.replace('rival:', '')}`,
      case: target.case,
      kind: 'service-level',
      expression: `${target.metric}: native against ${target.against} ≥ ${Number(target.atLeast.toPrecision(3))}×`,
      value,
      limit: target.atLeast,
      verdict: value === null ? 'not-measurable' : value >= target.atLeast ? 'pass' : 'missed',
      reason: value === null ? 'the arm was not run' : null,
    };
  });
  return [...ledger, ...levels];
}
