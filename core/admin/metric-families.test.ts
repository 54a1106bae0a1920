import { describe, expect, it } from 'vitest';
import { COUNTER_NAMES, GAUGE_NAMES } from '../statistics/counter-catalog.js';
import { LatencyHistogram } from '../statistics/latency-histogram.js';
import { ScriptedSource } from '../statistics/scripted-source.js';
import { StatisticsSampler } from '../statistics/statistics-sampler.js';
import { hasPromtool, promtoolSays, readExposition } from './exposition-reader.js';
import { metricFamilies } from './metric-families.js';
import { prometheusText } from './prometheus-text.js';

/** The metrics of a transport with three reactors that has seen a little of everything. */
function somePage(): string {
  const source = new ScriptedSource();
  const sampler = new StatisticsSampler(source, 1_000, source);
  let count = 0;
  source.sharedValues = { requestsPending: 9, requestsTimedOut: 4, abnormalCloses: 2 };
  source.reports = [0, 3, 255].map((reactor) => {
    const turnLatency = new LatencyHistogram();
    for (const latency of [900, 30_000, 2e6]) turnLatency.record(latency);
    const names = [...COUNTER_NAMES, ...GAUGE_NAMES].filter((name) => !(name in source.sharedValues));
    const values = Object.fromEntries(names.map((name) => [name, ++count]));
    if (reactor === 3) delete values.cpuNs;
    return { reactor, values, turnLatency };
  });
  source.reports[0].values.cpuNs = 1_500_000_000;
  source.reports[2].values.cpuNs = 250_000_000;
  for (const latency of [500, 1_000, 700_000, 70e9]) source.requestLatency.record(latency);
  source.time += 2_500;
  const page = prometheusText(metricFamilies(sampler.report()));
  sampler.stop();
  return page;
}

describe('the metrics of a transport', () => {
  const metrics = readExposition(somePage());

  it('have a counter for every count and a gauge for every gauge', () => {
    const ofType = (type: string) => [...metrics].filter(([, metric]) => metric.type === type);
    const counters = ofType('counter').map(([name]) => name);
    expect(counters).toHaveLength(COUNTER_NAMES.length + 1);
    expect(counters.filter((name) => !name.endsWith('_total'))).toEqual([]);
    expect(metrics.get('msgtrans_requests_timed_out_total')?.samples).toMatchObject([
      { value: 4, labels: {} },
    ]);
    expect(ofType('gauge').filter(([name]) => name.endsWith('_total'))).toEqual([]);
    expect(metrics.get('msgtrans_reactor_cpu_seconds_total')?.samples).toMatchObject([{ value: 1.75 }]);
    expect(metrics.get('msgtrans_requests_pending')?.samples).toMatchObject([{ value: 9 }]);
    expect(metrics.get('msgtrans_uptime_seconds')?.samples).toMatchObject([{ value: 2.5 }]);
    for (const [name, { help, samples }] of metrics) {
      expect(help, name).toMatch(/^[A-Z].*\.$/);
      expect(samples.length, name).toBeGreaterThan(0);
      expect(
        samples.every(({ value }) => Number.isFinite(value)),
        name,
      ).toBe(true);
    }
  });

  it('add up the reactors, and label nothing but them', () => {
    const byReactor = metrics.get('msgtrans_reactor_sessions_open')!.samples;
    expect(byReactor.map(({ labels }) => labels)).toEqual([
      { reactor: '0' },
      { reactor: '3' },
      { reactor: '255' },
    ]);
    const sum = byReactor.reduce((total, { value }) => total + value, 0);
    expect(metrics.get('msgtrans_sessions_open')?.samples).toMatchObject([{ value: sum }]);
    const fragmentation = metrics.get('msgtrans_reactor_pool_fragmentation_ratio')!.samples;
    expect(metrics.get('msgtrans_pool_fragmentation_ratio')?.samples).toMatchObject([
      { value: Math.max(...fragmentation.map(({ value }) => value)) },
    ]);
    expect(metrics.get('msgtrans_reactor_cpu_ratio')?.samples.map(({ labels }) => labels.reactor)).toEqual([
      '0',
      '255',
    ]);
    const labels = [...metrics.values()].flatMap(({ samples }) =>
      samples.flatMap((one) => Object.keys(one.labels)),
    );
    expect(new Set(labels)).toEqual(new Set(['reactor', 'le']));
  });

  it('have histograms that count upwards to all samples, in seconds', () => {
    for (const [name, samples, sum] of [
      ['msgtrans_request_latency_seconds', 4, 70.0007015],
      ['msgtrans_turn_latency_seconds', 9, 0.0060927],
    ] as const) {
      const metric = metrics.get(name)!;
      const buckets = metric.samples.filter((sample) => sample.name.endsWith('_bucket'));
      const bounds = buckets.map(({ labels }) =>
        labels.le === '+Inf' ? Number.POSITIVE_INFINITY : +labels.le,
      );
      expect(bounds).toEqual([...bounds].sort((left, right) => left - right));
      expect(bounds.at(0)).toBe(1e-6);
      expect(bounds.at(-1)).toBe(Number.POSITIVE_INFINITY);
      const counts = buckets.map(({ value }) => value);
      expect(counts).toEqual([...counts].sort((left, right) => left - right));
      expect(counts.at(-1)).toBe(samples);
      expect(metric.samples.at(-1)).toMatchObject({ name: `${name}_count`, value: samples });
      expect(metric.samples.at(-2)!.value).toBeCloseTo(sum, 9);
    }
    const upToOneMs = metrics
      .get('msgtrans_request_latency_seconds')!
      .samples.find(({ labels }) => labels.le === '0.001');
    expect(upToOneMs?.value).toBe(3);
  });

  it.skipIf(!hasPromtool)('leave promtool (Debian package prometheus) nothing to say', () => {
    expect(promtoolSays(somePage())).toEqual({ status: 0, stdout: '', stderr: '' });
  });
});
