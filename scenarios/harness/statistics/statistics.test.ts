import { describe, expect, it } from 'vitest';
import { bcaInterval, jackknifeAcceleration } from './bootstrap.js';
import { normalCdf, normalQuantile } from './normal.js';
import { mean, median, quantile, standardDeviation } from './quantile.js';
import { createRandom } from './random.js';
import { studentT975 } from './student-t.js';

/** The spatial test data A of Efron and Tibshirani (1993), table 14.1, and their statistic: the variance over n. */
const SPATIAL = [
  48, 36, 20, 29, 42, 42, 20, 42, 22, 41, 45, 14, 6, 0, 33, 28, 34, 4, 32, 24, 47, 41, 24, 26, 30, 41,
];
const varianceOverN = (values: Float64Array): number => {
  const centre = mean(values);
  return values.reduce((sum, value) => sum + (value - centre) ** 2, 0) / values.length;
};

describe('random', () => {
  it('gives the same numbers for the same seed and others for another', () => {
    const first = createRandom(7);
    const second = createRandom(7);
    const other = createRandom(8);
    const numbers = Array.from({ length: 20 }, () => first.below(1_000_000));
    expect(Array.from({ length: 20 }, () => second.below(1_000_000))).toEqual(numbers);
    expect(Array.from({ length: 20 }, () => other.below(1_000_000))).not.toEqual(numbers);
  });

  it('is pinned across versions', () => {
    const random = createRandom(42);
    expect(Array.from({ length: 5 }, () => random.below(1000))).toMatchInlineSnapshot(`
      [
        901,
        137,
        356,
        105,
        219,
      ]
    `);
  });

  it('spreads evenly: chi-square over 16 bins below the 99.9 % point', () => {
    const random = createRandom(3);
    const bins = new Array(16).fill(0);
    for (let index = 0; index < 16_000; index++) bins[random.below(16)]++;
    const chiSquare = bins.reduce((sum, count) => sum + (count - 1000) ** 2 / 1000, 0);
    expect(chiSquare).toBeLessThan(37.7);
  });

  it('shuffles to a permutation and reaches every order', () => {
    const random = createRandom(5);
    const seen = new Set<string>();
    for (let index = 0; index < 300; index++) seen.add(random.shuffled(['a', 'b', 'c']).join(''));
    expect(seen.size).toBe(6);
  });

  it('forks by name, whatever was drawn before', () => {
    const first = createRandom(9);
    const second = createRandom(9);
    second.below(10);
    expect(first.fork('x').below(1e6)).toBe(second.fork('x').below(1e6));
    expect(first.fork('x').below(1e6)).not.toBe(first.fork('y').below(1e6));
  });
});

describe('quantile', () => {
  it('interpolates as type 7 does', () => {
    expect(quantile([1, 2, 3, 4], 0.25)).toBeCloseTo(1.75, 12);
    expect(median([3, 1, 2])).toBe(2);
    expect(median([])).toBeNaN();
    expect(standardDeviation([2, 4, 4, 4, 5, 5, 7, 9])).toBeCloseTo(2.13809, 5);
  });
});

describe('normal distribution', () => {
  it.each([
    [0, 0.5],
    [1, 0.8413447460685429],
    [-1.959963984540054, 0.025],
    [3, 0.9986501019683699],
    [-6, 9.865876450376946e-10],
  ])('cdf(%d)', (x, expected) => {
    expect(normalCdf(x)).toBeCloseTo(expected, 13);
    expect(normalCdf(x) / expected).toBeCloseTo(1, 8);
  });

  it('inverts the cdf', () => {
    for (const p of [1e-9, 0.001, 0.025, 0.2, 0.5, 0.9, 0.975, 0.9999]) {
      expect(normalCdf(normalQuantile(p)) / p).toBeCloseTo(1, 9);
    }
    expect(normalQuantile(0.975)).toBeCloseTo(1.959963984540054, 11);
  });

  it('knows points of Student’s t', () => {
    expect(studentT975(4)).toBe(2.776);
    expect(studentT975(1000)).toBe(2.042);
    expect(studentT975(0)).toBe(Number.POSITIVE_INFINITY);
  });
});

describe('BCa bootstrap', () => {
  it('reproduces the textbook example: acceleration 0.061, 90 % interval (115.8, 259.6)', () => {
    expect(varianceOverN(Float64Array.from(SPATIAL))).toBeCloseTo(171.5, 1);
    expect(jackknifeAcceleration(Float64Array.from(SPATIAL), varianceOverN)).toBeCloseTo(0.061, 3);
    const interval = bcaInterval(SPATIAL, varianceOverN, {
      random: createRandom(1),
      level: 0.9,
      resamples: 40_000,
    });
    expect(interval?.[0]).toBeGreaterThan(113);
    expect(interval?.[0]).toBeLessThan(119);
    expect(interval?.[1]).toBeGreaterThan(254);
    expect(interval?.[1]).toBeLessThan(265);
  });

  it('gives no interval below five values or with a value that is not finite', () => {
    const options = { random: createRandom(1) };
    expect(bcaInterval([1, 2, 3, 4], median, options)).toBeNull();
    expect(bcaInterval([1, 2, 3, 4, Number.NaN], median, options)).toBeNull();
    expect(bcaInterval([1, 2, 3, 4, 5], median, options)).not.toBeNull();
  });

  it('collapses to the value when all are alike, and contains the median otherwise', () => {
    const options = { random: createRandom(1) };
    expect(bcaInterval([2, 2, 2, 2, 2], median, options)).toEqual([2, 2]);
    const interval = bcaInterval([1, 5, 2, 8, 3, 9, 4], median, options)!;
    expect(interval[0]).toBeLessThanOrEqual(4);
    expect(interval[1]).toBeGreaterThanOrEqual(4);
  });

  it('covers the true median about 95 times in 100', () => {
    const random = createRandom(11);
    let covered = 0;
    const trials = 400;
    for (let trial = 0; trial < trials; trial++) {
      const sample = Array.from({ length: 10 }, () => normalQuantile((random.below(1e6) + 0.5) / 1e6));
      const [low, high] = bcaInterval(sample, median, { random, resamples: 500 })!;
      if (low <= 0 && high >= 0) covered++;
    }
    expect(covered / trials).toBeGreaterThan(0.88);
  });
});
