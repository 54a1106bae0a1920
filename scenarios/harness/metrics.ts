/** Every metric a record can hold: its unit and which way is better. */
export interface MetricDefinition {
  unit: string;
  better: 'higher' | 'lower';
}

export const METRICS = {
  throughput_ops_per_s: { unit: 'operations/s', better: 'higher' },
  throughput_bytes_per_s: { unit: 'bytes/s', better: 'higher' },
  latency_ns_mean: { unit: 'ns', better: 'lower' },
  latency_ns_p50: { unit: 'ns', better: 'lower' },
  latency_ns_p90: { unit: 'ns', better: 'lower' },
  latency_ns_p99: { unit: 'ns', better: 'lower' },
  latency_ns_p999: { unit: 'ns', better: 'lower' },
  latency_ns_max: { unit: 'ns', better: 'lower' },
  // From the first connection of a fixed amount of work to the last one's end.
  job_ns: { unit: 'ns', better: 'lower' },
  cpu_ns_per_op: { unit: 'ns/operation', better: 'lower' },
  rss_bytes_peak: { unit: 'bytes', better: 'lower' },
  memory_bytes_per_session: { unit: 'bytes/session', better: 'lower' },
  error_rate: { unit: 'errors/operation', better: 'lower' },
  timeout_rate: { unit: 'timeouts/operation', better: 'lower' },
  availability_rate: { unit: 'share', better: 'higher' },
  players_max: { unit: 'players', better: 'higher' },
  pool_hit_rate: { unit: 'share', better: 'higher' },
  frames_on_time_rate: { unit: 'share', better: 'higher' },
  generator_cpu_share: { unit: 'share of a core', better: 'lower' },
  allocations_per_op: { unit: 'per operation', better: 'lower' },
  // Copies of large payloads or parts of them, in or out; small packets that two reads brought are counted apart.
  payload_copies_per_op: { unit: 'per operation', better: 'lower' },
  straddle_copies_per_op: { unit: 'per operation', better: 'lower' },
  syscalls_per_op: { unit: 'per operation', better: 'lower' },
  // Of several threads against one alone, from the same blocks.
  speedup: { unit: '×', better: 'higher' },
  alu_speedup: { unit: '×', better: 'higher' },
  speedup_against_alu: { unit: '×', better: 'higher' },
  cpu_growth_against_alu: { unit: '×', better: 'lower' },
  scrapes_per_s: { unit: 'scrapes/s', better: 'higher' },
  scrape_latency_ns_p99: { unit: 'ns', better: 'lower' },
  scrape_latency_ns_max: { unit: 'ns', better: 'lower' },
  scrapes_refused_share: { unit: 'share', better: 'lower' },
} as const satisfies Record<string, MetricDefinition>;

export type MetricName = keyof typeof METRICS;
export const METRIC_NAMES = Object.keys(METRICS) as [MetricName, ...MetricName[]];

/** Metrics that say nothing about an arm's worth and are therefore never compared between arms. */
export const NOT_COMPARED: ReadonlySet<string> = new Set([
  'generator_cpu_share',
  'error_rate',
  'timeout_rate',
  'speedup',
  'alu_speedup',
  'speedup_against_alu',
  'cpu_growth_against_alu',
  'scrapes_per_s',
  'scrapes_refused_share',
]);

/**
 * Better is above 1, whatever the metric's direction; NaN when a quotient does not exist.
 */
export function ratioOf(metric: MetricName, ours: number, theirs: number): number {
  const ratio = METRICS[metric].better === 'higher' ? ours / theirs : theirs / ours;
  return Number.isFinite(ratio) && ratio > 0 ? ratio : Number.NaN;
}
