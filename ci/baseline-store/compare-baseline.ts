import type { ComparisonRecord, RunRecord } from '../../scenarios/harness/record.js';
import { BaselineError } from './baseline-error.js';
import type { StoredMetric, StoredRun } from './baseline-file.js';
import { areSameParameters, defaultSlowdownLimit, type SlowdownLimit } from './judged-metrics.js';
import {
  estimateOfFurtherRun,
  estimateOfRun,
  intervalOf,
  JUDGING_RUNS_MIN,
  quotientOf,
  type RatioEstimate,
} from './ratio-estimate.js';
import { STORED_ARM } from './stored-run.js';

/**
 * Compares a run with the stored ones: ratios with ratios, on the same kind of machine, against the same baseline
 * implementation. The difference is taken on logarithms against the median of the stored runs; its interval is the
 * run's own, widened by the spread between the stored runs (a further run of theirs would fall within
 * t · sd · √(1 + 1/k)), both combined as independent errors. Pure: the same runs give the same verdict.
 */

export type StoredVerdict = 'pass' | 'warn' | 'fail';

export interface StoredComparison extends ComparisonRecord {
  /** 5 means 5 % slower; negative is faster. */
  slowdownPercent: number;
  /** Above this it fails; null where it is only shown. */
  limitPercent: number | null;
  /** Stored runs that it was compared with. */
  storedRuns: number;
  /** `pass` for what is only shown. */
  verdict: StoredVerdict;
  /** In words, whatever the verdict. */
  reason: string;
}

export interface BaselineVerdict {
  /** `fail` when a judged metric fails; `warn` when one could not be judged, or none was there to judge; else `pass`. */
  verdict: StoredVerdict;
  comparisons: StoredComparison[];
  /** Why it fails, a sentence each. */
  failures: string[];
  /** What a reader must know besides, a sentence each. */
  warnings: string[];
  /** Stored runs that were comparable. */
  runs: number;
}

export interface CompareOptions {
  /** Which metric fails from which slowdown on. */
  limitOf?: SlowdownLimit;
  /** A run too short to be judged: what would fail only warns. */
  quick?: boolean;
}

/**
 * @param name of the stored baseline, for the words
 * @param stored its comparable runs (`comparableRuns`)
 * @param candidate ratios native ÷ baseline of the run in question (`storedRunOf`, or `metricOfRounds` for each metric)
 */
export function compareWithStored(
  name: string,
  stored: readonly StoredRun[],
  candidate: Pick<StoredRun, 'cases'>,
  { limitOf = defaultSlowdownLimit, quick = false }: CompareOptions = {},
): BaselineVerdict {
  const comparisons: StoredComparison[] = [];
  const warnings: string[] = [];
  let unjudged = 0;
  for (const [caseName, { parameters, metrics }] of Object.entries(candidate.cases)) {
    const alike = stored.filter((run) => hasCase(run, caseName, parameters));
    if (alike.length === 0) {
      unjudged++;
      warnings.push(`${caseName}: the stored baseline ${name} has no such case with these parameters`);
      continue;
    }
    for (const metric of allMetrics(metrics, alike, caseName)) {
      const limitPercent = limitOf(metric, parameters);
      const measured = ownValue(metrics, metric);
      const others = alike.map((run) => ownValue(run.cases[caseName].metrics, metric)).filter(isPresent);
      if (measured !== undefined && others.length > 0) {
        comparisons.push(compareMetric({ name, caseName, metric, limitPercent, quick }, measured, others));
      } else if (limitPercent !== null) {
        unjudged++;
        const whose = measured === undefined ? 'this run' : `the stored baseline ${name}`;
        warnings.push(`${caseName}: ${whose} has no ${metric}, so it could not be compared`);
      }
    }
  }
  warnings.push(...caveats(name, stored, candidate, quick));
  const sentences = (verdict: StoredVerdict): string[] =>
    comparisons.filter((each) => each.verdict === verdict).map((each) => each.reason);
  const failures = sentences('fail');
  warnings.push(...sentences('warn'));
  const judged = comparisons.filter((each) => each.limitPercent !== null);
  if (judged.length === 0)
    warnings.push(`nothing was there to be judged against the stored baseline ${name}`);
  const doubtful = unjudged > 0 || judged.length === 0 || judged.some((each) => each.verdict === 'warn');
  const verdict = failures.length > 0 ? 'fail' : doubtful ? 'warn' : 'pass';
  return { verdict, comparisons, failures, warnings, runs: stored.length };
}

function caveats(
  name: string,
  stored: readonly StoredRun[],
  candidate: Pick<StoredRun, 'cases'>,
  quick: boolean,
): string[] {
  const said: string[] = [];
  const storedCases = new Set(stored.flatMap((run) => Object.keys(run.cases)));
  const missing = [...storedCases].filter((caseName) => !Object.hasOwn(candidate.cases, caseName));
  if (missing.length > 0) {
    said.push(`not compared, because this run did not measure them: ${missing.join(', ')}`);
  }
  if (stored.length < JUDGING_RUNS_MIN) {
    said.push(
      `the stored baseline ${name} holds ${stored.length} comparable ${stored.length === 1 ? 'run' : 'runs'}; ` +
        `it only warns below ${JUDGING_RUNS_MIN}`,
    );
  }
  if (quick) said.push('a quick run is compared, but not judged');
  return said;
}

interface Question {
  name: string;
  caseName: string;
  metric: string;
  limitPercent: number | null;
  quick: boolean;
}

function compareMetric(
  question: Question,
  measured: StoredMetric,
  stored: readonly StoredMetric[],
): StoredComparison {
  const { name, caseName, metric, limitPercent } = question;
  refuseStrange(caseName, metric, measured);
  const own = estimateOfRun(measured);
  const spread = estimateOfFurtherRun(stored);
  // Without an interval there is still a difference to show.
  const point: RatioEstimate = { log: Math.log(measured.ratio), below: 0, above: 0 };
  const theirs = spread ?? { log: Math.log(stored[0].ratio), below: 0, above: 0 };
  const quotient = quotientOf(own ?? point, theirs);
  const interval = own === null || spread === null ? null : intervalOf(quotient);
  const slowdownPercent = 100 * (Math.exp(-quotient.log) - 1);
  return {
    case: caseName,
    metric,
    arm: STORED_ARM,
    against: `stored:${name}`,
    ratio: Math.exp(quotient.log),
    ci95: interval,
    n: measured.rounds.length,
    slowdownPercent,
    limitPercent,
    storedRuns: stored.length,
    ...judge(question, slowdownPercent, interval, stored.length),
  };
}

/** Every comparison with a NaN is false, and so would be "it is too slow": what is no ratio must not pass. */
function refuseStrange(caseName: string, metric: string, { ratio, ci95 }: StoredMetric): void {
  const strange = [ratio, ...(ci95 ?? [])].find((value) => !(Number.isFinite(value) && value > 0));
  if (strange === undefined) return;
  throw new BaselineError(
    'ERR_BASELINE_UNFIT',
    `${caseName}: ${metric}: ${strange} is no ratio, so this run cannot be compared; run it again`,
  );
}

function judge(
  { name, caseName, metric, limitPercent, quick }: Question,
  slowdownPercent: number,
  interval: readonly [number, number] | null,
  runs: number,
): { verdict: StoredVerdict; reason: string } {
  const difference = `${Math.abs(slowdownPercent).toFixed(1)} % ${slowdownPercent > 0 ? 'slower' : 'faster'}`;
  const reach =
    interval === null
      ? ''
      : ` [${(100 * (1 / interval[1] - 1)).toFixed(1)}, ${(100 * (1 / interval[0] - 1)).toFixed(1)}]`;
  const fact = `${caseName}: ${metric} is ${difference}${reach} than the stored baseline ${name}`;
  if (limitPercent === null) return { verdict: 'pass', reason: `${fact}; it is shown, and not judged` };
  if (slowdownPercent <= limitPercent) {
    return { verdict: 'pass', reason: `${fact}; up to ${limitPercent} % slower passes` };
  }
  const above = `${fact}, above the limit of ${limitPercent} %`;
  const only = 'but this only warns, because';
  if (quick) return { verdict: 'warn', reason: `${above}; ${only} a quick run is not judged` };
  if (runs < JUDGING_RUNS_MIN) {
    return {
      verdict: 'warn',
      reason: `${above}; ${only} it takes ${JUDGING_RUNS_MIN} stored runs, and there are ${runs}`,
    };
  }
  if (interval === null) {
    return { verdict: 'warn', reason: `${above}; ${only} this run has too few rounds for an interval` };
  }
  if (interval[1] < 1) return { verdict: 'fail', reason: above };
  return { verdict: 'pass', reason: `${above}, but within what the ${runs} stored runs differ by` };
}

/** Those of this run first, in its order. */
function allMetrics(
  metrics: Readonly<Record<string, StoredMetric>>,
  stored: readonly StoredRun[],
  caseName: string,
): Set<string> {
  return new Set([
    ...Object.keys(metrics),
    ...stored.flatMap((run) => Object.keys(run.cases[caseName].metrics)),
  ]);
}

function hasCase(
  run: StoredRun,
  name: string,
  parameters: StoredRun['cases'][string]['parameters'],
): boolean {
  const body = ownValue(run.cases, name);
  return body !== undefined && areSameParameters(body.parameters, parameters);
}

function ownValue<Value>(values: Readonly<Record<string, Value>>, key: string): Value | undefined {
  return Object.hasOwn(values, key) ? values[key] : undefined;
}

function isPresent<Value>(value: Value | undefined): value is Value {
  return value !== undefined;
}

/** The comparison as the record holds it. */
export function addStoredComparisons(record: RunRecord, verdict: BaselineVerdict): void {
  for (const { case: name, metric, arm, against, ratio, ci95, n } of verdict.comparisons) {
    record.comparisons.push({ case: name, metric, arm, against, ratio, ci95, n });
  }
}
