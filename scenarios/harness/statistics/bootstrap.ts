import { normalCdf, normalQuantile } from './normal.js';
import { mean, quantileOfSorted } from './quantile.js';
import type { Random } from './random.js';

/**
 * Bias-corrected and accelerated bootstrap (Efron, "Better bootstrap confidence intervals", 1987; formulas as in Efron
 * and Tibshirani, "An Introduction to the Bootstrap", 1993, chapter 14). Pure: the same values, statistic and
 * generator give the same interval.
 */
export interface BootstrapOptions {
  random: Random;
  /** Two-sided; 0.95 unless given. */
  level?: number;
  resamples?: number;
}

export type Statistic = (values: Float64Array) => number;

/** Below this many values no interval is given: a median of four says nothing about its own spread. */
export const INTERVAL_VALUES_MIN = 5;

export function bcaInterval(
  values: readonly number[],
  statistic: Statistic,
  options: BootstrapOptions,
): [number, number] | null {
  if (values.length < INTERVAL_VALUES_MIN || !values.every(Number.isFinite)) return null;
  const sample = Float64Array.from(values);
  const estimate = statistic(sample);
  const resamples = options.resamples ?? 4_000;
  const replicates = new Float64Array(resamples);
  const drawn = new Float64Array(sample.length);
  for (let index = 0; index < resamples; index++) {
    for (let position = 0; position < drawn.length; position++) {
      drawn[position] = sample[options.random.below(sample.length)];
    }
    replicates[index] = statistic(drawn);
  }
  replicates.sort();
  const bias = biasCorrection(replicates, estimate);
  const acceleration = jackknifeAcceleration(sample, statistic);
  const tail = (1 - (options.level ?? 0.95)) / 2;
  const end = (probability: number): number => {
    const shifted = bias + normalQuantile(probability);
    return quantileOfSorted(replicates, normalCdf(bias + shifted / (1 - acceleration * shifted)));
  };
  return [end(tail), end(1 - tail)];
}

/** z0: how far the replicates' middle lies from the estimate. Ties count half, since a median makes many of them. */
function biasCorrection(replicates: Float64Array, estimate: number): number {
  let below = 0;
  for (const replicate of replicates) below += replicate < estimate ? 1 : replicate === estimate ? 0.5 : 0;
  const edge = 0.5 / replicates.length;
  return normalQuantile(Math.min(1 - edge, Math.max(edge, below / replicates.length)));
}

/** a: the skewness of the leave-one-out estimates; 0 when they are all alike. */
export function jackknifeAcceleration(sample: Float64Array, statistic: Statistic): number {
  const left: number[] = [];
  for (let index = 0; index < sample.length; index++) {
    left.push(statistic(sample.filter((_, position) => position !== index)));
  }
  const centre = mean(left);
  let squares = 0;
  let cubes = 0;
  for (const value of left) {
    squares += (centre - value) ** 2;
    cubes += (centre - value) ** 3;
  }
  return squares === 0 ? 0 : cubes / (6 * squares ** 1.5);
}
