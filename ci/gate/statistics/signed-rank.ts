import { ranksOf } from '../../../scenarios/harness/statistics/trend.js';
import { GateError } from './gate-error.js';

/**
 * The null distribution of Wilcoxon's signed-rank statistic W: the sum of the ranks of n values, each rank counted
 * with probability 1/2 (Wilcoxon, "Individual comparisons by ranking methods", 1945; Hollander and Wolfe,
 * "Nonparametric Statistical Methods", 2nd edition 1999, section 3.1). Exact at every n: adding rank k to the ranks
 * below it is p(w) ← (p(w) + p(w − k)) / 2, where halving is exact and sums of positive numbers lose nothing, so
 * relative errors stay below n · 2⁻⁵³ far into the tail.
 */

/** Ninety-six and twenty-four are the most a gate pools; the bound keeps a slip from allocating without end. */
export const SIGNED_RANK_VALUES_MAX = 1_000;

const cumulative = new Map<number, Float64Array>();

/** P(W ≤ w) for w = 0 … n(n + 1)/2. The array is shared: read it only. */
export function signedRankCdf(n: number): Float64Array {
  if (!(Number.isInteger(n) && n >= 0 && n <= SIGNED_RANK_VALUES_MAX)) {
    throw new GateError(
      'ERR_GATE_ARGUMENT',
      `the signed-rank distribution of ${n} values was asked for; give a whole number from 0 to ${SIGNED_RANK_VALUES_MAX}`,
    );
  }
  const known = cumulative.get(n);
  if (known !== undefined) return known;
  const probability = new Float64Array((n * (n + 1)) / 2 + 1);
  probability[0] = 1;
  let top = 0;
  for (let rank = 1; rank <= n; rank++) {
    top += rank;
    for (let sum = top; sum >= 0; sum--) {
      probability[sum] = (probability[sum] + (sum >= rank ? probability[sum - rank] : 0)) / 2;
    }
  }
  for (let sum = 1; sum < probability.length; sum++) {
    probability[sum] = Math.min(1, probability[sum] + probability[sum - 1]);
  }
  cumulative.set(n, probability);
  return probability;
}

/** The largest w with P(W ≤ w) ≤ `level`; −1 when even W = 0 is likelier than that, so that no bound has the level. */
export function signedRankCritical(n: number, level: number): number {
  const cdf = signedRankCdf(n);
  let below = -1;
  let above = cdf.length;
  while (above - below > 1) {
    const middle = (below + above) >> 1;
    if (cdf[middle] <= level) below = middle;
    else above = middle;
  }
  return below;
}

/**
 * Whether the values lie above `centre`: W, and the chance of a W this high or higher if they are symmetric about it.
 * Values equal to the centre are left out; equal distances share their ranks, which keeps the exact distribution only
 * approximately right, and units of a gate have none.
 */
export function signedRankTest(values: readonly number[], centre = 0): { w: number; pAbove: number } {
  const differences = values.map((value) => value - centre).filter((difference) => difference !== 0);
  const ranks = ranksOf(differences.map(Math.abs));
  const w = ranks.reduce((sum, rank, index) => sum + (differences[index] > 0 ? rank : 0), 0);
  // W is symmetric about its middle: P(W ≥ w) = P(W ≤ top − w).
  const cdf = signedRankCdf(differences.length);
  return { w, pAbove: cdf[Math.floor(cdf.length - 1 - w)] };
}
