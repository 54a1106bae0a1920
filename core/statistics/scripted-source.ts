import type { ReportedValues } from './counter-catalog.js';
import type { CountersSource, ReactorReport } from './counters-source.js';
import { LatencyHistogram } from './latency-histogram.js';
import type { ProcessUsage } from './process-usage.js';

/** A source, a clock and a process that do what a test says. */
export class ScriptedSource implements CountersSource, ProcessUsage {
  readonly requestLatency = new LatencyHistogram();
  time = 5_000;
  cpu = 100_000;
  sharedValues: Record<string, number> = {};
  reports: { reactor: number; values: Record<string, number>; turnLatency?: LatencyHistogram }[] = [];
  /** How often it was asked. */
  reads = 0;

  reactors(): readonly ReactorReport[] {
    this.reads += 1;
    return this.reports.map(({ reactor, values, turnLatency }) => ({
      reactor,
      values: { ...values },
      turnLatency: turnLatency?.words.slice(),
    }));
  }
  shared(): ReportedValues {
    return { ...this.sharedValues };
  }
  nowMs(): number {
    return this.time;
  }
  unixMs(): number {
    return 1_000_000 + this.time;
  }
  cpuUs(): number {
    return this.cpu;
  }
  memory() {
    return { rssBytes: 400, heapUsedBytes: 100, heapTotalBytes: 200, externalBytes: 50 };
  }
}
