import { describe, expect, it } from 'vitest';
import { scaleOf, sparkline } from './sparkline.js';

describe('a sparkline', () => {
  it('draws the lowest value lowest and the highest one highest, on a logarithmic scale', () => {
    const values = [1, 10, 100, 1_000];
    expect(sparkline(values, scaleOf(values)!)).toBe('▁▃▆█');
  });

  it('draws values that hardly differ as a level, and missing ones as a dot', () => {
    expect(sparkline([100, 101, 102], { low: 100, high: 102 })).toBe('▁▁▁');
    expect(sparkline([Number.NaN, 1, 0, 8], { low: 1, high: 8 })).toBe('·▁·█');
  });

  it('has no scale without a value', () => {
    expect(scaleOf([])).toBeNull();
    expect(scaleOf([Number.NaN, 0, Number.POSITIVE_INFINITY])).toBeNull();
    expect(scaleOf([3, 1, 2])).toEqual({ low: 1, high: 3 });
  });
});
