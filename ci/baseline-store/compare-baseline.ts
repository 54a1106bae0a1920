import type { ComparisonRecord, RunRecord } from '../../scenarios/harness/record.js';
import { median, standardDeviation } from '../../scenarios/harness/statistics/quantile.js';
import { studentT975 } from '../../scenarios/harness/statistics/student-t.js';
import { BaselineError } from './baseline-error.js';
import type { BaselineFile, StoredMetric, StoredRun } from './baseline-file.js';

/**
 * Compares a run with the stored ones: ratios with ratios, on the same kind of machine, against the same baseline
 * implementation. The difference is taken on logarithms against the median of the stored runs; its interval is the
 * run's own, widened by the spread between the stored runs (a further run of theirs would fall within
 * t · sd · √(1 + 1/k)), both combined as independent errors.
 */

/** A slowdown above this fails: the ratio falls below 1 ÷ 1.05. */
export const SLOWDOWN_LIMIT = 0.05;
/** Fewer stored runs say too little about how much runs differ. */
export const JUDGING_RUNS_MIN = 5;

/**
 * What is judged. Closed-loop latency is throughput said again, and tails are too wild for 5 %; they are stored and
 * shown, but fail nothing.
 */
const JUDGED_METRICS = new Set(['throughput_ops_per_s', 'cpu_ns_per_op', 'memory_bytes_per_session']);
const JUDGED_IN_OPEN_LOOP = new Set(['cpu_ns_per_op', 'latency_ns_p50']);

export interface StoredComparison extends ComparisonRecord {
  /** 5 means 5 % slower; negative is faster. */
  slowdownPercent: number;
  judged: boolean;
  regression: boolean;
}

export interface BaselineVerdict {
  comparisons: StoredComparison[];
  regressions: StoredComparison[];
  warnings: string[];
  /** Stored runs that were comparable. */
  runs: number;
}

/** What of this run decides which stored runs are comparable; known before anything is measured. */
export interface Comparability {
  fingerprint: string;
  baselineHash: string;
  quick: boolean;
}

/** Throws `BaselineError` when no stored run is comparable: checked before a long run, not after it. */
export function comparableRuns(file: BaselineFile, path: string, self: Comparability): StoredRun[] {
  const sameMachine = file.runs.filter((run) => run.fingerprint === self.fingerprint);
  if (sameMachine.length === 0) {
    const known = [...new Set(file.runs.map((run) => `${run.machine.cpuModel} × ${run.machine.cores}`))];
    throw foreign(path, `was measured on other machines (${known.join('; ')}) than this one`);
  }
  const sameOpponent = sameMachine.filter((run) => run.build.baselineHash === self.baselineHash);
  if (sameOpponent.length === 0) {
    throw foreign(path, 'was measured against another core/baseline, so its ratios mean something else');
  }
  const sameKind = sameOpponent.filter((run) => run.quick === self.quick);
  if (sameKind.length > 0) return sameKind;
  throw foreign(
    path,
    `holds only ${self.quick ? 'full' : 'quick'} runs; this is a ${self.quick ? 'quick' : 'full'} one`,
  );
}

function foreign(path: string, what: string): BaselineError {
  return new BaselineError('ERR_BASELINE_FOREIGN', `${path} ${what}; save a baseline here, or name another`);
}

export function compareWithStored(
  name: string,
  stored: readonly StoredRun[],
  current: StoredRun,
  limit: number = SLOWDOWN_LIMIT,
): BaselineVerdict {
  const comparisons: StoredComparison[] = [];
  const warnings: string[] = [];
  for (const [caseName, body] of Object.entries(current.cases)) {
    const alike = stored.filter((run) => sameParameters(run, caseName, body.parameters));
    if (alike.length === 0) {
      warnings.push(`${caseName}: the stored baseline has no such case with these parameters`);
      continue;
    }
    for (const [metric, measured] of Object.entries(body.metrics)) {
      const others = alike
        .map((run) => run.cases[caseName].metrics[metric])
        .filter((each) => each !== undefined);
      if (others.length === 0) continue;
      const open = body.parameters.load === 'open';
      const judged = (open ? JUDGED_IN_OPEN_LOOP : JUDGED_METRICS).has(metric);
      comparisons.push(compareMetric([name, caseName, metric], measured, others, judged, limit));
    }
  }
  const missing = [...new Set(stored.flatMap((run) => Object.keys(run.cases)))].filter(
    (caseName) => current.cases[caseName] === undefined,
  );
  if (missing.length > 0)
    warnings.push(`not compared, because this run did not measure them: ${missing.join(', ')}`);
  if (stored.length < JUDGING_RUNS_MIN) {
    warnings.push(
      `the stored baseline ${name} holds ${stored.length} comparable runs; it only warns below ${JUDGING_RUNS_MIN}`,
    );
  }
  if (current.quick) warnings.push('a quick run is compared, but not judged');
  const regressions = comparisons.filter((each) => each.regression);
  const decides = stored.length >= JUDGING_RUNS_MIN && !current.quick;
  if (!decides) {
    for (const each of comparisons) {
      if (each.judged && each.slowdownPercent > limit * 100) {
        warnings.push(
          `${each.case}: ${each.metric} is ${each.slowdownPercent.toFixed(1)} % slower than stored`,
        );
      }
    }
  }
  return { comparisons, regressions: decides ? regressions : [], warnings, runs: stored.length };
}

function compareMetric(
  [name, caseName, metric]: readonly [name: string, caseName: string, metric: string],
  measured: StoredMetric,
  stored: readonly StoredMetric[],
  judged: boolean,
  limit: number,
): StoredComparison {
  const logarithms = stored.map((each) => Math.log(each.ratio));
  const difference = Math.log(measured.ratio) - median(logarithms);
  const count = logarithms.length;
  const widening =
    count < 2 ? null : studentT975(count - 1) * standardDeviation(logarithms) * Math.sqrt(1 + 1 / count);
  let interval: [number, number] | null = null;
  if (measured.ci95 !== null && widening !== null) {
    const below = Math.log(measured.ratio / measured.ci95[0]);
    const above = Math.log(measured.ci95[1] / measured.ratio);
    interval = [difference - Math.hypot(below, widening), difference + Math.hypot(above, widening)];
  }
  const slowdown = Math.exp(-difference) - 1;
  const regression =
    judged && count >= JUDGING_RUNS_MIN && slowdown > limit && interval !== null && interval[1] < 0;
  return {
    case: caseName,
    metric,
    arm: 'native',
    against: `stored:${name}`,
    ratio: Math.exp(difference),
    ci95: interval === null ? null : [Math.exp(interval[0]), Math.exp(interval[1])],
    n: measured.rounds.length,
    slowdownPercent: 100 * slowdown,
    judged,
    regression,
  };
}

function sameParameters(run: StoredRun, caseName: string, parameters: Record<string, unknown>): boolean {
  const stored = run.cases[caseName]?.parameters;
  if (stored === undefined) return false;
  const keys = new Set([...Object.keys(stored), ...Object.keys(parameters)]);
  return [...keys].every((key) => stored[key] === parameters[key]);
}

/** The comparison as the record holds it. */
export function addStoredComparisons(record: RunRecord, verdict: BaselineVerdict): void {
  for (const {
    slowdownPercent: _percent,
    judged: _judged,
    regression: _regression,
    ...comparison
  } of verdict.comparisons) {
    record.comparisons.push(comparison);
  }
}
