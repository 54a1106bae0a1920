import { describe, expect, it } from 'vitest';
import { signedRankCdf, signedRankCritical, signedRankTest } from './signed-rank.js';

/**
 * Hamilton's depression scale of nine patients before and after a tranquilizer: Hollander and Wolfe (1973), p. 29 ff.,
 * as in the examples of R's `?wilcox.test`, which gives V = 40, p = 0.01953 (alternative "greater").
 */
const BEFORE = [1.83, 0.5, 1.62, 2.48, 1.68, 1.88, 1.55, 3.06, 1.3];
const AFTER = [0.878, 0.647, 0.598, 2.05, 1.06, 1.29, 1.06, 3.14, 1.29];

describe('signed-rank distribution', () => {
  it("gives V and p of R's example", () => {
    const { w, pAbove } = signedRankTest(BEFORE.map((before, index) => before - AFTER[index]));
    expect(w).toBe(40);
    expect(pAbove).toBeCloseTo(0.01953125, 15);
  });

  it('counts subsets of 1 … 10 by their sum: OEIS A053632, row 10', () => {
    const cdf = signedRankCdf(10);
    const counts = Array.from({ length: 13 }, (_, sum) => 1024 * (cdf[sum] - (cdf[sum - 1] ?? 0)));
    expect(counts).toEqual([1, 1, 1, 2, 2, 3, 4, 5, 6, 8, 10, 11, 13]);
    expect(cdf[55]).toBe(1);
  });

  /** Largest w with P(W ≤ w) at most the level: McCornack, "Extended tables of the Wilcoxon matched pair signed rank statistic", JASA 60 (1965). */
  it.each([
    [12, 0.025, 13],
    [20, 0.025, 52],
    [30, 0.025, 137],
    [40, 0.025, 264],
    [50, 0.025, 434],
    [12, 0.005, 7],
    [20, 0.005, 37],
    [30, 0.005, 109],
    [40, 0.005, 220],
    [50, 0.005, 373],
  ])('n = %d at %d: %d', (n, level, expected) => {
    expect(signedRankCritical(n, level)).toBe(expected);
  });

  it('has no bound where even W = 0 is likelier than the level, and has one from there on', () => {
    expect(signedRankCritical(12, 0.00024)).toBe(-1);
    expect(signedRankCritical(12, 2 ** -12)).toBe(0);
    expect(signedRankCritical(0, 0.3)).toBe(-1);
  });

  it('is symmetric, and exact in the far tail, with as many values as a gate pools and more', () => {
    for (const n of [96, 120, 168]) {
      const cdf = signedRankCdf(n);
      const top = cdf.length - 1;
      expect(cdf[0]).toBe(2 ** -n);
      expect(cdf[3] * 2 ** n).toBe(5);
      expect(cdf[(top >> 1) - 1] + cdf[top - (top >> 1)]).toBeCloseTo(1, 12);
      expect(cdf[top]).toBeCloseTo(1, 12);
    }
  });

  it('refuses a number of values it has no distribution for', () => {
    expect(() => signedRankCdf(1001)).toThrow(/1001 values.*from 0 to 1000/);
    expect(() => signedRankCdf(1.5)).toThrow(/ERR_GATE|1\.5 values/);
  });
});
