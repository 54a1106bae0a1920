import type { CaseRecord, ComparisonRecord, Interval } from '../../scenarios/harness/record.js';
import { median } from '../numbers/order-statistics.js';

/** Near enough to a real interval for a picture: ± 2 standard errors on the logarithms. */
export function intervalOf(values: number[]): Interval | null {
  if (values.length < 5) return null;
  const logs = values.map(Math.log);
  const mean = logs.reduce((sum, value) => sum + value, 0) / logs.length;
  const deviation = Math.sqrt(logs.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (logs.length - 1));
  const reach = (2 * deviation) / Math.sqrt(logs.length);
  return [Math.exp(mean - reach), Math.exp(mean + reach)];
}

const COMPARED = [
  'throughput_ops_per_s',
  'latency_ns_p50',
  'cpu_ns_per_op',
  'latency_ns_p99',
  'memory_bytes_per_session',
] as const;

/** Ours against the other arms, paired by round. */
export function compare(cases: Record<string, CaseRecord>): ComparisonRecord[] {
  return Object.entries(cases).flatMap(([caseName, caseRecord]) =>
    COMPARED.flatMap((metric) =>
      ['baseline', 'rival:node-net', 'limit'].map((against): ComparisonRecord => {
        const [ours, theirs] = [caseRecord.arms.native!, caseRecord.arms[against]!];
        const paired = ours.rounds.map((round, index) => {
          const quotient = round.metrics[metric]! / theirs.rounds[index]!.metrics[metric]!;
          return metric === 'throughput_ops_per_s' ? quotient : 1 / quotient;
        });
        const bound = metric === 'throughput_ops_per_s' && theirs.metrics[metric]!.mark;
        return {
          case: caseName,
          metric,
          arm: 'native',
          against,
          ratio: median(paired)!,
          ci95: intervalOf(paired),
          n: paired.length,
          rounds: paired,
          ...(bound ? { mark: bound } : {}),
        };
      }),
    ),
  );
}
