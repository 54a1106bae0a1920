import { normalCdf, normalQuantile } from './normal.js';
import { median } from './quantile.js';

/**
 * Whether a series rises, and how fast, without assuming a distribution: Theil and Sen's slope, the test of Mann and
 * Kendall, and the correction of its variance for autocorrelation by Hamed and Rao ("A modified Mann-Kendall trend test
 * for autocorrelated data", Journal of Hydrology 204, 1998). Several blocks of a series (a process that was started anew
 * begins at another level) are joined as Hirsch and Slack join seasons: only pairs within a block are compared.
 */
export interface TrendBlock {
  at: readonly number[];
  values: readonly number[];
}

export interface Trend {
  /** Points in all blocks. */
  n: number;
  /** Median slope of all pairs, units of the values per unit of `at`; NaN without a pair. */
  slope: number;
  /** Kendall's S: pairs that rise less pairs that fall. */
  s: number;
  /** Variance of S without a trend, ties and autocorrelation counted in. */
  variance: number;
  z: number;
  /** Probability of an S this high or higher without a trend. */
  pRising: number;
  /** Standard error of the slope, from the spread around it; NaN below three points. */
  slopeError: number;
}

export function trendOf(blocks: readonly TrendBlock[]): Trend {
  const slope = theilSenSlope(blocks);
  let n = 0;
  let s = 0;
  let variance = 0;
  for (const block of blocks) {
    const score = kendallScore(block.values);
    n += block.values.length;
    s += score.s;
    variance += score.variance * Math.max(1, hamedRaoFactor(block, slope));
  }
  // Continuity: S moves in steps of two.
  const z = variance > 0 ? (s - Math.sign(s)) / Math.sqrt(variance) : 0;
  return { n, slope, s, variance, z, pRising: normalCdf(-z), slopeError: slopeError(blocks, slope) };
}

export function theilSenSlope(blocks: readonly TrendBlock[]): number {
  const pairs = blocks.reduce((sum, { values }) => sum + (values.length * (values.length - 1)) / 2, 0);
  const slopes = new Float64Array(pairs);
  let filled = 0;
  for (const { at, values } of blocks) {
    for (let from = 0; from < values.length; from++) {
      for (let to = from + 1; to < values.length; to++) {
        slopes[filled++] = (values[to] - values[from]) / (at[to] - at[from]);
      }
    }
  }
  return median(slopes);
}

/** S and its variance for independent values, with ties. */
export function kendallScore(values: readonly number[]): { s: number; variance: number } {
  const n = values.length;
  let s = 0;
  for (let from = 0; from < n; from++) {
    for (let to = from + 1; to < n; to++) s += Math.sign(values[to] - values[from]);
  }
  const counts = new Map<number, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  let ties = 0;
  for (const count of counts.values()) ties += count * (count - 1) * (2 * count + 5);
  return { s, variance: (n * (n - 1) * (2 * n + 5) - ties) / 18 };
}

/** Lags as far as autocorrelations are usually looked at; beyond, chance alone makes some of them significant. */
function usualLags(n: number): number {
  return Math.min(n - 1, Math.floor(10 * Math.log10(n)));
}

/**
 * By how much autocorrelation widens (or narrows) the variance of S: from the autocorrelations of the ranks of the
 * detrended values that differ from 0 at 5 %.
 */
export function hamedRaoFactor(block: TrendBlock, slope: number, lags?: number): number {
  const n = block.values.length;
  if (n < 4) return 1;
  const ranks = ranksOf(block.values.map((value, index) => value - slope * block.at[index]));
  const centre = (n + 1) / 2;
  const power = ranks.reduce((sum, rank) => sum + (rank - centre) ** 2, 0);
  if (power === 0) return 1;
  const bound = normalQuantile(0.975) / Math.sqrt(n);
  let sum = 0;
  for (let lag = 1; lag <= (lags ?? usualLags(n)); lag++) {
    let product = 0;
    for (let index = 0; index + lag < n; index++) {
      product += (ranks[index] - centre) * (ranks[index + lag] - centre);
    }
    const correlation = product / power;
    if (Math.abs(correlation) > bound) sum += (n - lag) * (n - lag - 1) * (n - lag - 2) * correlation;
  }
  return 1 + (2 / (n * (n - 1) * (n - 2))) * sum;
}

/** From 1; equal values share the mean of their ranks. */
export function ranksOf(values: readonly number[]): number[] {
  const order = values.map((_, index) => index).sort((left, right) => values[left] - values[right]);
  const ranks = new Array<number>(values.length);
  for (let first = 0; first < order.length; ) {
    let last = first;
    while (last + 1 < order.length && values[order[last + 1]] === values[order[first]]) last++;
    for (let index = first; index <= last; index++) ranks[order[index]] = (first + last) / 2 + 1;
    first = last + 1;
  }
  return ranks;
}

/** Scale of the spread around the line, by medians, so that single outliers count little. */
const MAD_TO_DEVIATION = 1.4826;
/** Theil and Sen's slope of normal values has π/3 times the variance of the least-squares slope. */
const RELATIVE_VARIANCE = Math.PI / 3;

function slopeError(blocks: readonly TrendBlock[], slope: number): number {
  let lever = 0;
  let widest = 1;
  const deviations: number[] = [];
  for (const block of blocks) {
    const { at, values } = block;
    const residuals = values.map((value, index) => value - slope * at[index]);
    const middle = median(residuals);
    for (const residual of residuals) deviations.push(Math.abs(residual - middle));
    const centre = at.reduce((sum, time) => sum + time, 0) / at.length;
    for (const time of at) lever += (time - centre) ** 2;
    widest = Math.max(widest, hamedRaoFactor(block, slope));
  }
  if (deviations.length < 3 || lever === 0) return Number.NaN;
  const deviation = MAD_TO_DEVIATION * median(deviations);
  return deviation * Math.sqrt((widest * RELATIVE_VARIANCE) / lever);
}

/**
 * Holm's step-down procedure: which of these are significant, when the chance that any true absence of a trend is taken
 * for one is to stay below `level`.
 */
export function holmSignificant(probabilities: readonly number[], level: number): boolean[] {
  // What has no probability shows nothing.
  const known = probabilities.map((probability) => (probability >= 0 ? probability : 1));
  const order = known.map((_, index) => index).sort((a, b) => known[a] - known[b]);
  const significant = probabilities.map(() => false);
  for (const [step, index] of order.entries()) {
    if (known[index] > level / (order.length - step)) break;
    significant[index] = true;
  }
  return significant;
}
