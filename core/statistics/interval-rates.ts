import { countsBetween } from './counter-accumulator.js';
import type { CounterTotals } from './counter-catalog.js';
import { LatencyHistogram } from './latency-histogram.js';
import type { FlowRates, IntervalRates } from './performance-snapshot.js';

/** Totals of something at one moment. */
export interface TotalsReading {
  readonly totals: CounterTotals;
  readonly turnLatency: LatencyHistogram;
}

/** Everything that only grows, at one moment. */
export interface Reading extends TotalsReading {
  /** On a clock that does not jump, milliseconds. */
  readonly atMs: number;
  /** CPU time of the process, microseconds. */
  readonly cpuUs: number;
  readonly requestLatency: LatencyHistogram;
  readonly reactors: ReadonlyMap<number, TotalsReading>;
}

/** What a reactor did in an interval. */
export interface ReactorRates extends FlowRates {
  readonly cpuPercent: number;
  readonly turnLatencyNs: IntervalRates['turnLatencyNs'];
}

/** What happened between two readings. Needs `later.atMs` above `earlier.atMs`. */
export function ratesBetween(earlier: Reading, later: Reading): IntervalRates {
  const intervalMs = later.atMs - earlier.atMs;
  const counts = countsBetween(earlier.totals, later.totals);
  return {
    intervalMs,
    ...flowRates(counts, intervalMs),
    requestLatencyNs: later.requestLatency.since(earlier.requestLatency).summary(),
    turnLatencyNs: later.turnLatency.since(earlier.turnLatency).summary(),
    // Microseconds in milliseconds: a tenth of a percent.
    cpuPercent: Math.max(later.cpuUs - earlier.cpuUs, 0) / intervalMs / 10,
    ...shares(counts),
  };
}

/** A reactor that was not there at the earlier reading did everything since. */
export function reactorRatesBetween(
  earlier: TotalsReading | undefined,
  later: TotalsReading,
  intervalMs: number,
): ReactorRates {
  const counts = earlier === undefined ? later.totals : countsBetween(earlier.totals, later.totals);
  const turnLatency =
    earlier === undefined ? later.turnLatency : later.turnLatency.since(earlier.turnLatency);
  return {
    ...flowRates(counts, intervalMs),
    // Nanoseconds in milliseconds.
    cpuPercent: counts.cpuNs / intervalMs / 10_000,
    turnLatencyNs: turnLatency.summary(),
  };
}

const NO_LATENCY = new LatencyHistogram().summary();
const NO_FLOW: FlowRates = {
  messagesReceivedPerSecond: 0,
  messagesSentPerSecond: 0,
  messagesPerSecond: 0,
  bytesReceivedPerSecond: 0,
  bytesSentPerSecond: 0,
  bytesPerSecond: 0,
};

/** The rates before the first interval is over. */
export const NO_RATES: IntervalRates = {
  intervalMs: 0,
  ...NO_FLOW,
  requestLatencyNs: NO_LATENCY,
  turnLatencyNs: NO_LATENCY,
  cpuPercent: 0,
  cacheHitRate: 1,
  errorRate: 0,
  timeoutRate: 0,
};
export const NO_REACTOR_RATES: ReactorRates = { ...NO_FLOW, cpuPercent: 0, turnLatencyNs: NO_LATENCY };

function flowRates(counts: CounterTotals, intervalMs: number): FlowRates {
  const perSecond = (count: number) => (count * 1000) / intervalMs;
  return {
    messagesReceivedPerSecond: perSecond(counts.messagesReceived),
    messagesSentPerSecond: perSecond(counts.messagesSent),
    messagesPerSecond: perSecond(counts.messagesReceived + counts.messagesSent),
    bytesReceivedPerSecond: perSecond(counts.bytesReceived),
    bytesSentPerSecond: perSecond(counts.bytesSent),
    bytesPerSecond: perSecond(counts.bytesReceived + counts.bytesSent),
  };
}

function shares(counts: CounterTotals): Pick<IntervalRates, 'cacheHitRate' | 'errorRate' | 'timeoutRate'> {
  const errors =
    counts.requestsFailed +
    counts.messagesDiscarded +
    counts.messagesDropped +
    counts.abnormalCloses +
    counts.acceptsRefused +
    counts.connectsFailed;
  const attempts = counts.messagesReceived + counts.messagesSent + errors;
  const requestsEnded = counts.requestsAnswered + counts.requestsTimedOut + counts.requestsFailed;
  const buffers = counts.poolHits + counts.poolMisses + counts.poolRefused;
  return {
    cacheHitRate: buffers === 0 ? 1 : counts.poolHits / buffers,
    errorRate: attempts === 0 ? 0 : errors / attempts,
    timeoutRate: requestsEnded === 0 ? 0 : counts.requestsTimedOut / requestsEnded,
  };
}
