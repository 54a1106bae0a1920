import {
  COUNTER_NAMES,
  COUNTERS,
  GAUGE_NAMES,
  GAUGES,
  type GaugeMeasure,
  type Measure,
} from '../statistics/counter-catalog.js';
import type { LatencyHistogram } from '../statistics/latency-histogram.js';
import type { PerformanceSnapshot } from '../statistics/performance-snapshot.js';
import type { StatisticsReport } from '../statistics/statistics-sampler.js';
import { type MetricFamily, numberText } from './prometheus-text.js';

const PREFIX = 'msgtrans_';
/** 1, 2.5 and 5 of every decade from 1 µs to 10 s, in nanoseconds. */
const BOUNDS_NS = [1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9].flatMap((decade) => [decade, 2.5 * decade, 5 * decade]);
const BOUNDS_ALL_NS = [...BOUNDS_NS, 1e10, Number.POSITIVE_INFINITY];

/**
 * A snapshot as Prometheus metrics, in base units. There is no label by session or by peer: the number of lines is
 * bounded by the number of reactors, 256.
 */
export function metricFamilies({ snapshot, latency }: StatisticsReport): MetricFamily[] {
  return [
    ...counters(snapshot),
    ...gauges(snapshot),
    ...reactorGauges(snapshot),
    histogram(
      'request_latency_seconds',
      'From a request made here to its response; requests without one are not in it.',
      latency.requestLatency,
    ),
    histogram(
      'turn_latency_seconds',
      'From the readiness of sockets to the answers written, by turn of the event loops.',
      latency.turnLatency,
    ),
    ...processMetrics(snapshot),
  ];
}

function counters({ totals }: PerformanceSnapshot): MetricFamily[] {
  return COUNTER_NAMES.map((name) => {
    const { metric, help, scale = 1 }: Measure = COUNTERS[name];
    return counter(`${PREFIX}${metric}_total`, help, totals[name] * scale);
  });
}

function gauges(snapshot: PerformanceSnapshot): MetricFamily[] {
  return [
    gauge(`${PREFIX}uptime_seconds`, 'Time since the transport was created.', snapshot.uptimeMs / 1000),
    gauge(`${PREFIX}reactors`, 'Reactors that run.', snapshot.reactors.length),
    gauge(
      `${PREFIX}cache_hit_ratio`,
      'Share of buffers that the pool had ready, over the last sampling interval.',
      snapshot.cacheHitRate,
    ),
    gauge(
      `${PREFIX}error_ratio`,
      'Share of attempts that failed, over the last sampling interval.',
      snapshot.errorRate,
    ),
    gauge(
      `${PREFIX}timeout_ratio`,
      'Share of ended requests that got no response in time, over the last sampling interval.',
      snapshot.timeoutRate,
    ),
    ...GAUGE_NAMES.map((name) => {
      const { metric, help, scale = 1 }: GaugeMeasure = GAUGES[name];
      return gauge(`${PREFIX}${metric}`, help, snapshot.gauges[name] * scale);
    }),
  ];
}

function reactorGauges({ reactors }: PerformanceSnapshot): MetricFamily[] {
  const byReactor = (name: string, help: string, values: readonly [reactor: number, value: number][]) => ({
    name: `${PREFIX}reactor_${name}`,
    help,
    type: 'gauge' as const,
    samples: values.map(([reactor, value]) => ({ labels: { reactor: String(reactor) }, value })),
  });
  return [
    ...GAUGE_NAMES.flatMap((name) => {
      const { metric, help, scale = 1, isShared = false }: GaugeMeasure = GAUGES[name];
      if (isShared) return [];
      return byReactor(
        metric,
        `By reactor: ${help}`,
        reactors.map(({ reactor, gauges: values }) => [reactor, values[name] * scale]),
      );
    }),
    byReactor(
      'cpu_ratio',
      'CPU of the thread that a reactor runs on, over the last sampling interval; 1 is all of a core.',
      reactors.flatMap(({ reactor, cpuPercent }) =>
        cpuPercent === null ? [] : [[reactor, cpuPercent / 100]],
      ),
    ),
  ].filter(({ samples }) => samples.length > 0);
}

/** Under the names that every Prometheus client uses. */
function processMetrics({ memory, processCpuMs }: PerformanceSnapshot): MetricFamily[] {
  return [
    counter('process_cpu_seconds_total', 'CPU time of the process, user and system.', processCpuMs / 1000),
    gauge('process_resident_memory_bytes', 'Memory of the process that is in RAM.', memory.rssBytes),
    gauge('nodejs_heap_size_used_bytes', 'JavaScript heap in use.', memory.heapUsedBytes),
    gauge('nodejs_heap_size_total_bytes', 'JavaScript heap.', memory.heapTotalBytes),
    gauge(
      'nodejs_external_memory_bytes',
      'Memory outside the heap that JavaScript objects keep.',
      memory.externalBytes,
    ),
  ];
}

/** A sample within 1/128 below a bound may be counted towards the next one. */
function histogram(name: string, help: string, latency: LatencyHistogram): MetricFamily {
  const counts = latency.countsUpTo(BOUNDS_ALL_NS);
  return {
    name: `${PREFIX}${name}`,
    help,
    type: 'histogram',
    samples: [
      ...BOUNDS_ALL_NS.map((boundNs, i) => ({
        suffix: '_bucket' as const,
        labels: { le: numberText(boundNs / 1e9) },
        value: counts[i],
      })),
      { suffix: '_sum', value: latency.sumNs / 1e9 },
      { suffix: '_count', value: counts.at(-1)! },
    ],
  };
}

function counter(name: string, help: string, value: number): MetricFamily {
  return { name, help, type: 'counter', samples: [{ value }] };
}

function gauge(name: string, help: string, value: number): MetricFamily {
  return { name, help, type: 'gauge', samples: [{ value }] };
}
