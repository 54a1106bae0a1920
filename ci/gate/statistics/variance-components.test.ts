import { describe, expect, it } from 'vitest';
import { median, standardDeviation } from '../../../scenarios/harness/statistics/quantile.js';
import { createRandom } from '../../../scenarios/harness/statistics/random.js';
import { drawNormal } from './draw-normal.js';
import { unitVariance, varianceComponents } from './variance-components.js';

/**
 * Yield of dyestuff from five samples of each of six batches (Davies, "Statistical Methods in Research and Production",
 * 1947; Bates, "lme4: Mixed-effects modeling with R", section 1.2).
 */
const DYESTUFF = [
  [1545, 1440, 1440, 1520, 1580],
  [1540, 1555, 1490, 1560, 1495],
  [1595, 1550, 1605, 1510, 1560],
  [1445, 1440, 1595, 1465, 1545],
  [1595, 1630, 1515, 1635, 1625],
  [1520, 1455, 1450, 1480, 1445],
];

describe('variance components', () => {
  it('are those of the Dyestuff data, where REML and the analysis of variance agree: 1764.05 and 2451.25', () => {
    const { between, within } = varianceComponents(DYESTUFF);
    expect(between).toBeCloseTo(1764.05, 8);
    expect(within).toBeCloseTo(2451.25, 8);
  });

  it('find what groups of unequal size were drawn from', () => {
    const random = createRandom(12);
    const groups = Array.from({ length: 1_500 }, (_, index) => {
      const centre = 2 * drawNormal(random);
      return Array.from({ length: 3 + (index % 9) }, () => centre + 3 * drawNormal(random));
    });
    const { between, within } = varianceComponents(groups);
    expect(Math.abs(within / 9 - 1)).toBeLessThan(0.06);
    expect(Math.abs(between / 4 - 1)).toBeLessThan(0.12);
  });

  it('call the difference of invocations 0 where their blocks explain it', () => {
    const same = varianceComponents([
      [1, 5],
      [5, 1],
      [3, 3],
    ]);
    expect(same.between).toBe(0);
    expect(same.within).toBeGreaterThan(0);
  });

  it('tell the variance of a median over blocks', () => {
    const random = createRandom(13);
    const units = Array.from({ length: 3_000 }, () => {
      const centre = 0.5 * drawNormal(random);
      return median(Array.from({ length: 15 }, () => centre + drawNormal(random)));
    });
    const expected = unitVariance({ invocations: 0, blocks: 0, within: 1, between: 0.25 }, 15);
    expect(Math.abs(standardDeviation(units) ** 2 / expected - 1)).toBeLessThan(0.08);
  });

  it('do not exist of one invocation, or of one block each', () => {
    expect(() => varianceComponents([[1, 2, 3]])).toThrow(/1 invocations with 3 blocks/);
    expect(() => varianceComponents([[1], [2], []])).toThrow(/2 invocations with 2 blocks/);
  });
});
