import * as hdr from 'hdr-histogram-js';
import { expect, it } from 'vitest';
import { SparseHistogram } from './sparse-histogram.js';

it('sums counts and reads percentiles, mean and maximum', () => {
  const histogram = new SparseHistogram();
  histogram.add([
    [100, 50],
    [1000, 1],
  ]);
  histogram.add([
    [200, 49],
    [100, 0],
  ]);
  expect(histogram.samples).toBe(100);
  expect(histogram.percentile(0.5)).toBe(100);
  expect(histogram.percentile(0.51)).toBe(200);
  expect(histogram.percentile(0.99)).toBe(200);
  expect(histogram.percentile(1)).toBe(1000);
  expect(histogram.max()).toBe(1000);
  expect(histogram.mean()).toBeCloseTo(158, 9);
});

it('is empty without samples', () => {
  const histogram = new SparseHistogram();
  expect(histogram.percentile(0.5)).toBeNaN();
  expect(histogram.max()).toBeNaN();
});

it('survives the way through HDR V2 base64 within three digits', () => {
  const histogram = new SparseHistogram();
  histogram.add([
    [12_345, 1_000_000],
    [5_000_000_000, 3],
    [0, 2],
  ]);
  const decoded = hdr.decodeFromCompressedBase64(histogram.toHdrBase64(), 64);
  expect(decoded.totalCount).toBe(1_000_005);
  expect(Math.abs(decoded.getValueAtPercentile(50) / 12_345 - 1)).toBeLessThan(0.001);
  expect(Math.abs(decoded.maxValue / 5e9 - 1)).toBeLessThan(0.001);
});
