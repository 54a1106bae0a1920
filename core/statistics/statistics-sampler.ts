import { CounterAccumulator, sumOfTotals } from './counter-accumulator.js';
import { type GaugeValues, gaugesOf, type ReportedValues, reportedTogether } from './counter-catalog.js';
import type { CountersSource } from './counters-source.js';
import {
  NO_RATES,
  NO_REACTOR_RATES,
  type ReactorRates,
  type Reading,
  ratesBetween,
  reactorRatesBetween,
  type TotalsReading,
} from './interval-rates.js';
import { LatencyHistogram } from './latency-histogram.js';
import type { IntervalRates, PerformanceSnapshot, ReactorSnapshot } from './performance-snapshot.js';
import { type ProcessUsage, processUsage } from './process-usage.js';

/** What a sampler read at one moment. */
interface Sample {
  readonly reading: Reading;
  readonly gauges: GaugeValues;
  readonly reactors: ReadonlyMap<number, { values: ReportedValues; knowsCpu: boolean }>;
}

/** All latencies since the transport was created. */
export interface LatencyTotals {
  readonly requestLatency: LatencyHistogram;
  readonly turnLatency: LatencyHistogram;
}

/** A snapshot and the histograms that it has only percentiles of, from one reading. */
export interface StatisticsReport {
  readonly snapshot: PerformanceSnapshot;
  readonly latency: LatencyTotals;
}

/**
 * Reads a source once per interval and says what happened in the last full one.
 *
 * An interval is as long as it turned out: when the loop was blocked or the process stopped, it is longer, and the
 * rates are averages over all of it. A timer that comes before half of its time has passed is left out, and so is one
 * at which the clock has gone back: after that a new interval begins.
 *
 * The timer is unreferenced: it keeps no process alive. Thread: the source's.
 */
export class StatisticsSampler {
  private readonly source: CountersSource;
  private readonly usage: ProcessUsage;
  private readonly intervalMs: number;
  private readonly timer: NodeJS.Timeout;
  private readonly shared = new CounterAccumulator();
  private readonly byReactor = new Map<number, CounterAccumulator>();
  private readonly createdMs: number;
  private intervalBegin: Reading;
  private rates: IntervalRates = NO_RATES;
  private reactorRates: ReadonlyMap<number, ReactorRates> = new Map();
  private last: StatisticsReport | undefined;

  /**
   * @param intervalMs length of a sampling interval, milliseconds
   * @param usage the clock and the process; scripted in tests
   */
  constructor(source: CountersSource, intervalMs: number, usage: ProcessUsage = processUsage) {
    this.source = source;
    this.usage = usage;
    this.intervalMs = intervalMs;
    this.intervalBegin = this.read().reading;
    this.createdMs = this.intervalBegin.atMs;
    this.timer = setInterval(() => this.tick(), intervalMs);
    this.timer.unref();
  }

  /** The rates of the last full interval with everything else as it is now; after {@link stop} as it was then. */
  snapshot(): PerformanceSnapshot {
    return this.report().snapshot;
  }

  /** What {@link snapshot} says, with all latencies until then. */
  report(): StatisticsReport {
    if (this.last !== undefined) return this.last;
    const sample = this.read();
    const { requestLatency, turnLatency } = sample.reading;
    return { snapshot: this.snapshotOf(sample), latency: { requestLatency, turnLatency } };
  }

  /** Reads the source for the last time. To be called before what it reads is destroyed. */
  stop(): void {
    if (this.last !== undefined) return;
    clearInterval(this.timer);
    this.last = this.report();
  }

  private snapshotOf({ reading, gauges, reactors }: Sample): PerformanceSnapshot {
    return {
      takenAtMs: this.usage.unixMs(),
      uptimeMs: Math.max(reading.atMs - this.createdMs, 0),
      processCpuMs: reading.cpuUs / 1000,
      ...this.rates,
      memory: { ...this.usage.memory(), poolBytes: gauges.poolBytes },
      gauges,
      totals: reading.totals,
      reactors: [...reactors.keys()]
        .sort((left, right) => left - right)
        .map((number): ReactorSnapshot => {
          const { values, knowsCpu } = reactors.get(number)!;
          const rates = this.reactorRates.get(number) ?? NO_REACTOR_RATES;
          return {
            reactor: number,
            ...rates,
            cpuPercent: knowsCpu ? rates.cpuPercent : null,
            gauges: gaugesOf(values),
            totals: { ...this.byReactor.get(number)!.totals },
          };
        }),
    };
  }

  private tick(): void {
    const elapsedMs = this.usage.nowMs() - this.intervalBegin.atMs;
    if (elapsedMs >= 0 && elapsedMs < this.intervalMs / 2) return;
    const { reading } = this.read();
    const begin = this.intervalBegin;
    this.intervalBegin = reading;
    const lengthMs = reading.atMs - begin.atMs;
    if (!(lengthMs > 0)) return;
    this.rates = ratesBetween(begin, reading);
    this.reactorRates = new Map(
      [...reading.reactors].map(([number, now]) => [
        number,
        reactorRatesBetween(begin.reactors.get(number), now, lengthMs),
      ]),
    );
  }

  private read(): Sample {
    const sharedValues = this.source.shared();
    this.shared.take(sharedValues);
    const reactors = new Map<number, { values: ReportedValues; knowsCpu: boolean }>();
    for (const { reactor, values, turnLatency } of this.source.reactors()) {
      const known = this.byReactor.get(reactor) ?? new CounterAccumulator();
      this.byReactor.set(reactor, known);
      known.take(values, turnLatency);
      reactors.set(reactor, { values, knowsCpu: values.cpuNs !== undefined });
    }
    const turnLatency = new LatencyHistogram();
    const totalsByReactor = new Map<number, TotalsReading>();
    for (const [number, known] of this.byReactor) {
      turnLatency.add(known.turnLatency);
      totalsByReactor.set(number, { totals: { ...known.totals }, turnLatency: known.turnLatency.copy() });
    }
    return {
      reading: {
        atMs: this.usage.nowMs(),
        cpuUs: this.usage.cpuUs(),
        totals: sumOfTotals([
          this.shared.totals,
          ...[...this.byReactor.values()].map(({ totals }) => totals),
        ]),
        turnLatency,
        requestLatency: this.source.requestLatency.copy(),
        reactors: totalsByReactor,
      },
      gauges: gaugesOf(
        reportedTogether([sharedValues, ...[...reactors.values()].map(({ values }) => values)]),
      ),
      reactors,
    };
  }
}
