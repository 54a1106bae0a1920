import { describe, expect, it } from 'vitest';
import { createRandom } from './random.js';
import {
  hamedRaoFactor,
  holmSignificant,
  kendallScore,
  ranksOf,
  type TrendBlock,
  theilSenSlope,
  trendOf,
} from './trend.js';

/**
 * Monthly rainfall of Bogra, mm, 1981 to 2010, months without a figure left out: the data with which the tests of
 * pyMannKendall hold its results (Hussain and Mahmud, "pyMannKendall", Journal of Open Source Software 4(39), 2019).
 */
const RAINFALL = [
  32, 20, 25, 189, 240, 193, 379, 278, 301, 0, 0, 82, 0, 4, 121, 234, 360, 262, 120, 30, 11, 1, 7, 3, 31, 31,
  355, 102, 248, 274, 308, 5, 26, 11, 16, 6, 48, 388, 539, 431, 272, 404, 186, 0, 2, 0, 4, 1, 54, 272, 459,
  235, 164, 365, 135, 2, 4, 0, 128, 210, 163, 446, 225, 462, 467, 19, 13, 0, 3, 17, 132, 178, 338, 525, 623,
  145, 31, 19, 3, 0, 29, 25, 87, 259, 756, 486, 180, 292, 43, 92, 1, 0, 16, 2, 0, 130, 253, 594, 111, 273, 30,
  0, 4, 0, 27, 24, 41, 292, 378, 499, 265, 320, 227, 4, 0, 4, 14, 8, 48, 416, 240, 404, 207, 733, 105, 0, 112,
  0, 14, 0, 30, 140, 202, 289, 159, 424, 106, 3, 0, 65, 3, 14, 58, 268, 466, 432, 266, 240, 95, 1, 0, 10, 26,
  4, 114, 94, 289, 173, 208, 263, 156, 5, 0, 16, 16, 14, 0, 111, 475, 534, 432, 471, 117, 70, 1, 3, 28, 7,
  401, 184, 283, 338, 171, 335, 176, 0, 0, 10, 11, 9, 140, 102, 208, 298, 245, 220, 29, 2, 27, 10, 13, 26, 84,
  143, 367, 749, 563, 283, 353, 10, 0, 0, 0, 0, 9, 246, 265, 343, 429, 168, 133, 17, 0, 18, 35, 76, 158, 272,
  250, 190, 289, 466, 84, 0, 0, 0, 0, 0, 22, 217, 299, 185, 115, 344, 203, 8, 0, 5, 284, 123, 254, 476, 496,
  326, 27, 20, 0, 4, 53, 72, 113, 214, 364, 219, 220, 156, 264, 0, 13, 0, 0, 45, 90, 137, 638, 529, 261, 206,
  251, 0, 0, 5, 9, 58, 72, 138, 130, 471, 328, 356, 523, 0, 1, 0, 0, 12, 143, 193, 184, 192, 138, 174, 69, 1,
  0, 0, 18, 25, 28, 92, 732, 320, 256, 302, 131, 15, 0, 27, 0, 22, 20, 213, 393, 474, 374, 109, 159, 0, 0, 0,
  3, 3, 49, 205, 128, 194, 570, 169, 89, 0, 0, 0, 0, 0, 26, 185, 286, 92, 225, 244, 190, 3, 20,
];

function blockOf(values: number[]): TrendBlock {
  return { at: values.map((_, index) => index + 1), values };
}

/** Normal noise from the sum of twelve uniforms, with each value keeping `memory` of the last. */
function noise(count: number, seed: number, memory = 0): number[] {
  const random = createRandom(seed);
  let last = 0;
  return Array.from({ length: count }, () => {
    let sum = -6;
    for (let part = 0; part < 12; part++) sum += random.below(2 ** 32) / 2 ** 32;
    last = memory * last + Math.sqrt(1 - memory * memory) * sum;
    return last;
  });
}

describe('published values', () => {
  it('gives S, its variance and the slope that pyMannKendall holds for the rainfall of Bogra', () => {
    const { s, variance } = kendallScore(RAINFALL);
    expect(s).toBe(-1959);
    expect(variance).toBeCloseTo(4889800.333333333, 6);
    expect(theilSenSlope([blockOf(RAINFALL)])).toBeCloseTo(-0.0064516129032258064, 15);
  });

  it('corrects the variance as pyMannKendall does, with all lags and with three', () => {
    const slope = theilSenSlope([blockOf(RAINFALL)]);
    const { variance } = kendallScore(RAINFALL);
    const all = hamedRaoFactor(blockOf(RAINFALL), slope, RAINFALL.length - 1);
    const three = hamedRaoFactor(blockOf(RAINFALL), slope, 3);
    expect((variance * all) / 257403.38678462413).toBeCloseTo(1, 9);
    expect((variance * three) / 14226812.425138814).toBeCloseTo(1, 9);
  });

  it('shares ranks of equal values', () => {
    expect(ranksOf([10, 30, 10, 20])).toEqual([1.5, 4, 1.5, 3]);
  });

  it("steps down as in Holm's own example: the third of four fails, and with it the fourth", () => {
    expect(holmSignificant([0.01, 0.04, 0.03, 0.005], 0.05)).toEqual([true, false, false, true]);
    expect(holmSignificant([Number.NaN, 0.001], 0.05)).toEqual([false, true]);
  });
});

describe('trendOf', () => {
  it('finds the slope of a line under noise, and its error covers the truth', () => {
    const values = noise(200, 3).map((value, index) => 5 * value + 0.25 * index);
    const trend = trendOf([blockOf(values)]);
    expect(Math.abs(trend.slope - 0.25)).toBeLessThan(3 * trend.slopeError);
    expect(trend.pRising).toBeLessThan(1e-6);
  });

  it('sees no rise in a falling line', () => {
    const falling = noise(100, 4).map((value, index) => value - index);
    expect(trendOf([blockOf(falling)]).pRising).toBeGreaterThan(0.999);
  });

  it('compares nothing across blocks: a second process that starts higher is no rise', () => {
    const first = noise(60, 5);
    const second = noise(60, 6).map((value) => value + 1000);
    const apart = trendOf([blockOf(first), blockOf(second)]);
    const joined = trendOf([blockOf([...first, ...second])]);
    expect(joined.slope).toBeGreaterThan(5);
    expect(Math.abs(apart.slope)).toBeLessThan(0.02);
    expect(apart.pRising).toBeGreaterThan(0.01);
  });

  it('takes autocorrelation for a trend far less often than the uncorrected test does', () => {
    let corrected = 0;
    let plain = 0;
    for (let seed = 0; seed < 300; seed++) {
      const values = noise(120, 1000 + seed, 0.6);
      if (trendOf([blockOf(values)]).pRising < 0.01) corrected++;
      const { s, variance } = kendallScore(values);
      if ((s - Math.sign(s)) / Math.sqrt(variance) > 2.326) plain++;
    }
    expect(plain).toBeGreaterThan(30);
    expect(corrected).toBeLessThan(plain / 2);
  });

  it('has no trend in a constant, in one point and in none', () => {
    for (const values of [[7, 7, 7, 7, 7, 7], [7], []]) {
      const trend = trendOf([blockOf(values)]);
      expect(trend.z).toBe(0);
      expect(trend.pRising).toBeCloseTo(0.5, 12);
    }
  });
});
