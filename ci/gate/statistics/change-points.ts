import type { Random } from '../../../scenarios/harness/statistics/random.js';
import { GateError } from './gate-error.js';

/**
 * Where the level or the spread of a history changed: E-divisive (Matteson and James, "A nonparametric approach for
 * multiple change point analysis of multivariate data", JASA 109, 2014; in use for such histories: Daly et al., "The use
 * of change point detection to identify software performance regressions in a continuous integration system", ICPE
 * 2020). The series is split where the energy distance of its two sides is largest, then its parts are, until shuffling
 * within the parts gives a split as good too often.
 */
export interface ChangePoint {
  /** The first point of the new regime. */
  index: number;
  /** Q̂ of the split. */
  energy: number;
  /** Share of permutations with a split as good, the one seen counted in. */
  p: number;
}

export interface ChangePointOptions {
  random: Random;
  /** A change is taken for one up to this p. */
  level?: number;
  permutations?: number;
  /** Points a regime has at least. */
  pointsMin?: number;
}

interface Split {
  index: number;
  energy: number;
}

/** A permutation costs the square of the number of points; this many take seconds. */
export const CHANGE_POINT_VALUES_MAX = 1_000;

/** Ascending. The same values and generator give the same points. */
export function changePoints(values: readonly number[], options: ChangePointOptions): ChangePoint[] {
  const { random, level = 0.01, permutations = 199, pointsMin = 5 } = options;
  if (values.length > CHANGE_POINT_VALUES_MAX) {
    throw new GateError(
      'ERR_GATE_ARGUMENT',
      `a history of ${values.length} points is too long for change points; give the last ${CHANGE_POINT_VALUES_MAX}`,
    );
  }
  const found: ChangePoint[] = [];
  let edges = [0, values.length];
  for (;;) {
    const seen = bestOver(values, edges, pointsMin);
    if (seen === null) break;
    let asGood = 1;
    for (let permutation = 0; permutation < permutations; permutation++) {
      const shuffled = edges.slice(1).flatMap((end, part) => random.shuffled(values.slice(edges[part], end)));
      const other = bestOver(shuffled, edges, pointsMin);
      if (other !== null && other.energy >= seen.energy) asGood++;
    }
    const p = asGood / (permutations + 1);
    if (p > level) break;
    found.push({ ...seen, p });
    edges = [...edges, seen.index].sort((left, right) => left - right);
  }
  return found.sort((left, right) => left.index - right.index);
}

function bestOver(values: readonly number[], edges: readonly number[], pointsMin: number): Split | null {
  let best: Split | null = null;
  for (let part = 0; part + 1 < edges.length; part++) {
    const split = bestSplit(values.slice(edges[part], edges[part + 1]), pointsMin);
    if (split === null || (best !== null && split.energy <= best.energy)) continue;
    best = { index: edges[part] + split.index, energy: split.energy };
  }
  return best;
}

/**
 * Largest Q̂ over the split τ and the end κ of what is compared with the first τ points; κ before the end finds a change
 * that a later one back would hide.
 */
function bestSplit(values: readonly number[], pointsMin: number): Split | null {
  const n = values.length;
  const within = distancesWithin(values);
  let best: Split | null = null;
  for (let split = pointsMin; split + pointsMin <= n; split++) {
    for (let end = split + pointsMin; end <= n; end++) {
      const energy = energyOf(within, n, split, end);
      if (best === null || energy > best.energy) best = { index: split, energy };
    }
  }
  return best;
}

/** Q̂ of the first `split` points against those from there to `end`. Both sides need two points. */
export function splitEnergy(values: readonly number[], split: number, end = values.length): number {
  return energyOf(distancesWithin(values), values.length, split, end);
}

/** Row `from`, column `to` (of n + 1 each): the sum of |x_i − x_j| over from ≤ i < j < to. */
function distancesWithin(values: readonly number[]): Float64Array {
  const n = values.length;
  const sums = new Float64Array((n + 1) ** 2);
  for (let from = n - 1; from >= 0; from--) {
    let row = 0;
    for (let to = from + 1; to <= n; to++) {
      // Those without `from`, and those of `from` with the rest.
      row += Math.abs(values[from] - values[to - 1]);
      sums[from * (n + 1) + to] = sums[(from + 1) * (n + 1) + to] + row;
    }
  }
  return sums;
}

function energyOf(within: Float64Array, n: number, split: number, end: number): number {
  const left = within[split];
  const right = within[split * (n + 1) + end];
  const across = within[end] - left - right;
  const m = end - split;
  const distance =
    (2 * across) / (split * m) - (2 * left) / (split * (split - 1)) - (2 * right) / (m * (m - 1));
  return ((split * m) / (split + m)) * distance;
}
