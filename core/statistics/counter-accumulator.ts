import {
  COUNTER_NAMES,
  type CounterTotals,
  finiteOrZero,
  noCounts,
  type ReportedValues,
} from './counter-catalog.js';
import { LatencyHistogram } from './latency-histogram.js';

/**
 * Turns the counters of one reporter into totals that only grow.
 *
 * A value below the one before means that its reporter began anew (a reactor was replaced, a counter wrapped): what it
 * shows now came since, as Prometheus' `rate()` has it. What the old one counted after its last report is lost.
 */
export class CounterAccumulator {
  readonly totals = noCounts();
  turnLatency = new LatencyHistogram();
  private readonly last = noCounts();
  private lastTurnLatency = new LatencyHistogram();

  take(values: ReportedValues, turnLatency?: Float64Array): void {
    for (const name of COUNTER_NAMES) {
      if (values[name] === undefined) continue;
      const value = Math.max(finiteOrZero(values[name]), 0);
      this.totals[name] += value >= this.last[name] ? value - this.last[name] : value;
      this.last[name] = value;
    }
    if (turnLatency === undefined) return;
    const now = new LatencyHistogram(turnLatency);
    this.turnLatency.add(now.since(this.lastTurnLatency));
    this.lastTurnLatency = now;
  }
}

export function sumOfTotals(all: Iterable<CounterTotals>): CounterTotals {
  const sum = noCounts();
  for (const totals of all) for (const name of COUNTER_NAMES) sum[name] += totals[name];
  return sum;
}

/** What was counted between two readings of the same totals. */
export function countsBetween(earlier: CounterTotals, later: CounterTotals): CounterTotals {
  const counts = noCounts();
  for (const name of COUNTER_NAMES) counts[name] = later[name] - earlier[name];
  return counts;
}
