import { describe, expect, it } from 'vitest';
import { gatePlan } from './gate-plan.js';
import { type MeasuredWindow, suggestDesign } from './measuring-design.js';

const PLAN = gatePlan([{ name: 'throughput', kind: 'noisy', limitPercent: 5 }]);

function windowOf(windowMs: number, withinPercent: number, betweenPercent: number): MeasuredWindow {
  return {
    windowMs,
    blockOverheadMs: 30,
    components: {
      invocations: 80,
      blocks: 1200,
      within: (withinPercent / 100) ** 2,
      between: (betweenPercent / 100) ** 2,
    },
  };
}

describe('suggestDesign', () => {
  it('takes as many blocks as the start of an invocation is worth: √(start ÷ block × within ÷ between)', () => {
    const design = suggestDesign(PLAN, 5, [windowOf(50, 3, 1)], 2);
    const best = Math.sqrt((2 / 0.23) * ((Math.PI / 2) * 9));
    expect(Math.abs(design.blocks - best)).toBeLessThanOrEqual(1);
    expect(design.invocationSeconds).toBeCloseTo(2 + design.blocks * 0.23, 12);
  });

  it('takes more blocks when processes cost more to start, and fewer when processes differ more', () => {
    const blocks = (start: number, between: number): number =>
      suggestDesign(PLAN, 5, [windowOf(50, 3, between)], start).blocks;
    expect(blocks(6, 1)).toBeGreaterThan(blocks(1, 1));
    expect(blocks(2, 3)).toBeLessThan(blocks(2, 0.5));
  });

  it('takes the window length with which a gate is shortest', () => {
    const design = suggestDesign(PLAN, 5, [windowOf(250, 5, 1), windowOf(50, 3, 1), windowOf(10, 9, 1)], 2);
    expect(design.windowMs).toBe(50);
  });

  it('passes unchanged code at the first look at 1.25 % noise, and says when the noise is too high', () => {
    const usual = suggestDesign(PLAN, 5, [windowOf(50, 2.5, 0.75)], 2);
    expect(usual.unitDeviationPercent).toBeLessThan(1.3);
    expect(usual).toMatchObject({ invocationsToPass: 12, invocationsToSuspect: 24, holdsPromise: true });
    const noisy = suggestDesign(PLAN, 5, [windowOf(50, 2.5, 6)], 2);
    expect(noisy).toMatchObject({ invocationsToSuspect: null, holdsPromise: false });
  });

  it('needs a measured window', () => {
    expect(() => suggestDesign(PLAN, 5, [], 2)).toThrow(/no window length was measured/);
  });
});
