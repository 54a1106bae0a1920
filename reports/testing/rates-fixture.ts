import type { MetricRecord, RunRecord } from '../../scenarios/harness/record.js';
import { fixtureRecord } from './record-fixture.js';

const RATES = [10_000, 50_000, 90_000];
/** What each arm can do, and its latency when it does nothing else. */
const CAPACITY: Readonly<Record<string, { opsPerSecond: number; p99Ns: number }>> = {
  native: { opsPerSecond: 200_000, p99Ns: 400_000 },
  baseline: { opsPerSecond: 60_000, p99Ns: 900_000 },
};

/** The same work in open loop at three rates, the highest of which the baseline does not bear. */
export function ratesRun(): RunRecord {
  const record = fixtureRecord({ seed: 23, rounds: 5, blocksPerRound: 4 });
  const template = record.cases.tcp!;
  const metric = (value: number, unit: string, better: 'higher' | 'lower'): MetricRecord => ({
    ...{ value, unit, better, n: 5 },
    ci95: [value * 0.95, value * 1.05],
  });
  const cases = RATES.map((rate) => {
    const arms = Object.entries(CAPACITY).map(([arm, { opsPerSecond, p99Ns }]) => {
      const load = Math.min(0.98, rate / opsPerSecond);
      const p99 = p99Ns / (1 - load);
      const metrics = {
        throughput_ops_per_s: metric(Math.min(rate, opsPerSecond), 'op/s', 'higher'),
        latency_ns_p50: metric(p99 / 5, 'ns', 'lower'),
        latency_ns_p99: metric(p99, 'ns', 'lower'),
      };
      return [arm, { ...template.arms[arm]!, metrics }] as const;
    });
    const parameters = { ...template.parameters, load: 'open', rate };
    return [
      `tcp/load=open,rate=${rate}`,
      { ...template, parameters, arms: Object.fromEntries(arms) },
    ] as const;
  });
  return {
    ...record,
    cases: Object.fromEntries(cases),
    blocks: [],
    windows: [],
    comparisons: [],
    checks: [],
  };
}
