import { describe, expect, it } from 'vitest';
import { atLeast, clopperPearson } from './clopper-pearson.js';

describe('Clopper–Pearson', () => {
  it("gives the interval of R's ?binom.test for Mendel's peas (Conover 1971, p. 97): 682 of 925", () => {
    const [lower, upper] = clopperPearson(682, 925);
    expect(lower).toBeCloseTo(0.7076683, 7);
    expect(upper).toBeCloseTo(0.7654066, 7);
  });

  /** As tabulated for n = 10 by Clopper and Pearson's method, e.g. Geigy Scientific Tables; 95 %. */
  it.each([
    [0, 0, 0.3085],
    [1, 0.0025, 0.445],
    [2, 0.0252, 0.5561],
    [5, 0.1871, 0.8129],
    [10, 0.6915, 1],
  ])('%d of 10: %d to %d', (successes, lower, upper) => {
    const bounds = clopperPearson(successes, 10);
    expect(bounds[0]).toBeCloseTo(lower, 4);
    expect(bounds[1]).toBeCloseTo(upper, 4);
  });

  it('has closed forms at the ends: 1 − (α/2)^(1/n) above none', () => {
    expect(clopperPearson(0, 600)[1]).toBeCloseTo(1 - 0.025 ** (1 / 600), 13);
    expect(clopperPearson(300, 300, 0.98)[0]).toBeCloseTo(0.01 ** (1 / 300), 13);
  });

  it('mirrors, and holds its tails, with many trials too', () => {
    for (const [successes, trials] of [
      [3, 20_000],
      [19_000, 20_000],
      [700, 1_000],
    ]) {
      const [lower, upper] = clopperPearson(successes, trials);
      const other = clopperPearson(trials - successes, trials);
      expect(lower).toBeCloseTo(1 - other[1], 11);
      expect(atLeast(successes, trials, lower)).toBeCloseTo(0.025, 9);
      expect(1 - atLeast(successes + 1, trials, upper)).toBeCloseTo(0.025, 9);
    }
  });

  it('refuses what is no count', () => {
    expect(() => clopperPearson(3, 2)).toThrow(/3 of 2/);
    expect(() => clopperPearson(0, 0)).toThrow(/0 of 0/);
  });
});
