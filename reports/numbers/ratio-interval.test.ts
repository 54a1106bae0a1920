import { describe, expect, it } from 'vitest';
import { geometricMean, quotientOf, type RatioEstimate } from './ratio-interval.js';

const estimate = (ratio: number, low: number, high: number): RatioEstimate => ({ ratio, ci95: [low, high] });

describe('quotient of two ratios', () => {
  it('divides the ratios and joins the distances to their ends in logarithms', () => {
    const { ratio, ci95 } = quotientOf(estimate(4, 4 / 1.3, 4 * 1.3), estimate(2, 2 / 1.3, 2 * 1.3));
    const reach = Math.exp(Math.SQRT2 * Math.log(1.3));
    expect(ratio).toBe(2);
    expect(ci95![0]).toBeCloseTo(2 / reach, 10);
    expect(ci95![1]).toBeCloseTo(2 * reach, 10);
  });

  it('keeps what is lopsided: a long lower end of the old run lengthens the upper end', () => {
    const { ci95 } = quotientOf(estimate(1, 1, 1), estimate(1, 0.5, 1.01));
    expect(ci95![0]).toBeCloseTo(1 / 1.01, 10);
    expect(ci95![1]).toBeCloseTo(2, 10);
  });

  it('has no interval where one of the runs has none, or one that reaches zero', () => {
    expect(quotientOf({ ratio: 2, ci95: null }, estimate(1, 0.9, 1.1))).toEqual({ ratio: 2, ci95: null });
    expect(quotientOf(estimate(2, 0, 3), estimate(1, 0.9, 1.1)).ci95).toBeNull();
  });
});

describe('geometric mean', () => {
  it('is 1 of a doubling and a halving, and narrower than its parts', () => {
    const mean = geometricMean([estimate(2, 1.8, 2.2), estimate(0.5, 0.45, 0.55)]);
    expect(mean.ratio).toBeCloseTo(1, 10);
    expect(mean.ci95![0]).toBeGreaterThan(0.9);
    expect(mean.ci95![1]).toBeLessThan(1.1);
  });

  it('has no interval unless every part has one', () => {
    expect(geometricMean([estimate(2, 1.8, 2.2), { ratio: 1, ci95: null }]).ci95).toBeNull();
  });
});
