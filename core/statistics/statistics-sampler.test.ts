import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { COUNTER_NAMES, GAUGE_NAMES } from './counter-catalog.js';
import { LatencyHistogram } from './latency-histogram.js';
import type { PerformanceSnapshot } from './performance-snapshot.js';
import { ScriptedSource } from './scripted-source.js';
import { StatisticsSampler } from './statistics-sampler.js';

const INTERVAL_MS = 1_000;
const samplers: StatisticsSampler[] = [];

function sampled(source: ScriptedSource, intervalMs = INTERVAL_MS): StatisticsSampler {
  const sampler = new StatisticsSampler(source, intervalMs, source);
  samplers.push(sampler);
  return sampler;
}

/** Lets the sampler's timer fire once, after so much time on the source's clock. */
function pass(source: ScriptedSource, elapsedMs = INTERVAL_MS): void {
  source.time += elapsedMs;
  vi.advanceTimersByTime(INTERVAL_MS);
}

/** Every number in a snapshot, by path. */
function numbersIn(value: unknown, path = 'snapshot'): [string, number][] {
  if (typeof value === 'number') return [[path, value]];
  if (value === null || typeof value !== 'object') return [];
  return Object.entries(value).flatMap(([name, inner]) => numbersIn(inner, `${path}.${name}`));
}

function expectFinite(snapshot: PerformanceSnapshot): void {
  expect(numbersIn(snapshot).filter(([, number]) => !Number.isFinite(number))).toEqual([]);
}

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  for (const sampler of samplers.splice(0)) sampler.stop();
  vi.useRealTimers();
});

describe('a statistics sampler', () => {
  it('has no rates before the first interval is over, and totals at once', () => {
    const source = new ScriptedSource();
    const sampler = sampled(source);
    source.time += 400;
    source.reports = [{ reactor: 0, values: { messagesReceived: 7, sessionsOpen: 2 } }];
    const snapshot = sampler.snapshot();
    expect(snapshot).toMatchObject({
      takenAtMs: 1_005_400,
      uptimeMs: 400,
      intervalMs: 0,
      messagesPerSecond: 0,
      cpuPercent: 0,
      cacheHitRate: 1,
      errorRate: 0,
      timeoutRate: 0,
      requestLatencyNs: { samples: 0, mean: 0, p50: 0, p99: 0, p999: 0, max: 0 },
      memory: { rssBytes: 400, heapUsedBytes: 100, heapTotalBytes: 200, externalBytes: 50, poolBytes: 0 },
    });
    expect(snapshot.totals.messagesReceived).toBe(7);
    expect(snapshot.gauges.sessionsOpen).toBe(2);
    expect(Object.keys(snapshot.totals)).toEqual(COUNTER_NAMES);
    expect(Object.keys(snapshot.gauges)).toEqual(GAUGE_NAMES);
    expectFinite(snapshot);
  });

  it('tells the rates of the last full interval', () => {
    const source = new ScriptedSource();
    const values = { messagesReceived: 100, messagesSent: 0, bytesReceived: 0, bytesSent: 0 };
    source.reports = [{ reactor: 0, values }];
    const sampler = sampled(source);
    Object.assign(values, {
      messagesReceived: 600,
      messagesSent: 250,
      bytesReceived: 4_000,
      bytesSent: 1_000,
    });
    source.cpu += 300_000;
    pass(source);
    // What comes after the interval is in the totals only.
    values.messagesReceived = 999;
    source.time += 600;
    expect(sampler.snapshot()).toMatchObject({
      uptimeMs: 1_600,
      intervalMs: 1_000,
      messagesReceivedPerSecond: 500,
      messagesSentPerSecond: 250,
      messagesPerSecond: 750,
      bytesReceivedPerSecond: 4_000,
      bytesSentPerSecond: 1_000,
      bytesPerSecond: 5_000,
      cpuPercent: 30,
      totals: { messagesReceived: 999 },
    });
    pass(source, 400);
    expect(sampler.snapshot().messagesReceivedPerSecond).toBe(399);
    pass(source);
    expect(sampler.snapshot().messagesPerSecond).toBe(0);
  });

  it('averages over an interval that a blocked loop made longer', () => {
    const source = new ScriptedSource();
    const sampler = sampled(source);
    source.sharedValues = { messagesSent: 5_000 };
    source.cpu += 8_000_000;
    pass(source, 5_000);
    expect(sampler.snapshot()).toMatchObject({
      intervalMs: 5_000,
      messagesSentPerSecond: 1_000,
      cpuPercent: 160,
    });
  });

  it('leaves out a timer that comes early, at once, or after the clock went back', () => {
    const source = new ScriptedSource();
    const sampler = sampled(source);
    source.sharedValues = { messagesSent: 100 };
    pass(source);
    const full = sampler.snapshot();
    source.sharedValues = { messagesSent: 150 };
    pass(source, 0);
    pass(source, 499);
    expect(sampler.snapshot().messagesSentPerSecond).toBe(full.messagesSentPerSecond);
    pass(source, -3_000);
    expect(sampler.snapshot()).toMatchObject({ intervalMs: 1_000, messagesSentPerSecond: 100, uptimeMs: 0 });
    source.sharedValues = { messagesSent: 170 };
    pass(source);
    // The new interval began where the clock went back to.
    expect(sampler.snapshot()).toMatchObject({ intervalMs: 1_000, messagesSentPerSecond: 20 });
    expectFinite(sampler.snapshot());
  });

  it('takes a counter that fell for one that began anew, and never lets a total fall', () => {
    const source = new ScriptedSource();
    const values = { messagesReceived: 4_000, turns: 10 };
    const turnLatency = new LatencyHistogram();
    for (const latency of [1_000, 2_000, 3_000]) turnLatency.record(latency);
    source.reports = [{ reactor: 3, values, turnLatency }];
    const sampler = sampled(source);
    values.messagesReceived = 50;
    source.reports[0].turnLatency = new LatencyHistogram();
    source.reports[0].turnLatency.record(9_000);
    pass(source);
    const snapshot = sampler.snapshot();
    expect(snapshot.messagesReceivedPerSecond).toBe(50);
    expect(snapshot.totals.messagesReceived).toBe(4_050);
    expect(snapshot.turnLatencyNs).toMatchObject({ samples: 1, max: 9_000 });
    expect(sampler.report().latency.turnLatency.samples).toBe(4);
  });

  it('adds up reactors, and keeps the totals of one that stopped', () => {
    const source = new ScriptedSource();
    const [one, two] = [new LatencyHistogram(), new LatencyHistogram()];
    source.reports = [
      {
        reactor: 7,
        values: { messagesSent: 10, sessionsOpen: 3, cpuNs: 0, fragmentationPermille: 90 },
        turnLatency: two,
      },
      {
        reactor: 1,
        values: { messagesSent: 1, sessionsOpen: 4, queuedBytes: 8, fragmentationPermille: 150 },
        turnLatency: one,
      },
    ];
    source.sharedValues = { requestsPending: 5 };
    const sampler = sampled(source);
    one.record(1_000);
    two.record(2_000_000);
    Object.assign(source.reports[0].values, { messagesSent: 30, cpuNs: 250_000_000 });
    source.reports[1].values.messagesSent = 6;
    pass(source);
    const both = sampler.snapshot();
    expect(both.messagesSentPerSecond).toBe(25);
    expect(both.turnLatencyNs).toMatchObject({ samples: 2, mean: 1_000_500, max: 2_000_000 });
    expect(both.gauges).toMatchObject({ sessionsOpen: 7, queuedBytes: 8, requestsPending: 5 });
    expect(both.gauges.fragmentationPermille).toBe(150);
    expect(both.reactors).toMatchObject([
      { reactor: 1, messagesSentPerSecond: 5, cpuPercent: null, turnLatencyNs: { samples: 1, max: 1_000 } },
      {
        reactor: 7,
        messagesSentPerSecond: 20,
        cpuPercent: 25,
        gauges: { sessionsOpen: 3 },
        totals: { messagesSent: 30 },
      },
    ]);
    source.reports.shift();
    source.reports.push({ reactor: 9, values: { messagesSent: 40 } });
    pass(source);
    const after = sampler.snapshot();
    expect(after.totals.messagesSent).toBe(76);
    expect(after.messagesSentPerSecond).toBe(40);
    expect(after.gauges.sessionsOpen).toBe(4);
    expect(
      after.reactors.map(({ reactor, messagesSentPerSecond }) => [reactor, messagesSentPerSecond]),
    ).toEqual([
      [1, 0],
      [9, 40],
    ]);
  });

  it('shares out hits, errors and timeouts by their definitions', () => {
    const source = new ScriptedSource();
    const sampler = sampled(source);
    source.sharedValues = {
      ...{ poolHits: 90, poolMisses: 6, poolRefused: 4 },
      ...{ requestsAnswered: 16, requestsTimedOut: 3, requestsFailed: 1, requestsAborted: 100 },
      ...{ messagesSent: 60, messagesReceived: 33 },
      ...{
        messagesDiscarded: 1,
        messagesDropped: 1,
        abnormalCloses: 2,
        acceptsRefused: 1,
        connectsFailed: 1,
      },
    };
    pass(source);
    expect(sampler.snapshot()).toMatchObject({ cacheHitRate: 0.9, errorRate: 0.07, timeoutRate: 0.15 });
    pass(source);
    expect(sampler.snapshot()).toMatchObject({ cacheHitRate: 1, errorRate: 0, timeoutRate: 0 });
  });

  it('summarises the latencies of the interval alone', () => {
    const source = new ScriptedSource();
    source.requestLatency.record(5e9);
    const sampler = sampled(source);
    for (let i = 0; i < 999; i++) source.requestLatency.record(100);
    source.requestLatency.record(1_000_000);
    pass(source);
    const { requestLatencyNs } = sampler.snapshot();
    expect(requestLatencyNs).toMatchObject({ samples: 1_000, mean: 1_099.9, p50: 100, p99: 100, p999: 100 });
    expect(requestLatencyNs.max).toBeGreaterThanOrEqual(1_000_000);
    expect(requestLatencyNs.max).toBeLessThan(1_008_000);
    expect(sampler.report().latency.requestLatency.samples).toBe(1_001);
  });

  it('stays finite whatever a source reports', () => {
    const source = new ScriptedSource();
    const wrong = { messagesSent: Number.NaN, bytesSent: -5, sessionsOpen: Number.POSITIVE_INFINITY };
    source.reports = [{ reactor: 0, values: { ...wrong, cpuNs: Number.NaN, unheardOf: 4 } }];
    const sampler = sampled(source);
    source.cpu = 0;
    pass(source, 0.001);
    pass(source);
    expectFinite(sampler.snapshot());
    expect(sampler.snapshot().cpuPercent).toBe(0);
  });

  it('samples as often as it is told, and not after it stopped', () => {
    const source = new ScriptedSource();
    source.sharedValues = { messagesSent: 1 };
    const sampler = sampled(source, 250);
    const before = source.reads;
    for (let i = 0; i < 4; i++) {
      source.time += 250;
      vi.advanceTimersByTime(250);
    }
    expect(source.reads - before).toBe(4);
    sampler.stop();
    const stopped = sampler.snapshot();
    const reads = source.reads;
    source.sharedValues = { messagesSent: 2 };
    source.time += 1_000;
    vi.advanceTimersByTime(1_000);
    sampler.stop();
    expect(sampler.snapshot()).toBe(stopped);
    expect(sampler.report().latency.requestLatency.samples).toBe(0);
    expect(source.reads).toBe(reads);
    expect(stopped.totals.messagesSent).toBe(1);
  });

  it('keeps no process alive, and reads the real one', () => {
    vi.useRealTimers();
    const timers = () => process.getActiveResourcesInfo().filter((resource) => resource === 'Timeout').length;
    const before = timers();
    const sampler = new StatisticsSampler(new ScriptedSource(), 60_000);
    samplers.push(sampler);
    expect(timers()).toBe(before);
    const snapshot = sampler.snapshot();
    expectFinite(snapshot);
    expect(snapshot.memory.rssBytes).toBeGreaterThan(snapshot.memory.heapUsedBytes);
  });
});
