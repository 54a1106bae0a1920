import { describe, expect, it } from 'vitest';
import { fitUsl, type UslPoint, uslAt } from './usl.js';

const points = (pairs: readonly (readonly [number, number])[]): UslPoint[] =>
  pairs.map(([n, x]) => ({ n, x }));

/** Cisco's SQL benchmark, and its fit, in Schwartz, "Practical Scalability Analysis with the Universal Scalability Law" (2015). */
const CISCO = [
  955.16, 1878.91, 2688.01, 3548.68, 4315.54, 5130.43, 5931.37, 6531.08, 7219.8, 7867.61, 8278.71, 8646.7,
  9047.84, 9426.55, 9645.37, 9897.24, 10097.6, 10240.5, 10532.39, 10798.52, 11151.43, 11518.63, 11806,
  12089.37, 12075.41, 12177.29, 12211.41, 12158.93, 12155.27, 12118.04, 12140.4, 12074.39,
].map((x, index) => ({ n: index + 1, x }));

/** SPEC SDM91 on a Sun SPARCcenter 2000, as in Gunther (2007) and in the R package `usl`, whose tests hold λ and λ ÷ σ. */
const SDM91 = points([
  [1, 64.9],
  [18, 995.9],
  [36, 1652.4],
  [72, 1853.2],
  [108, 1828.9],
  [144, 1775],
  [216, 1702.2],
]);

describe('the fit of the Universal Scalability Law', () => {
  it('is that of the published examples', () => {
    const cisco = fitUsl(CISCO)!;
    expect(cisco.lambda).toBeCloseTo(995.6486, 3);
    expect(cisco.sigma).toBeCloseTo(0.02671591, 7);
    expect(cisco.kappa).toBeCloseTo(7.690945e-4, 8);
    // The most that is done at once: √((1 − σ) ÷ κ).
    expect(Math.floor(Math.sqrt((1 - cisco.sigma) / cisco.kappa))).toBe(35);
    const sdm91 = fitUsl(SDM91)!;
    expect(sdm91.lambda).toBeCloseTo(89.99523, 4);
    expect(sdm91.lambda / sdm91.sigma).toBeCloseTo(3245.589, 1);
  });

  it('finds a law again, with the rate of one given or not', () => {
    const law = { lambda: 3e6, sigma: 0.031, kappa: 0.0007 };
    const exact = [1, 2, 4, 8, 16].map((n) => ({ n, x: uslAt(law, n) }));
    for (const options of [{}, { lambda: 3e6 }, { lambda: 3e6, relative: true }]) {
      const found = fitUsl(exact, options)!;
      expect(found.sigma).toBeCloseTo(law.sigma, 9);
      expect(found.kappa).toBeCloseTo(law.kappa, 10);
    }
  });

  it('is Amdahl’s law where nothing is spent on coherency, and never below zero', () => {
    const amdahl = { lambda: 1, sigma: 0.1, kappa: 0 };
    const found = fitUsl(
      [1, 2, 4, 8].map((n) => ({ n, x: uslAt(amdahl, n) })),
      { lambda: 1 },
    )!;
    expect(found.sigma).toBeCloseTo(0.1, 9);
    expect(found.kappa).toBeCloseTo(0, 9);
    // More than linear growth has no law here: the nearest is none of both.
    const more = fitUsl(
      points([
        [1, 1],
        [2, 2.1],
        [4, 4.4],
      ]),
      { lambda: 1 },
    )!;
    expect(more).toEqual({ lambda: 1, sigma: 0, kappa: 0 });
  });

  it('takes one coefficient from two numbers of workers when the other is given', () => {
    const two = points([
      [1, 1],
      [2, 1.9],
    ]);
    expect(fitUsl(two, { lambda: 1, kappa: 0 })!.sigma).toBeCloseTo(2 / 1.9 - 1, 9);
    expect(fitUsl(two, { lambda: 1, sigma: 0 })!.kappa).toBeCloseTo((2 / 1.9 - 1) / 2, 9);
  });

  it('refuses to say more than its points do', () => {
    expect(
      fitUsl(
        points([
          [1, 1],
          [2, 1.9],
        ]),
        { lambda: 1 },
      ),
    ).toBeNull();
    expect(
      fitUsl(
        points([
          [1, 10],
          [2, 19],
        ]),
      ),
    ).toBeNull();
    expect(
      fitUsl(
        points([
          [1, 1],
          [2, 1.9],
          [4, 0],
        ]),
        { lambda: 1 },
      ),
    ).toBeNull();
    expect(fitUsl([])).toBeNull();
  });
});
