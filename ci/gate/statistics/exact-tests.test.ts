import { describe, expect, it } from 'vitest';
import { fisherExact } from './exact-tests.js';

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
