import { describe, expect, it } from 'vitest';
import { median, standardDeviation } from '../../../scenarios/harness/statistics/quantile.js';
import { createRandom } from '../../../scenarios/harness/statistics/random.js';
import {
  blockLogRatio,
  type GateArm,
  type GateBlock,
  inRunNoise,
  invocationUnit,
  noiseContrast,
} from './block-unit.js';
import { drawNormal } from './draw-normal.js';

const ABBA: GateBlock = { first: 'base', values: [100, 95, 96, 101] };

/** Blocks of a machine that drifts by `drift` per window and where the candidate takes exp(`slowdown`) as long. */
function blocksOf(count: number, seed: number, slowdown: number, drift: number, noise: number): GateBlock[] {
  const random = createRandom(seed);
  return Array.from({ length: count }, () => {
    const first: GateArm = random.below(2) === 0 ? 'base' : 'candidate';
    const values = [0, 1, 2, 3].map((position) => {
      const outer = position === 0 || position === 3;
      const slow = outer === (first === 'candidate') ? slowdown : 0;
      return Math.exp(3 + slow + drift * position + noise * drawNormal(random));
    });
    return { first, values: values as unknown as GateBlock['values'] };
  });
}

describe('the ratio of a block', () => {
  it('is positive when the candidate needs more, or does less', () => {
    const log = Math.log((95 * 96) / (100 * 101)) / 2;
    expect(blockLogRatio(ABBA, 'lower')).toBeCloseTo(log, 14);
    expect(blockLogRatio(ABBA, 'higher')).toBeCloseTo(-log, 14);
  });

  it('turns its sign, and no bit else, when the arms are swapped', () => {
    for (const block of blocksOf(50, 1, 0.03, 0.01, 0.02)) {
      const swapped: GateBlock = { ...block, first: block.first === 'base' ? 'candidate' : 'base' };
      expect(blockLogRatio(swapped, 'lower')).toBe(-blockLogRatio(block, 'lower'));
    }
  });

  it('is free of linear drift', () => {
    for (const block of blocksOf(10, 2, 0.05, 0.3, 0)) {
      expect(blockLogRatio(block, 'lower')).toBeCloseTo(0.05, 12);
    }
  });

  it('refuses a window that did nothing, with the value', () => {
    expect(() => blockLogRatio({ first: 'base', values: [1, 0, 1, 1] }, 'lower')).toThrow(/measured 0/);
    expect(() => blockLogRatio({ first: 'base', values: [1, Number.NaN, 1, 1] }, 'lower')).toThrow(/NaN/);
  });
});

describe('the unit of an invocation', () => {
  it('is the median over its blocks, which one burst does not move far', () => {
    const blocks = blocksOf(15, 3, 0.05, 0, 0.01);
    const unit = invocationUnit(blocks, 'lower');
    expect(unit).toBe(median(blocks.map((block) => blockLogRatio(block, 'lower'))));
    const burst: GateBlock = { first: 'base', values: [20, 2000, 20, 20] };
    expect(Math.abs(invocationUnit([...blocks.slice(1), burst], 'lower') - unit)).toBeLessThan(0.005);
  });

  it('turns its sign, and no bit else, when the arms are swapped: also of an even number of blocks', () => {
    for (const count of [15, 24]) {
      for (let seed = 0; seed < 20; seed++) {
        const blocks = blocksOf(count, seed, 0.03, 0.01, 0.05);
        const swapped = blocks.map(({ first, values }): GateBlock => {
          return { first: first === 'base' ? 'candidate' : 'base', values };
        });
        expect(invocationUnit(swapped, 'lower')).toBe(-invocationUnit(blocks, 'lower'));
      }
    }
  });

  it('does not exist without a block', () => {
    expect(() => invocationUnit([], 'lower')).toThrow(/drop it and measure another/);
  });
});

describe('in-run noise', () => {
  it('is 0 under drift and any difference of the arms, in both orders', () => {
    for (const block of blocksOf(20, 4, 0.4, 0.2, 0)) expect(noiseContrast(block)).toBeCloseTo(0, 12);
  });

  it('finds the deviation of a window, and the median form forgives a burst', () => {
    const blocks = blocksOf(4_000, 5, 0.05, 0.1, 0.02);
    const noise = inRunNoise(blocks);
    expect(noise.windowDeviationPercent).toBeCloseTo(2, 0);
    expect(Math.abs(noise.windowRootMeanSquarePercent - 2)).toBeLessThan(0.1);
    const withBurst = inRunNoise([...blocks.slice(0, 40), { first: 'base', values: [20, 2000, 20, 20] }]);
    expect(withBurst.windowDeviationPercent).toBeLessThan(4);
    expect(withBurst.windowRootMeanSquarePercent).toBeGreaterThan(20);
  });

  it('tells a mean of blocks how much it will vary: the ratio of a block varies as one window does', () => {
    const ratios = blocksOf(4_000, 6, 0, 0, 0.02).map((block) => blockLogRatio(block, 'lower'));
    expect(Math.abs(standardDeviation(ratios) - 0.02)).toBeLessThan(0.001);
  });
});
