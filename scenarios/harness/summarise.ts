import type { ArmRound, ArmSamples, CaseSamples, MeasuredWindow } from './case-samples.js';
import { METRICS, type MetricName } from './metrics.js';
import type { ArmRecord, CaseRecord, MetricRecord, SeriesRecord } from './record.js';
import type { ScrapeTally } from './scrape-tally.js';
import { bcaInterval } from './statistics/bootstrap.js';
import { median } from './statistics/quantile.js';
import type { Random } from './statistics/random.js';
import type { SparseHistogram } from './statistics/sparse-histogram.js';

/** From this share of its core on, the load generator and not the arm may be what was measured. */
export const GENERATOR_BOUND_SHARE = 0.9;
export const GENERATOR_BOUND = 'generator-bound';
/** A percentile needs this many samples beyond it. */
const SAMPLES_BEYOND_MIN = 10;

const LATENCY_PERCENTILES = [
  ['latency_ns_p50', 0.5],
  ['latency_ns_p90', 0.9],
  ['latency_ns_p99', 0.99],
  ['latency_ns_p999', 0.999],
] as const satisfies [MetricName, number][];

/** One case of the record: a metric's value is the median over rounds. */
export function summariseCase(samples: CaseSamples, runStartNs: number, random: Random): CaseRecord {
  const { planned } = samples;
  const arms: Record<string, ArmRecord> = {};
  for (const [arm, collected] of samples.arms) {
    arms[arm] = summariseArm(samples, arm, collected, runStartNs, random.fork(`${planned.name} ${arm}`));
  }
  const measured = Object.values(arms).some((arm) => arm.rounds.length > 0);
  const reason =
    planned.notMeasurable ?? (measured ? null : 'no round of it was completed; see the errors of its arms');
  return {
    parameters: { ...planned.parameters },
    status: measured ? 'measured' : 'not-measurable',
    reason,
    arms,
    ...(Object.keys(planned.absentArms).length > 0 ? { absentArms: { ...planned.absentArms } } : {}),
  };
}

function summariseArm(
  samples: CaseSamples,
  arm: string,
  collected: ArmSamples,
  runStartNs: number,
  random: Random,
): ArmRecord {
  const rounds = collected.rounds.map((round) => ({
    round: round.round,
    order: round.order,
    metrics: roundMetrics(round, collected),
  }));
  const metrics: Record<string, MetricRecord> = {};
  for (const name of Object.keys(METRICS) as MetricName[]) {
    const values = rounds.map((round) => round.metrics[name]).filter((value) => value !== undefined);
    if (values.length > 0) metrics[name] = metricRecord(name, values, random.fork(name));
  }
  if ((metrics.generator_cpu_share?.value ?? 0) >= GENERATOR_BOUND_SHARE) {
    for (const name of ['throughput_ops_per_s', 'throughput_bytes_per_s']) {
      if (metrics[name] !== undefined) metrics[name].mark = GENERATOR_BOUND;
    }
  }
  const scrapeTail = pooledScrapeTail(collected);
  if (scrapeTail !== null) metrics.scrape_latency_ns_p99 ??= scrapeTail;
  const pace = samples.paces.get(arm);
  return {
    transport: samples.planned.parameters.transport,
    metrics,
    histograms: histograms(collected),
    series: series(collected, runStartNs),
    rounds,
    ledger: { ...collected.ledger },
    messagesPerSessionMin: collected.messagesPerSessionMin,
    errors: collected.errors.map((error) => ({ ...error })),
    ...(collected.killedSessions === 0
      ? {}
      : { killed: { sessions: collected.killedSessions, unacknowledged: collected.unacknowledgedOnKilled } }),
    ...(pace === undefined ? {} : { windowNs: pace.windowNs }),
    ...(collected.coldRates.length === 0
      ? {}
      : { coldPass: metricRecord('throughput_ops_per_s', collected.coldRates, random.fork('cold')) }),
  };
}

function metricRecord(name: MetricName, values: readonly number[], random: Random): MetricRecord {
  const { unit, better } = METRICS[name];
  const interval = bcaInterval(values, median, { random });
  return { value: median(values), unit, better, ci95: interval, n: values.length };
}

/** The metrics of one round; what could not be had is absent. */
export function roundMetrics(round: ArmRound, collected: ArmSamples): Record<string, number> {
  const windows = round.windows.filter((window) => !window.dropped);
  if (windows.length === 0) return {};
  const total = (pick: (window: MeasuredWindow) => number): number =>
    windows.reduce((sum, window) => sum + pick(window), 0);
  const seconds = (window: MeasuredWindow): number => (window.endNs - window.startNs) / 1e9;
  const operations = total((window) => window.operations);
  const errors = collected.errors.filter((error) => error.round === round.round);
  const timeouts = errors.filter((error) => error.code === 'ERR_GENERATOR_REPLY_TIMEOUT');
  const metrics: Partial<Record<MetricName, number>> = {
    // The median over windows: a window that a neighbour of the machine disturbed moves it little.
    throughput_ops_per_s: median(windows.map((window) => window.operations / seconds(window))),
    // Where nobody touched the bytes, none were moved.
    throughput_bytes_per_s:
      total((window) => window.bytes) > 0
        ? median(windows.map((window) => window.bytes / seconds(window)))
        : Number.NaN,
    // Sums, not medians: a garbage collection falls into few windows and still has to be paid for.
    cpu_ns_per_op: total((window) => window.serverCpuNs) / operations,
    generator_cpu_share: total((window) => window.generatorCpuNs) / 1e9 / total(seconds),
    frames_on_time_rate: total((window) => window.framesOnTime) / total((window) => window.framesDue),
    availability_rate: total((window) => window.answeredInTime) / total((window) => window.intended),
    error_rate: errors.length / operations,
    timeout_rate: timeouts.length / operations,
    rss_bytes_peak: round.rssPeakBytes,
    memory_bytes_per_session: round.memoryBytesPerSession,
    ...latencyMetrics(round.responseTime.samples > 0 ? round.responseTime : round.serviceTime),
    ...counterMetrics(round.counters),
    ...round.figures,
    ...(round.scrapes === undefined ? {} : scrapeMetrics(round.scrapes)),
  };
  return Object.fromEntries(Object.entries(metrics).filter(([, value]) => Number.isFinite(value)));
}

function latencyMetrics(histogram: SparseHistogram): Partial<Record<MetricName, number>> {
  if (histogram.samples === 0) return {};
  const metrics: Partial<Record<MetricName, number>> = {
    latency_ns_mean: histogram.mean(),
    latency_ns_max: histogram.max(),
  };
  for (const [name, share] of LATENCY_PERCENTILES) {
    if (hasPercentile(histogram, share)) metrics[name] = histogram.percentile(share);
  }
  return metrics;
}

function counterMetrics(counters: Readonly<Record<string, number>>): Partial<Record<MetricName, number>> {
  // An operation is a message that came or, of a broadcast, one that went.
  const operations = Math.max(counters.messages_received, counters.messages_sent ?? 0);
  const perOperation = (name: string): number => (operations > 0 ? counters[name] / operations : Number.NaN);
  return {
    syscalls_per_op: perOperation('syscalls'),
    payload_copies_per_op: perOperation('payload_copies'),
    straddle_copies_per_op: perOperation('straddle_copies'),
    allocations_per_op: perOperation('allocations'),
    pool_hit_rate: counters.pool_hits / (counters.pool_hits + counters.pool_misses),
  };
}

function scrapeMetrics({
  served,
  refused,
  seconds,
  latency,
}: ScrapeTally): Partial<Record<MetricName, number>> {
  return {
    scrapes_per_s: (served + refused) / seconds,
    scrape_latency_ns_p99: hasPercentile(latency, 0.99) ? latency.percentile(0.99) : Number.NaN,
    scrape_latency_ns_max: latency.max(),
    scrapes_refused_share: refused / (served + refused),
  };
}

/** A handful of scrapes a second are too few for a percentile by round; over the run they may be enough for one. */
function pooledScrapeTail({ scrapes, rounds }: ArmSamples): MetricRecord | null {
  if (!hasPercentile(scrapes.latency, 0.99)) return null;
  const value = scrapes.latency.percentile(0.99);
  return {
    ...{ value, ...METRICS.scrape_latency_ns_p99, ci95: null, n: rounds.length },
    mark: `of all ${scrapes.served} scrapes together`,
  };
}

function hasPercentile(histogram: SparseHistogram, share: number): boolean {
  return histogram.samples * (1 - share) >= SAMPLES_BEYOND_MIN - 1e-9;
}

function histograms(collected: ArmSamples): Record<string, string> {
  const result: Record<string, string> = {};
  if (collected.serviceTime.samples > 0) result.service_time_ns = collected.serviceTime.toHdrBase64();
  if (collected.responseTime.samples > 0) result.response_time_ns = collected.responseTime.toHdrBase64();
  if (collected.scrapes.served > 0) result.scrape_latency_ns = collected.scrapes.latency.toHdrBase64();
  return result;
}

function series(collected: ArmSamples, runStartNs: number): Record<string, SeriesRecord> {
  const windows = collected.rounds
    .flatMap((round) => round.windows)
    .sort((left, right) => left.startNs - right.startNs);
  const atNs = windows.map((window) => Math.round((window.startNs + window.endNs) / 2 - runStartNs));
  const of = (unit: string, pick: (window: MeasuredWindow) => number | null): SeriesRecord => ({
    unit,
    atNs,
    values: windows.map(pick),
  });
  return {
    throughput_ops_per_s: of('operations/s', (window) =>
      Math.round((window.operations / (window.endNs - window.startNs)) * 1e9),
    ),
    latency_ns_p50: of('ns', (window) => window.latencyNsP50),
    latency_ns_p99: of('ns', (window) => window.latencyNsP99),
  };
}
