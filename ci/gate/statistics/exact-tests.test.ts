import { describe, expect, it } from 'vitest';
import { fisherExact, signFlipTest } from './exact-tests.js';
import { signedRankTest } from './signed-rank.js';

describe("Fisher's exact test", () => {
  it("gives p of R's ?fisher.test for the tea-tasting lady (Agresti 1990, p. 61): 0.4857", () => {
    expect(
      fisherExact([
        [3, 1],
        [1, 3],
      ]),
    ).toBeCloseTo(0.4857142857, 9);
  });

  it("gives p of R's ?fisher.test for Fisher's convictions of twins: 0.0005367", () => {
    expect(
      fisherExact([
        [2, 15],
        [10, 3],
      ]),
    ).toBeCloseTo(0.0005367, 7);
  });

  it('has an answer for a gate of thousands of blocks, too', () => {
    const alike = fisherExact([
      [600, 1_200],
      [600, 1_200],
    ]);
    expect(alike).toBeCloseTo(1, 9);
    const apart = fisherExact([
      [800, 1_000],
      [400, 1_400],
    ]);
    expect(apart).toBeLessThan(1e-9);
  });

  it('says nothing where a margin is empty', () => {
    expect(
      fisherExact([
        [0, 40],
        [0, 35],
      ]),
    ).toBe(1);
    expect(() =>
      fisherExact([
        [-1, 2],
        [3, 4],
      ]),
    ).toThrow(/-1, 2, 3, 4/);
  });
});

describe('the sign-flip test', () => {
  it('is the sign test for differences of one size: 1 of 10 up is 22 of 1024', () => {
    expect(signFlipTest([1, ...new Array(9).fill(-1)])).toBeCloseTo(22 / 1024, 15);
  });

  it('is the signed-rank test for the differences 1 … n', () => {
    const differences = [1, 2, -3, 4, 5, 6, -7, 8, 9];
    expect(signFlipTest(differences)).toBeCloseTo(2 * signedRankTest(differences).pAbove, 14);
  });

  it("gives Fisher's p for Darwin's maize (The Design of Experiments, section 21): 1726 of 32768 as far or farther", () => {
    const eighthsOfAnInch = [49, -67, 8, 16, 6, 23, 28, 41, 14, 29, 56, 24, 75, 60, -48];
    expect(signFlipTest(eighthsOfAnInch) * 32_768).toBeCloseTo(1_726, 6);
  });

  it('has nothing to say without differences, and refuses fractions', () => {
    expect(signFlipTest([])).toBe(1);
    expect(signFlipTest([0, 0])).toBe(1);
    expect(() => signFlipTest([0.5])).toThrow(/0\.5/);
  });
});
