import type { Quantity } from '../numbers/scale.js';

/** How a metric of the record is spoken of. */
export interface MetricName {
  label: string;
  quantity: Quantity;
}

const KNOWN: Record<string, MetricName> = {
  throughput_ops_per_s: { label: 'throughput', quantity: 'rate' },
  throughput_bytes_per_s: { label: 'throughput in bytes', quantity: 'byte-rate' },
  latency_ns_mean: { label: 'mean latency', quantity: 'time' },
  latency_ns_p50: { label: 'latency p50', quantity: 'time' },
  latency_ns_p90: { label: 'latency p90', quantity: 'time' },
  latency_ns_p99: { label: 'latency p99', quantity: 'time' },
  latency_ns_p999: { label: 'latency p99.9', quantity: 'time' },
  latency_ns_max: { label: 'latency max', quantity: 'time' },
  job_ns: { label: 'whole job', quantity: 'time' },
  cpu_ns_per_op: { label: 'CPU per operation', quantity: 'time' },
  rss_bytes_peak: { label: 'peak RSS', quantity: 'bytes' },
  memory_bytes_per_session: { label: 'memory per session', quantity: 'bytes' },
  error_rate: { label: 'error rate', quantity: 'share' },
  timeout_rate: { label: 'timeout rate', quantity: 'share' },
  pool_hit_rate: { label: 'pool hit rate', quantity: 'share' },
  availability_rate: { label: 'availability', quantity: 'share' },
  frames_on_time_rate: { label: 'frames on time', quantity: 'share' },
  players_max: { label: 'most players in time', quantity: 'count' },
  generator_cpu_share: { label: 'generator CPU share', quantity: 'share' },
  allocations_per_op: { label: 'allocations per operation', quantity: 'count' },
  payload_copies_per_op: { label: 'payload copies per operation', quantity: 'count' },
  straddle_copies_per_op: { label: 'small packets put together per operation', quantity: 'count' },
  syscalls_per_op: { label: 'system calls per operation', quantity: 'count' },
  speedup: { label: 'speed-up over one thread', quantity: 'count' },
  alu_speedup: { label: 'speed-up of the ALU loop', quantity: 'count' },
  speedup_against_alu: { label: 'speed-up ÷ ALU loop', quantity: 'count' },
  cpu_growth_against_alu: { label: 'growth of CPU per operation ÷ ALU loop', quantity: 'count' },
  scrapes_per_s: { label: 'scrapes per second', quantity: 'count' },
  scrape_latency_ns_p99: { label: 'scrape latency p99', quantity: 'time' },
  scrape_latency_ns_max: { label: 'scrape latency max', quantity: 'time' },
  scrapes_refused_share: { label: 'scrapes refused', quantity: 'share' },
};

const ORDER = Object.keys(KNOWN);

/** The words for a metric; one that is not in the catalogue keeps its own name and unit. */
export function metricName(metric: string): MetricName {
  return isKnownMetric(metric) ? KNOWN[metric]! : { label: metric.replaceAll('_', ' '), quantity: 'count' };
}

export function isKnownMetric(metric: string): boolean {
  return Object.hasOwn(KNOWN, metric);
}

/** Sort key: catalogue order, unknown metrics after it by name. */
export function compareMetrics(a: string, b: string): number {
  const rankOf = (metric: string) => (ORDER.includes(metric) ? ORDER.indexOf(metric) : ORDER.length);
  return rankOf(a) - rankOf(b) || (a < b ? -1 : a > b ? 1 : 0);
}

export function isLatency(metric: string): boolean {
  return metric.startsWith('latency_ns_');
}

export function isThroughput(metric: string): boolean {
  return metric.startsWith('throughput_');
}
