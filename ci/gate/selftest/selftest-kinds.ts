import type { MetricName } from '../../../scenarios/harness/metrics.js';
import { CLOSED_CASE, OPEN_CASE } from '../invocation/gated-metrics.js';

/** What a self-test compares. In all but the injected kinds both builds do the same work, and no gate may fail. */

/** Slowdowns by real code in the candidate's server (`scenarios/arms/injected/`). */
export const INJECTED_KINDS = ['spin', 'alloc', 'lock', 'wake'] as const;
/** Identical builds on a machine that is disturbed on purpose. */
export const STRESS_KINDS = ['load', 'quota'] as const;
export const SELFTEST_KINDS = ['aa', 'neutral', ...INJECTED_KINDS, ...STRESS_KINDS] as const;

export type InjectedKind = (typeof INJECTED_KINDS)[number];
export type StressKind = (typeof STRESS_KINDS)[number];
export type SelftestKind = (typeof SELFTEST_KINDS)[number];

/** A series of the bank: invocations of one kind and, where work is injected, one wanted slowdown. */
export interface SeriesName {
  kind: SelftestKind;
  /** Wanted slowdown of what the kind targets; null where nothing is injected. */
  percent: number | null;
}

interface Injection {
  /** What the work slows; the first is what the amount is calibrated by. */
  targets: readonly { case: string; metric: MetricName }[];
  /** Where the search for the amount begins, in units of the work. */
  firstAmount: number;
}

const SERVER_BOUND = [
  { case: CLOSED_CASE, metric: 'throughput_ops_per_s' },
  { case: CLOSED_CASE, metric: 'cpu_ns_per_op' },
] as const;

export const INJECTIONS: Readonly<Record<InjectedKind, Injection>> = {
  spin: { targets: SERVER_BOUND, firstAmount: 20 },
  alloc: { targets: SERVER_BOUND, firstAmount: 1 },
  lock: { targets: SERVER_BOUND, firstAmount: 1 },
  wake: {
    targets: [
      { case: OPEN_CASE, metric: 'latency_ns_p50' },
      { case: OPEN_CASE, metric: 'latency_ns_p99' },
    ],
    firstAmount: 0.1,
  },
};

export function isInjected(kind: SelftestKind): kind is InjectedKind {
  return Object.hasOwn(INJECTIONS, kind);
}

export function isStress(kind: SelftestKind): kind is StressKind {
  return (STRESS_KINDS as readonly string[]).includes(kind);
}

export function seriesWords({ kind, percent }: SeriesName): string {
  return percent === null ? kind : `${kind} ${percent} %`;
}
