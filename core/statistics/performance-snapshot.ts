import type { CounterTotals, GaugeValues } from './counter-catalog.js';
import type { LatencySummary } from './latency-histogram.js';

/** What went through in one sampling interval, per second. Messages are packets of every type; bytes include headers. */
export interface FlowRates {
  readonly messagesReceivedPerSecond: number;
  readonly messagesSentPerSecond: number;
  /** Received and sent. */
  readonly messagesPerSecond: number;
  readonly bytesReceivedPerSecond: number;
  readonly bytesSentPerSecond: number;
  /** Received and sent. */
  readonly bytesPerSecond: number;
}

/** Everything that is measured over a sampling interval. */
export interface IntervalRates extends FlowRates {
  /** How long the interval really was, milliseconds: a late timer makes it longer, never the rates wrong. */
  readonly intervalMs: number;
  /**
   * Latency of the requests that this transport made and that were answered within the interval: from `request()` to
   * the response in the hands of `core`, the peer's time included. Requests without an answer are not in it.
   */
  readonly requestLatencyNs: LatencySummary;
  /** How long the turns of the loops took: from a reported readiness until the answers of that turn were written. */
  readonly turnLatencyNs: LatencySummary;
  /** CPU time of the whole process; 100 is one core kept busy, so more than 100 is possible. */
  readonly cpuPercent: number;
  /** Share of buffers that the pool had ready: hits ÷ (hits + misses + refused). 1 when none was asked for. */
  readonly cacheHitRate: number;
  /**
   * Share of what was attempted that failed: errors ÷ (packets sent and received + errors). An error is a request that
   * failed otherwise than by its timeout or its caller's signal, a packet discarded or dropped, a session that ended
   * abnormally, a connection turned away or not opened; each counts once for itself. 0 when nothing was attempted.
   */
  readonly errorRate: number;
  /**
   * Share of the requests ended in the interval whose `timeoutMs` passed without a response: timed out ÷ (answered +
   * timed out + failed). 0 when none ended.
   */
  readonly timeoutRate: number;
}

/** Memory of the whole process, bytes; `poolBytes` is this transport's part. */
export interface MemoryUse {
  readonly rssBytes: number;
  readonly heapUsedBytes: number;
  readonly heapTotalBytes: number;
  /** Memory outside the heap that JavaScript objects of this thread keep alive. */
  readonly externalBytes: number;
  /** Buffers of the pool, lent or not, those that no tier holds included. */
  readonly poolBytes: number;
}

/** One reactor of the transport. */
export interface ReactorSnapshot extends FlowRates {
  /** Its number in the process, 0 to 255. */
  readonly reactor: number;
  /** CPU of the thread it runs on over the interval, 100 being all of it; null where the engine does not know. */
  readonly cpuPercent: number | null;
  readonly turnLatencyNs: LatencySummary;
  readonly gauges: GaugeValues;
  readonly totals: CounterTotals;
}

/**
 * How a transport does: rates of the last full sampling interval (`metricsSamplingIntervalMs`), and totals, gauges and
 * memory of this moment.
 *
 * Before the first interval is over `intervalMs` is 0 and so are all rates but `cacheHitRate`, which is 1. No field is
 * ever NaN or infinite, so that it survives JSON.
 */
export interface PerformanceSnapshot extends IntervalRates {
  /** When it was taken, milliseconds since 1970. After the transport closed: when it did. */
  readonly takenAtMs: number;
  /** Time since the transport was created, milliseconds on a clock that does not jump. */
  readonly uptimeMs: number;
  /** CPU time of the whole process since it began, user and system, milliseconds. */
  readonly processCpuMs: number;
  readonly memory: MemoryUse;
  /** Of the whole transport: the sum over its reactors and what it holds itself; of ratios, the worst. */
  readonly gauges: GaugeValues;
  /** Since the transport was created, reactors that have stopped included. */
  readonly totals: CounterTotals;
  /** The reactors that run now, by number. */
  readonly reactors: readonly ReactorSnapshot[];
}
