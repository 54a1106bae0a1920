import { describe, expect, it } from 'vitest';
import { createRandom } from '../../../scenarios/harness/statistics/random.js';
import { drawNormal } from '../statistics/draw-normal.js';
import { calibrate, calibrationInvocations } from './calibrate.js';

/** A server of which every unit of work takes a share of a message's time, with some noise. */
function server(shareOfUnit: number, deviation: number, seed = 1) {
  return slowedBy((amount) => amount * shareOfUnit, deviation, seed);
}

function slowedBy(share: (amount: number) => number, deviation: number, seed: number) {
  const random = createRandom(seed);
  const asked: [number, number][] = [];
  return {
    asked,
    measure: async (amount: number, invocations: number) => {
      asked.push([amount, invocations]);
      return Array.from(
        { length: invocations },
        () => Math.log1p(share(amount)) + deviation * drawNormal(random),
      );
    },
  };
}

describe('the search for an amount of work', () => {
  it.each([
    ['near', 0.002, 20],
    ['far too little', 0.000_01, 20],
    ['far too much', 0.3, 20],
  ])('finds what slows by 5 %% from a first guess that is %s', async (_, shareOfUnit, first) => {
    const { measure, asked } = server(shareOfUnit, 0);
    const { amount, calibration } = await calibrate('throughput', 5, first, measure);
    expect(amount * shareOfUnit).toBeCloseTo(0.05, 3);
    expect(calibration.metric).toBe('throughput');
    expect(calibration.steps.map((step) => [step.amount, step.invocations])).toEqual(asked);
    expect(asked.length).toBeLessThanOrEqual(8);
  });

  it('bears the noise of invocations', async () => {
    for (let seed = 0; seed < 20; seed++) {
      const { amount } = await calibrate('cpu', 5, 20, server(0.002, 0.0125, seed).measure);
      // Twenty invocations know it to 0.3 %.
      expect(Math.abs(100 * amount * 0.002 - 5)).toBeLessThan(1.5);
    }
  });

  it('finds what slows steeply once it slows at all', async () => {
    // What a loop at each wake-up was seen to do to the median of the open loop: 3 % at 16 000 steps, 54 % at 27 000.
    const share = (amount: number) => 0.026 * (amount / 16_000) ** 5.8;
    for (let seed = 0; seed < 20; seed++) {
      const { measure, asked } = slowedBy(share, 0.019, seed);
      const { amount } = await calibrate('p50', 6, 2_000, measure);
      expect(Math.abs(100 * share(amount) - 6), `seed ${seed}`).toBeLessThan(3);
      expect(asked.reduce((sum, [, invocations]) => sum + invocations, 0)).toBeLessThanOrEqual(
        calibrationInvocations().max,
      );
    }
  });

  it('gives up where less work slows more', async () => {
    const { measure } = slowedBy((amount) => (amount < 17 ? 0.08 : amount < 23 ? 0.05 : 0.03), 0, 1);
    await expect(calibrate('throughput', 5, 20, measure)).rejects.toMatchObject({
      code: 'ERR_SELFTEST_CALIBRATION',
    });
  });

  it('gives up where more work is not slower, and says what was tried', async () => {
    const stuck = calibrate('throughput', 5, 20, async (_, invocations) => Array(invocations).fill(0));
    await expect(stuck).rejects.toMatchObject({ code: 'ERR_SELFTEST_CALIBRATION' });
    await expect(stuck).rejects.toThrow(/slows throughput by 5 % .*20: 0\.0 %, 160: 0\.0 %.*--amount/);
  });
});
