/** A slowdown above this fails: the ratio falls below 1 ÷ 1.05. */
export const SLOWDOWN_PERCENT_MAX = 5;

/**
 * What is judged. Closed-loop latency is throughput said again, and tails are too wild for 5 %; they are stored and
 * shown, but fail nothing.
 */
const JUDGED = new Set(['throughput_ops_per_s', 'cpu_ns_per_op', 'memory_bytes_per_session']);
const JUDGED_IN_OPEN_LOOP = new Set(['cpu_ns_per_op', 'latency_ns_p50']);

type Parameters = Readonly<Record<string, string | number | boolean>>;

/** The slowdown, in percent, above which a metric of a case with these parameters fails; null where it is only shown. */
export type SlowdownLimit = (metric: string, parameters: Parameters) => number | null;

export const defaultSlowdownLimit: SlowdownLimit = (metric, { load }) =>
  (load === 'open' ? JUDGED_IN_OPEN_LOOP : JUDGED).has(metric) ? SLOWDOWN_PERCENT_MAX : null;

/** The same case by another name would be compared wrongly, and by the same name with other work, too. */
export function areSameParameters(left: Parameters, right: Parameters): boolean {
  const keys = new Set([...Object.keys(left), ...Object.keys(right)]);
  return [...keys].every((key) => left[key] === right[key]);
}
