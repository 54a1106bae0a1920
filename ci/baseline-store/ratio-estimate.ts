import { bcaInterval } from '../../scenarios/harness/statistics/bootstrap.js';
import { mean, median, standardDeviation } from '../../scenarios/harness/statistics/quantile.js';
import { createRandom } from '../../scenarios/harness/statistics/random.js';
import { studentT975 } from '../../scenarios/harness/statistics/student-t.js';
import type { StoredMetric } from './baseline-file.js';

/** Fewer stored runs say too little about how much runs differ. */
export const JUDGING_RUNS_MIN = 5;

/** The same rounds give the same interval, wherever and whenever. */
const BOOTSTRAP_SEED = 1;

/** A ratio on the logarithmic scale, and how far below and above it the truth may lie (95 %). */
export interface RatioEstimate {
  log: number;
  below: number;
  above: number;
}

/** The paired ratios of a run's rounds as a metric: their median, with the interval that a run record gives it. */
export function metricOfRounds(rounds: readonly number[]): StoredMetric {
  const logarithms = rounds.map(Math.log);
  const interval = bcaInterval(logarithms, median, { random: createRandom(BOOTSTRAP_SEED) });
  return {
    ratio: Math.exp(median(logarithms)),
    ci95: interval === null ? null : [Math.exp(interval[0]), Math.exp(interval[1])],
    rounds: [...rounds],
  };
}

/** What one run says of itself; null without an interval. */
export function estimateOfRun({ ratio, ci95 }: StoredMetric): RatioEstimate | null {
  if (ci95 === null) return null;
  const log = Math.log(ratio);
  // Of few rounds, the bootstrap may put the whole interval on one side of the median.
  return { log, below: Math.max(0, log - Math.log(ci95[0])), above: Math.max(0, Math.log(ci95[1]) - log) };
}

/**
 * Where one further run would fall: around the median of the runs, within t · sd · √(1 + 1/k). Null below two, which
 * say nothing about how much runs differ.
 */
export function estimateOfFurtherRun(runs: readonly StoredMetric[]): RatioEstimate | null {
  const count = runs.length;
  if (count < 2) return null;
  const logarithms = runs.map(({ ratio }) => Math.log(ratio));
  const reach = studentT975(count - 1) * standardDeviation(logarithms) * Math.sqrt(1 + 1 / count);
  return { log: median(logarithms), below: reach, above: reach };
}

/**
 * What several runs of one build say of it together. From five on they show how much runs differ, and the interval is
 * Student's for their mean; fewer are taken as one long run, with the interval of all their rounds.
 */
export function estimateOfBuild(runs: readonly StoredMetric[]): RatioEstimate | null {
  const count = runs.length;
  if (count >= JUDGING_RUNS_MIN) {
    const logarithms = runs.map(({ ratio }) => Math.log(ratio));
    const reach = (studentT975(count - 1) * standardDeviation(logarithms)) / Math.sqrt(count);
    return { log: mean(logarithms), below: reach, above: reach };
  }
  if (count === 1) return estimateOfRun(runs[0]);
  return estimateOfRun(metricOfRounds(runs.flatMap(({ rounds }) => rounds)));
}

/** Quotient of two, their errors taken as independent. */
export function quotientOf(ours: RatioEstimate, theirs: RatioEstimate): RatioEstimate {
  return {
    log: ours.log - theirs.log,
    below: Math.hypot(ours.below, theirs.above),
    above: Math.hypot(ours.above, theirs.below),
  };
}

export function intervalOf({ log, below, above }: RatioEstimate): [low: number, high: number] {
  return [Math.exp(log - below), Math.exp(log + above)];
}
