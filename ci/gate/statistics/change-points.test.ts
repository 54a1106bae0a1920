import { describe, expect, it } from 'vitest';
import { createRandom } from '../../../scenarios/harness/statistics/random.js';
import { changePoints, splitEnergy } from './change-points.js';
import { simulatedNormal } from './testing/simulated-units.js';

const options = (seed = 1) => ({ random: createRandom(seed) });

describe('split energy', () => {
  it("gives Q̂ of the series that MongoDB's signal-processing-algorithms holds (tests/test_algorithm_continuity.py)", () => {
    const series = [1, 1, 1, 1, 2, 2, 2, 2, 2, 3, 3, 3];
    const expected = [2.2962963, 3.875, 5.9047619, 4.33333333, 3.6, 3.41666667, 3.80952381, 5.25, 3.11111111];
    for (const [index, energy] of expected.entries()) {
      expect(splitEnergy(series, index + 2)).toBeCloseTo(energy, 7);
    }
  });

  it('compares up to an end before the last point as if there were no more', () => {
    const series = simulatedNormal(30, 2, 1);
    expect(splitEnergy(series, 8, 20)).toBeCloseTo(splitEnergy(series.slice(0, 20), 8), 10);
  });
});

describe('changePoints', () => {
  it('finds a step, at its place', () => {
    for (const at of [5, 12, 40]) {
      const found = changePoints([...new Array(at).fill(0), ...new Array(40).fill(1)], options());
      expect(found.map(({ index }) => index)).toEqual([at]);
      expect(found[0].p).toBe(1 / 200);
    }
  });

  it('finds a level that comes and goes, under noise', () => {
    const values = [
      ...simulatedNormal(40, 3, 1),
      ...simulatedNormal(40, 4, 1, 3),
      ...simulatedNormal(40, 5, 1, 0.5),
    ];
    const found = changePoints(values, options()).map(({ index }) => index);
    expect(found).toHaveLength(2);
    expect(Math.abs(found[0] - 40)).toBeLessThanOrEqual(2);
    expect(Math.abs(found[1] - 80)).toBeLessThanOrEqual(2);
  });

  it('finds a change of spread alone', () => {
    const values = [...simulatedNormal(80, 6, 0.2), ...simulatedNormal(80, 7, 3)];
    const found = changePoints(values, options());
    expect(found.length).toBeGreaterThanOrEqual(1);
    expect(found.some(({ index }) => Math.abs(index - 80) <= 6)).toBe(true);
  });

  it('finds one in noise about as often as its level says', () => {
    let found = 0;
    for (let seed = 0; seed < 60; seed++) {
      found +=
        changePoints(simulatedNormal(40, 100 + seed, 1), { ...options(seed), level: 0.05, permutations: 99 })
          .length > 0
          ? 1
          : 0;
    }
    // 3 are expected; 10 or more happen once in a thousand.
    expect(found).toBeLessThan(10);
  });

  it('finds none in a constant, in a few points and in none', () => {
    for (const values of [new Array(50).fill(7), [1, 2, 3], []])
      expect(changePoints(values, options())).toEqual([]);
  });

  it('refuses a history that would take minutes', () => {
    expect(() => changePoints(new Array(1_001).fill(1), options())).toThrow(
      /1001 points.*give the last 1000/,
    );
  });

  it('says the same for the same seed', () => {
    const values = [...simulatedNormal(30, 8, 1), ...simulatedNormal(30, 9, 1, 1)];
    expect(JSON.stringify(changePoints(values, options(5)))).toBe(
      JSON.stringify(changePoints(values, options(5))),
    );
  });
});
