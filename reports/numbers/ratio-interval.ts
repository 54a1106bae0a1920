import type { Interval } from '../../scenarios/harness/record.js';

/** A ratio with its 95 % interval, above zero. */
export interface RatioEstimate {
  ratio: number;
  ci95: Interval | null;
}

/**
 * The quotient of two ratios that were measured independently, each with its interval. In logarithms it is a difference, whose
 * interval comes from the distances of each estimate to its own ends (MOVER: Zou and Donner, Statistics in Medicine 27, 2008),
 * which keeps what is lopsided in either. Null where one has no interval.
 */
export function quotientOf(later: RatioEstimate, earlier: RatioEstimate): RatioEstimate {
  const ratio = later.ratio / earlier.ratio;
  const [one, other] = [logDistances(later), logDistances(earlier)];
  if (one === null || other === null) return { ratio, ci95: null };
  return {
    ratio,
    ci95: [
      ratio * Math.exp(-Math.hypot(one.below, other.above)),
      ratio * Math.exp(Math.hypot(one.above, other.below)),
    ],
  };
}

/** The geometric mean of ratios that were measured one after the other; its interval adds their distances as independent ones. */
export function geometricMean(ratios: readonly RatioEstimate[]): RatioEstimate {
  const count = ratios.length;
  const ratio = Math.exp(ratios.reduce((sum, row) => sum + Math.log(row.ratio), 0) / count);
  const distances = ratios.map(logDistances).filter((distance) => distance !== null);
  if (count === 0 || distances.length < count) return { ratio, ci95: null };
  const mean = (end: 'below' | 'above') =>
    Math.sqrt(distances.reduce((sum, distance) => sum + distance[end] ** 2, 0)) / count;
  const [below, above] = [mean('below'), mean('above')];
  return { ratio, ci95: [ratio * Math.exp(-below), ratio * Math.exp(above)] };
}

/** An interval of bootstrap replicates may leave its estimate outside by a hair: then the distance is none. */
function logDistances({ ratio, ci95 }: RatioEstimate): { below: number; above: number } | null {
  if (ci95 === null || !(ci95[0] > 0) || !(ratio > 0)) return null;
  return {
    below: Math.max(0, Math.log(ratio / ci95[0])),
    above: Math.max(0, Math.log(ci95[1] / ratio)),
  };
}
