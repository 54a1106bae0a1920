import { signedRankCritical } from './signed-rank.js';

/**
 * Where the centre of symmetric values lies, without assuming a distribution: the estimate of Hodges and Lehmann (the
 * median of the Walsh averages), and bounds from inverting the signed-rank test over them (Hodges and Lehmann,
 * "Estimates of location based on rank tests", 1963; Hollander and Wolfe, 2nd edition 1999, sections 3.2 and 3.3).
 * W counts the Walsh averages above the centre, so the (w + 1)-th smallest of them exceeds the centre with
 * probability P(W ≤ w). No chance is involved: the same values give the same bits.
 */
export interface Location {
  n: number;
  estimate: number;
  /** The centre lies below with probability `level` at most; −∞ when n values cannot show that much. */
  lowerBound(level: number): number;
  /** The centre lies above with probability `level` at most; ∞ when n values cannot show that much. */
  upperBound(level: number): number;
}

export function locationOf(values: readonly number[]): Location {
  const averages = walshAverages(values);
  const n = values.length;
  return {
    n,
    estimate: middleOf(averages),
    lowerBound(level) {
      const critical = signedRankCritical(n, level);
      return critical < 0 ? -Infinity : (averages[critical] ?? Number.NaN);
    },
    upperBound(level) {
      const critical = signedRankCritical(n, level);
      return critical < 0 ? Infinity : (averages[averages.length - 1 - critical] ?? Number.NaN);
    },
  };
}

/** The n(n + 1)/2 means of each value with itself and with every other one, ascending. */
export function walshAverages(values: readonly number[]): Float64Array {
  const averages = new Float64Array((values.length * (values.length + 1)) / 2);
  let filled = 0;
  for (let first = 0; first < values.length; first++) {
    for (let second = first; second < values.length; second++) {
      averages[filled++] = (values[first] + values[second]) / 2;
    }
  }
  return averages.sort();
}

export function hodgesLehmann(values: readonly number[]): number {
  return locationOf(values).estimate;
}

/**
 * The median of sorted values as the plain mean of the two in the middle: unlike an interpolation it has the same bits with
 * all signs turned.
 */
export function middleOf(sorted: Float64Array): number {
  if (sorted.length === 0) return Number.NaN;
  return (sorted[(sorted.length - 1) >> 1] + sorted[sorted.length >> 1]) / 2;
}
