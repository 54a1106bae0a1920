import { describe, expect, it } from 'vitest';
import {
  type GatedMetric,
  gatePlan,
  levelsAt,
  logLimit,
  slowdownPercent,
  suspectsFrom,
} from './gate-plan.js';

const RATE: GatedMetric = { name: 'rate', kind: 'noisy', limitPercent: 5 };
const named = (name: string): GatedMetric => ({ ...RATE, name });

describe('limits', () => {
  it('are ratios: 5 % is 1 ÷ 1.05, and 0.7 of it exactly 3.5 %', () => {
    expect(Math.exp(-logLimit(5))).toBeCloseTo(1 / 1.05, 15);
    expect(slowdownPercent(logLimit(5, 0.7))).toBeCloseTo(3.5, 12);
    expect(slowdownPercent(logLimit(50, 0.7))).toBeCloseTo(35, 12);
  });
});

describe('levels', () => {
  it('sum to what may be spent over looks, and over metrics where any of them can fail the gate', () => {
    for (const count of [1, 2, 4, 7]) {
      const plan = gatePlan(Array.from({ length: count }, (_, index) => named(`m${index}`)));
      const levels = plan.looks.map((_, look) => levelsAt(plan, look));
      const sum = (key: 'pass' | 'suspect' | 'fail'): number =>
        levels.reduce((total, each) => total + each[key], 0);
      expect(sum('fail') * count).toBeCloseTo(0.01, 15);
      expect(sum('suspect') * count).toBeCloseTo(0.01, 15);
      expect(sum('pass')).toBeCloseTo(0.005, 15);
    }
  });

  it('let a first look of twelve suspect where few metrics share them, and only later ones where many do', () => {
    const from = (count: number): number =>
      suspectsFrom(gatePlan(Array.from({ length: count }, (_, index) => named(`m${index}`))));
    expect([1, 2, 3, 4, 5].map(from)).toEqual([12, 12, 24, 24, 24]);
  });

  it('are not shared with counters', () => {
    const plan = gatePlan([RATE, { name: 'copies', kind: 'counter', limitPercent: 5 }]);
    expect(levelsAt(plan, 0)).toEqual(levelsAt(gatePlan([RATE]), 0));
  });
});

describe('a plan', () => {
  it.each([
    [[], {}, /gates no metric/],
    [[RATE, RATE], {}, /twice: rate/],
    [[{ ...RATE, limitPercent: 0 }], {}, /limit of rate is 0 %/],
    [[RATE], { looks: [] }, /looks must be whole numbers that rise/],
    [[RATE], { looks: [12, 12, 24, 48] }, /rise, and are 12, 12/],
    [[RATE], { looks: [12, 24, 48, 2000] }, /2024 invocations; the most is 1000/],
    [[RATE], { confirmationInvocations: 0 }, /confirmationInvocations must be a whole number above 0/],
    [[RATE], { counterLooks: [1.5, 12] }, /counterLooks .* 1\.5, 12/],
    [[RATE], { counterLooks: [4, 16] }, /counterLooks .* up to the first look/],
    [[RATE], { falseFailChance: 0.5 }, /falseFailChance must lie between 0 and 0\.5/],
    [[RATE], { failWeights: [0.5, 0.5, 0.5, 0.5] }, /failWeights must be 4 shares/],
    [[RATE], { passWeights: [1] }, /passWeights must be 4 shares/],
  ])('is refused when no gate can follow it (%#)', (metrics, changes, message) => {
    expect(() => gatePlan(metrics, changes)).toThrow(message);
  });

  it('is refused with all its problems at once', () => {
    expect(() => gatePlan([], { falsePassChance: 2, suspectWeights: [-1, 0, 0, 0] })).toThrow(
      /gates no metric; falsePassChance.*; suspectWeights/,
    );
  });
});
