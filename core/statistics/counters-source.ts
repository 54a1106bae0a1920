import type { ReportedValues } from './counter-catalog.js';
import type { LatencyHistogram } from './latency-histogram.js';

/** What one reactor says of itself. */
export interface ReactorReport {
  /** The reactor's number in the process, 0 to 255. */
  readonly reactor: number;
  /** Its counters since it began and its gauges. Names that the catalog does not know are ignored. */
  readonly values: ReportedValues;
  /**
   * A copy of its turn latencies since it began, {@link LatencyHistogram.WORDS} words: from a readiness that the poller
   * reports to the moment the answers of that turn were written. Absent where none are kept.
   */
  readonly turnLatency?: Float64Array;
}

/** Where statistics come from: a transport, or a script in a test. Read on the transport's thread only. */
export interface CountersSource {
  /** The reactors that run now. One that starts again under the same number may begin at 0. */
  reactors(): readonly ReactorReport[];
  /** What `core` counts for all reactors together. */
  shared(): ReportedValues;
  /** Latencies of the requests that this transport made, from `request()` to the response, since the beginning. */
  readonly requestLatency: LatencyHistogram;
}
