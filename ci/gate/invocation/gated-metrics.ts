import { matchesGlob } from '../../../scenarios/harness/glob.js';
import type { MetricName } from '../../../scenarios/harness/metrics.js';
import { didYouMean } from '../../../scenarios/harness/suggest.js';
import { UsageError } from '../../../scenarios/harness/usage-error.js';

/** What is gated, of which case, and at which limit. All of it is measured in the same invocations. */

/** Closed loop: what the engine does at most, and what an operation costs it. */
export const CLOSED_CASE = 'tcp/depth=16,sessions=200';
/** Open loop at a fifth of saturation: late wake-ups show where there is time to sleep. */
export const OPEN_CASE = 'tcp/load=open,percentOfMax=20,sessions=200';
export const SATURATION_SHARE = 0.2;
/**
 * What saturation is found with, once. Requests of an open loop come one by one, as those of sessions with one in flight do; in
 * batches of 16 a server does ten times as many, a fifth of which would be more than it can do one by one.
 */
export const UNBATCHED_CASE = 'tcp/sessions=200';

/**
 * - `timed`: measured by windows, decided over many invocations
 * - `tally`: counted over an invocation, at no cost, and as noisy as timing: decided like what is timed
 * - `counter`: decided by few invocations, because it is the same each time, or because it is expensive
 * - `shown`: closed-loop latency is throughput said again (Little's law), so it decides nothing
 */
export const GATED_KINDS = ['timed', 'tally', 'counter', 'shown'] as const;
export type GatedKind = (typeof GATED_KINDS)[number];

export interface GatedMetric {
  case: string;
  metric: MetricName;
  kind: GatedKind;
  /** Slowdown that fails, in per cent of the ratio: 5 means a ratio of 1 ÷ 1.05. */
  limitPercent: number;
}

/** A tail is too wild for 5 %; one late wake-up in a hundred shows at half again as much. */
const TAIL_LIMIT_PERCENT = 50;

/** Resident memory comes in pages, and in whole parts of a heap: invocations differ by more than 5 % (DESIGN.md). */
const MEMORY_LIMIT_PERCENT = 25;

const CATALOGUE = [
  { case: CLOSED_CASE, metric: 'throughput_ops_per_s', kind: 'timed' },
  { case: CLOSED_CASE, metric: 'cpu_ns_per_op', kind: 'timed' },
  { case: CLOSED_CASE, metric: 'latency_ns_p50', kind: 'shown' },
  { case: OPEN_CASE, metric: 'latency_ns_p50', kind: 'timed' },
  { case: OPEN_CASE, metric: 'latency_ns_p99', kind: 'timed', limitPercent: TAIL_LIMIT_PERCENT },
  {
    ...{ case: CLOSED_CASE, metric: 'memory_bytes_per_session', kind: 'counter' },
    limitPercent: MEMORY_LIMIT_PERCENT,
  },
  { case: CLOSED_CASE, metric: 'allocations_per_op', kind: 'counter' },
  { case: CLOSED_CASE, metric: 'payload_copies_per_op', kind: 'counter' },
  { case: CLOSED_CASE, metric: 'syscalls_per_op', kind: 'tally' },
] as const satisfies (Omit<GatedMetric, 'limitPercent'> & { limitPercent?: number })[];

export interface GateSelection {
  casePattern: string | null;
  metricPattern: string | null;
  limitPercent: number;
}

/** Throws `UsageError` when nothing is left that could fail a gate. */
export function gatedMetrics({ casePattern, metricPattern, limitPercent }: GateSelection): GatedMetric[] {
  const all: GatedMetric[] = CATALOGUE.map((each) => ({ limitPercent, ...each }));
  const chosen = all.filter(
    (each) =>
      (casePattern === null || matchesGlob(casePattern, each.case)) &&
      (metricPattern === null || matchesGlob(metricPattern, each.metric)),
  );
  if (chosen.some(({ kind }) => kind !== 'shown')) return chosen;
  const cases = [...new Set(all.map((each) => each.case))];
  if (casePattern !== null && !cases.some((name) => matchesGlob(casePattern, name))) {
    throw new UsageError(
      `--case: no gated case matches "${casePattern}"${didYouMean(casePattern, cases)}\nGated are ${cases.join(' · ')}`,
    );
  }
  const deciding = all.filter(({ kind }) => kind !== 'shown');
  const names = deciding.map((each) => `${each.metric} of ${each.case}`);
  const pattern = metricPattern ?? '*';
  const known = [...new Set(deciding.map(({ metric }) => metric))];
  const elsewhere = deciding.some(({ metric }) => matchesGlob(pattern, metric)) ? ' in these cases' : '';
  throw new UsageError(
    `--metric: nothing gated matches "${pattern}"${elsewhere}${didYouMean(pattern, known)}\nGated are ${names.join(' · ')}`,
  );
}
