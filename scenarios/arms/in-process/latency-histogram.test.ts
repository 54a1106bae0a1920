import { describe, expect, it } from 'vitest';
import { LatencyHistogram, summarise } from './latency-histogram.js';

describe('the histogram of durations', () => {
  it.each([0, 1, 1023, 1024, 1025, 2047, 2048, 99_999, 1_000_000, 4_294_967_295, 4_294_967_296, 60e9])(
    'keeps %i within a thousandth',
    (value) => {
      const histogram = new LatencyHistogram();
      histogram.record(value);
      const [[highest, count]] = histogram.counts();
      expect(count).toBe(1);
      expect(highest).toBeGreaterThanOrEqual(value);
      expect(highest - value).toBeLessThanOrEqual(value / 1000);
    },
  );

  it('takes what is below zero or too long for its ends', () => {
    const histogram = new LatencyHistogram();
    histogram.record(-5);
    histogram.record(1e15);
    expect(histogram.counts().map(([value]) => value)).toEqual([0, 2 ** 36 - 1]);
  });

  it('is written by one thread and read by another', () => {
    const histogram = new LatencyHistogram();
    const reader = new LatencyHistogram(histogram.memory);
    histogram.record(5000);
    expect(reader.counts()).toHaveLength(1);
    reader.reset();
    expect(histogram.counts()).toEqual([]);
  });

  it('is summed up as mean, percentiles and most', () => {
    const counts = Array.from({ length: 100 }, (_, index): [number, number] => [index + 1, 1]);
    expect(summarise(counts)).toEqual({ samples: 100, mean: 50.5, p50: 50, p99: 99, max: 100 });
    expect(summarise([])).toBeNull();
  });
});
