import { METRIC_NAMES, type MetricName, NOT_COMPARED, ratioOf } from './metrics.js';
import type { ArmRecord, CaseRecord, ComparisonRecord } from './record.js';
import { bcaInterval } from './statistics/bootstrap.js';
import { median } from './statistics/quantile.js';
import type { Random } from './statistics/random.js';
import { GENERATOR_BOUND } from './summarise.js';

/** Native under other conditions: the question is what these cost, so they are the ones that are judged. */
const VARIANTS_OF_NATIVE = ['native:own-thread', 'native:scraped', 'native:burst'];

/** Who is compared with whom: `native` with everyone else, its variants with it, the safe path with the baseline. */
export function pairsOf(arms: readonly string[]): [arm: string, against: string][] {
  const pairs: [string, string][] = [];
  if (arms.includes('native')) {
    const variants = VARIANTS_OF_NATIVE.filter((variant) => arms.includes(variant));
    for (const other of arms) {
      if (other !== 'native' && !variants.includes(other)) pairs.push(['native', other]);
    }
    for (const variant of variants) pairs.push([variant, 'native']);
  }
  if (arms.includes('native:owned') && arms.includes('baseline')) pairs.push(['native:owned', 'baseline']);
  return pairs;
}

export function compareCases(
  cases: Readonly<Record<string, CaseRecord>>,
  random: Random,
): ComparisonRecord[] {
  const comparisons: ComparisonRecord[] = [];
  for (const [name, body] of Object.entries(cases)) {
    for (const [arm, against] of pairsOf(Object.keys(body.arms))) {
      for (const metric of METRIC_NAMES) {
        const comparison = compareArms(name, metric, [arm, against], body.arms, random);
        if (comparison !== null) comparisons.push(comparison);
      }
    }
  }
  return comparisons;
}

/** Rounds pair what ran at the same time; arithmetic on logarithms, so that swapping the arms only flips the sign. */
export function compareArms(
  caseName: string,
  metric: MetricName,
  [arm, against]: readonly [string, string],
  arms: Readonly<Record<string, ArmRecord>>,
  random: Random,
): ComparisonRecord | null {
  const ours = arms[arm];
  const theirs = arms[against];
  if (ours === undefined || theirs === undefined || NOT_COMPARED.has(metric)) return null;
  const logarithms = pairedLogRatios(metric, ours, theirs);
  if (logarithms.length === 0) return null;
  const interval = bcaInterval(logarithms, median, {
    random: random.fork(`${caseName} ${metric} ${arm} ${against}`),
  });
  const bound =
    metric.startsWith('throughput_') &&
    [ours, theirs].some((each) => each.metrics[metric]?.mark === GENERATOR_BOUND);
  return {
    case: caseName,
    metric,
    arm,
    against,
    ratio: Math.exp(median(logarithms)),
    ci95: interval === null ? null : [Math.exp(interval[0]), Math.exp(interval[1])],
    n: logarithms.length,
    rounds: logarithms.map(Math.exp),
    ...(bound ? { mark: GENERATOR_BOUND } : {}),
  };
}

export function pairedLogRatios(metric: MetricName, ours: ArmRecord, theirs: ArmRecord): number[] {
  const theirRounds = new Map(theirs.rounds.map((round) => [round.round, round.metrics[metric]]));
  return ours.rounds
    .map((round) => ratioOf(metric, round.metrics[metric], theirRounds.get(round.round) ?? Number.NaN))
    .filter((ratio) => Number.isFinite(ratio))
    .map(Math.log);
}
