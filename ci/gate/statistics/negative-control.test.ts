import { describe, expect, it } from 'vitest';
import { gatePlan, logLimit } from './gate-plan.js';
import { judgeControl } from './negative-control.js';
import { RATE_PLAN, simulatedNormal } from './testing/simulated-units.js';

const [RATE] = RATE_PLAN.metrics;

describe('the negative control', () => {
  it('is quiet about noise around 0: one series in a hundred at most, of 3 invocations and of 24', () => {
    for (const count of [3, 6, 12, 24]) {
      let suspect = 0;
      for (let seed = 0; seed < 300; seed++) {
        if (judgeControl(RATE_PLAN, RATE, simulatedNormal(count, seed, 0.0125)).suspect) suspect++;
      }
      expect(suspect).toBeLessThanOrEqual(3);
    }
  });

  it('suspects a series that differs by L, on either side, with few invocations too', () => {
    for (const sign of [1, -1]) {
      for (const count of [3, 24]) {
        const units = simulatedNormal(count, 3, 0.002, sign * logLimit(5));
        const found = judgeControl(RATE_PLAN, RATE, units);
        expect(found.suspect).toBe(true);
        expect(found.reason).toMatch(
          /differs from itself by -?\d\.\d\d % in \d+ invocations; this machine shows/,
        );
      }
    }
  });

  it('suspects by the bound below 0.85 L, where many invocations agree', () => {
    const units = simulatedNormal(24, 4, 0.001, logLimit(4));
    expect(judgeControl(RATE_PLAN, RATE, units).suspect).toBe(true);
    expect(judgeControl(RATE_PLAN, RATE, units.slice(0, 3)).suspect).toBe(false);
  });

  it('holds each metric against its own limit', () => {
    const plan = gatePlan([{ name: 'p99', kind: 'noisy', limitPercent: 50 }]);
    expect(judgeControl(plan, plan.metrics[0], simulatedNormal(6, 5, 0.002, logLimit(5))).suspect).toBe(
      false,
    );
  });

  it('says when there is none', () => {
    expect(judgeControl(RATE_PLAN, RATE, [])).toMatchObject({
      invocations: 0,
      suspect: false,
      estimatePercent: null,
    });
  });
});
