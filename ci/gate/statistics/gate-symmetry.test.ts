import { describe, expect, it } from 'vitest';
import { createRandom } from '../../../scenarios/harness/statistics/random.js';
import { drawNormal } from './draw-normal.js';
import { decideGate } from './gate-decision.js';
import { logLimit } from './gate-plan.js';
import { signedRankTest } from './signed-rank.js';
import { INVOCATIONS_MAX, RATE_PLAN, rateUnits, simulatedNormal } from './testing/simulated-units.js';

/** From raw units to a verdict as the record holds it. */
function verdictJson(units: readonly number[]): string {
  return JSON.stringify(decideGate(RATE_PLAN, rateUnits(units)));
}

describe('swapping the arms', () => {
  it('mirrors every number and every finding, to the bit', () => {
    for (let seed = 0; seed < 40; seed++) {
      const units = simulatedNormal(INVOCATIONS_MAX, seed, 0.01 + 0.001 * (seed % 30), logLimit(seed % 8));
      const {
        metrics: [one],
      } = decideGate(RATE_PLAN, rateUnits(units));
      const {
        metrics: [other],
      } = decideGate(RATE_PLAN, rateUnits(units.map((unit) => -unit)));
      const numbers = ({ slower, faster }: typeof one) => [
        [slower.finding, slower.looks, slower.confirmation],
        [faster.finding, faster.looks, faster.confirmation],
      ];
      expect(numbers(other)).toEqual(numbers(one).reverse());
    }
  });

  it('turns a failed gate into a passed one that reports the improvement', () => {
    const slow = simulatedNormal(INVOCATIONS_MAX, 5, 0.0125, logLimit(6));
    const failed = decideGate(RATE_PLAN, rateUnits(slow));
    const passed = decideGate(RATE_PLAN, rateUnits(slow.map((unit) => -unit)));
    expect([failed.verdict, passed.verdict]).toEqual(['fail', 'pass']);
    expect(failed.invocations).toBe(passed.invocations);
    expect(passed.reasons.at(-1)).toBe(failed.reasons[0].replace('slower', 'faster'));
  });
});

describe('shuffled labels', () => {
  it('give a uniform p: Kolmogorov and Smirnov find nothing at 0.1 %', () => {
    const random = createRandom(31);
    // Skewed units: symmetry comes from the labels, not from the noise.
    const sizes = Array.from({ length: 24 }, () => Math.exp(drawNormal(random)) / 100);
    const trials = 2_000;
    const ps = Array.from({ length: trials }, () => {
      const labelled = sizes.map((size) => (random.below(2) === 0 ? size : -size));
      return signedRankTest(labelled).pAbove;
    }).sort((left, right) => left - right);
    const distance = Math.max(
      ...ps.map((p, index) => Math.max((index + 1) / trials - p, p - index / trials)),
    );
    // 1.95 / √n, and the largest step of a p at n = 24.
    expect(distance).toBeLessThan(1.95 / Math.sqrt(trials) + 0.012);
  });

  it('seldom fail a gate, however large the true difference was', () => {
    const random = createRandom(32);
    const units = simulatedNormal(INVOCATIONS_MAX, 33, 0.0125, logLimit(6));
    let failed = 0;
    for (let trial = 0; trial < 200; trial++) {
      const labelled = units.map((unit) => (random.below(2) === 0 ? unit : -unit));
      if (decideGate(RATE_PLAN, rateUnits(labelled)).verdict === 'fail') failed++;
    }
    expect(failed).toBeLessThanOrEqual(2);
  });
});

describe('the same raw input', () => {
  it('gives the same verdict, byte for byte', () => {
    for (let seed = 0; seed < 10; seed++) {
      const units = simulatedNormal(INVOCATIONS_MAX, seed, 0.02, logLimit(seed));
      expect(verdictJson(JSON.parse(JSON.stringify(units)))).toBe(verdictJson(units));
    }
  });

  it('is not changed by deciding', () => {
    const units = simulatedNormal(INVOCATIONS_MAX, 2, 0.02, logLimit(5));
    const before = JSON.stringify(units);
    verdictJson(Object.freeze(units));
    expect(JSON.stringify(units)).toBe(before);
  });

  it('keeps every number finite, so that JSON loses none', () => {
    const state = decideGate(RATE_PLAN, rateUnits(simulatedNormal(INVOCATIONS_MAX, 4, 0.05, logLimit(4))));
    expect(JSON.parse(JSON.stringify(state))).toEqual(state);
  });
});
