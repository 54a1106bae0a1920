import { mean } from '../../../scenarios/harness/statistics/quantile.js';
import { GateError } from './gate-error.js';

/**
 * How much units vary from one pair of processes to the next, and how much blocks vary within a pair: the one-way random
 * effects model by its analysis of variance (Searle, Casella and McCulloch, "Variance Components", 1992, chapter 3).
 */
export interface VarianceComponents {
  invocations: number;
  blocks: number;
  /** Of the block ratios within an invocation. */
  within: number;
  /** Of the invocations' true ratios; 0 when they differ by less than their blocks explain. */
  between: number;
}

/** `blockLogRatios`: of each invocation, those of its blocks. Groups may differ in size. */
export function varianceComponents(blockLogRatios: readonly (readonly number[])[]): VarianceComponents {
  const groups = blockLogRatios.filter((group) => group.length > 0);
  const blocks = groups.reduce((sum, group) => sum + group.length, 0);
  if (groups.length < 2 || blocks <= groups.length) {
    throw new GateError(
      'ERR_GATE_ARGUMENT',
      `${groups.length} invocations with ${blocks} blocks have no variance components; give two of two blocks at least`,
    );
  }
  const grand = mean(groups.flat());
  let squaresWithin = 0;
  let squaresBetween = 0;
  let squaredSizes = 0;
  for (const group of groups) {
    const centre = mean(group);
    for (const value of group) squaresWithin += (value - centre) ** 2;
    squaresBetween += group.length * (centre - grand) ** 2;
    squaredSizes += group.length ** 2;
  }
  const within = squaresWithin / (blocks - groups.length);
  const meanSquareBetween = squaresBetween / (groups.length - 1);
  // With groups of one size this is that size.
  const size = (blocks - squaredSizes / blocks) / (groups.length - 1);
  return {
    invocations: groups.length,
    blocks,
    within,
    between: Math.max(0, (meanSquareBetween - within) / size),
  };
}

/** The median of n normal values varies π/2 times as much as their mean, for large n. */
const MEDIAN_VARIANCE = Math.PI / 2;

/** Variance of the unit (the median over blocks) of an invocation with so many blocks. */
export function unitVariance({ within, between }: VarianceComponents, blocks: number): number {
  return between + (MEDIAN_VARIANCE * within) / blocks;
}
