import { describe, expect, it } from 'vitest';
import { createRandom } from '../../../scenarios/harness/statistics/random.js';
import { gatePlan } from './gate-plan.js';
import { normalBank, powerCurve } from './power-curve.js';
import { RATE_PLAN } from './testing/simulated-units.js';

const curve = (seed: number, deviation = 0.0125) =>
  powerCurve({ runs: normalBank({ rate: deviation }, 400, createRandom(1)).runs }, RATE_PLAN, {
    metric: 'rate',
    gates: 60,
    random: createRandom(seed),
  });

describe('the power curve', () => {
  it('has the points of the promise, rises from no failed gate to all of them, and counts every gate', () => {
    const points = curve(1);
    expect(points.map(({ slowdownPercent }) => slowdownPercent)).toEqual([0, 2, 3, 3.5, 4, 4.5, 5, 6]);
    expect(points.slice(0, 3).every(({ fail, pass }) => fail === 0 && pass === 60)).toBe(true);
    expect(points.slice(-2).every(({ fail }) => fail === 60)).toBe(true);
    for (const { pass, fail, inconclusive, gates } of points) expect(pass + fail + inconclusive).toBe(gates);
    expect(points[0].failShare95[1]).toBeCloseTo(1 - 0.025 ** (1 / 60), 12);
  });

  it('is the same, byte for byte, for the same bank and seed, and not for another seed', () => {
    expect(JSON.stringify(curve(2))).toBe(JSON.stringify(curve(2)));
    expect(JSON.stringify(curve(2))).not.toBe(JSON.stringify(curve(3)));
  });

  it('centres each run on its own mean: a run that was measured on a slow day adds no slowdown', () => {
    const [run] = normalBank({ rate: 0.0125 }, 130, createRandom(4)).runs;
    const slow = run.map(({ rate }) => ({ rate: rate + 0.3 }));
    const [point] = powerCurve({ runs: [run, slow] }, RATE_PLAN, {
      metric: 'rate',
      gates: 20,
      random: createRandom(5),
      slowdownsPercent: [0],
    });
    expect(point.pass).toBe(20);
  });

  it('shifts one metric, in proportion to its limit, and lets the others be', () => {
    const plan = gatePlan([
      ...RATE_PLAN.metrics,
      { name: 'p99', kind: 'noisy', limitPercent: 50 },
      { name: 'copies', kind: 'counter', limitPercent: 5 },
    ]);
    const bank = normalBank({ rate: 0.0125, p99: 0.1, copies: 0 }, 130, createRandom(6));
    const points = powerCurve(bank, plan, { metric: 'p99', gates: 20, random: createRandom(7) });
    expect(points.map(({ slowdownPercent }) => slowdownPercent)).toEqual([0, 20, 30, 35, 40, 45, 50, 60]);
    expect(points[0].pass).toBe(20);
    expect(points[7].fail).toBe(20);
    expect(() => powerCurve(bank, plan, { metric: 'copies', gates: 1, random: createRandom(8) })).toThrow(
      /copies has no power curve; those that have: rate, p99/,
    );
  });

  it('does not let a gate meet the same invocation twice', () => {
    const bank = normalBank({ rate: 0.01 }, 119, createRandom(9));
    expect(() => powerCurve(bank, RATE_PLAN, { metric: 'rate', gates: 1, random: createRandom(1) })).toThrow(
      /119 invocations would repeat itself within a gate of 120; measure 1 more/,
    );
  });
});
