import { describe, expect, it } from 'vitest';
import { hodgesLehmann, locationOf, walshAverages } from './hodges-lehmann.js';
import { simulatedNormal } from './testing/simulated-units.js';

/** The differences of the depression data (see `signed-rank.test.ts`), after less before as Hollander and Wolfe take them. */
const DIFFERENCES = [-0.952, 0.147, -1.022, -0.43, -0.62, -0.59, -0.49, 0.08, -0.01];

describe('Hodges–Lehmann', () => {
  it('gives the estimate and the 96.1 % interval of Hollander and Wolfe, examples 3.3 and 3.4: −0.46 (−0.786, −0.010)', () => {
    const location = locationOf(DIFFERENCES);
    expect(location.estimate).toBeCloseTo(-0.46, 12);
    // P(W ≥ 40) = 0.0195 at n = 9, so this level on each side.
    expect(location.lowerBound(0.0196)).toBeCloseTo(-0.786, 12);
    expect(location.upperBound(0.0196)).toBeCloseTo(-0.01, 12);
  });

  it('takes all n(n + 1)/2 averages, each value with itself too', () => {
    expect([...walshAverages([3, 1, 2])]).toEqual([1, 1.5, 2, 2, 2.5, 3]);
    expect(hodgesLehmann([1, 2, 9])).toBe(3.5);
    expect(hodgesLehmann([])).toBeNaN();
  });

  it('has no bound where so few values cannot have the level', () => {
    const location = locationOf([1, 2, 3, 4]);
    expect(location.lowerBound(0.05)).toBe(-Infinity);
    expect(location.upperBound(0.05)).toBe(Infinity);
    expect(location.lowerBound(0.0625)).toBe(1);
    expect(location.upperBound(0.0625)).toBe(4);
  });

  it('mirrors to the bit when all signs turn', () => {
    const values = simulatedNormal(36, 4, 0.0125);
    const location = locationOf(values);
    const mirrored = locationOf(values.map((value) => -value));
    expect(mirrored.estimate).toBe(-location.estimate);
    expect(mirrored.lowerBound(0.001)).toBe(-location.upperBound(0.001));
  });

  it('is wrong as often as its level says: 24 normal values, one side, level 5 %', () => {
    const trials = 2_000;
    let wrong = 0;
    for (let seed = 0; seed < trials; seed++) {
      if (locationOf(simulatedNormal(24, seed, 1)).lowerBound(0.05) > 0) wrong++;
    }
    // 0.0492 is the exact size at n = 24; 4.5 standard errors about it.
    expect(Math.abs(wrong / trials - 0.0492)).toBeLessThan(4.5 * Math.sqrt((0.05 * 0.95) / trials));
  });
});
