import { readBuild } from '../../../scenarios/harness/build-record.js';
import { EXIT, type ExitCode } from '../../../scenarios/harness/exit-code.js';
import { readMachine } from '../../../scenarios/harness/machine.js';
import { parseCommandLine, type RunOptions } from '../../../scenarios/harness/options.js';
import { type Capabilities, planRun, type RunPlan } from '../../../scenarios/harness/planner.js';
import type { BuildRecord, RunRecord } from '../../../scenarios/harness/record.js';
import { measureRun, type RunInputs } from '../../../scenarios/harness/run.js';
import { buildRecord } from '../../../scenarios/harness/run-record.js';
import type { Scenario } from '../../../scenarios/harness/scenario-file.js';
import { judge } from '../../../scenarios/harness/verdict.js';
import type { StoredRun } from '../../baseline-store/baseline-file.js';
import { comparableRuns } from '../../baseline-store/comparable-runs.js';
import {
  type BaselineVerdict,
  compareWithStored,
  type StoredComparison,
  type StoredVerdict,
} from '../../baseline-store/compare-baseline.js';
import { defaultSlowdownLimit } from '../../baseline-store/judged-metrics.js';
import { readBaseline } from '../../baseline-store/read-baseline.js';
import { storedRunOf } from '../../baseline-store/stored-run.js';
import { formatSlowdown, type GateSummary, type RowFinding, shortBuild } from '../output/gate-summary.js';

/**
 * The gate without a base build: the candidate's ratios to the baseline implementation, measured in one run, against the
 * ratios of stored runs. Coarser by far, and said to be.
 */

/** The case of the scenario that is nearest to what the gate measures. */
const STORED_CASE = 'tcp/depth=16';

export interface StoredGate {
  name: string;
  runs: StoredRun[];
  plan: RunPlan;
  options: RunOptions;
  build: BuildRecord;
}

/**
 * Before anything is measured: whether there is something to compare with.
 * @throws BaselineError when there is no stored baseline, or none of this machine
 */
export function planStoredGate(
  scenario: Scenario,
  [baselines, name]: readonly [folder: string, name: string],
  rootDir: string,
  seed: number,
  machine: Capabilities,
): StoredGate {
  const words = [scenario.name, '--case', STORED_CASE, '--arm', 'native,baseline', '--seed', String(seed)];
  const commandLine = parseCommandLine(words, seed);
  if (commandLine.mode !== 'run') throw new Error('the stored comparison is a run');
  const file = readBaseline(baselines, name, scenario.name);
  const build = readBuild(rootDir);
  const { fingerprint } = readMachine(0);
  const { baselineHash } = build;
  const runs = comparableRuns(baselines, file, { fingerprint, baselineHash, scenarioHash: scenario.hash });
  const plan = planRun(scenario, commandLine.options, machine);
  return { name, runs, plan, options: commandLine.options, build };
}

export interface StoredResult {
  summary: GateSummary;
  record: RunRecord;
  /** What the rows of the summary say, in figures and in their order. */
  comparisons: StoredComparison[];
}

/** @param why there is no base build */
export async function measureStoredGate(
  { name, runs, plan, options, build }: StoredGate,
  scenario: Scenario,
  [limitPercent, why]: readonly [limitPercent: number, why: string],
  inputs: Omit<RunInputs, 'plan' | 'seed'>,
  aluNoisePercent: number,
): Promise<StoredResult> {
  const startedAt = new Date();
  const samples = await measureRun({ ...inputs, plan, seed: options.seed });
  const record = buildRecord({
    ...{ scenario, options, plan, build, startedAt, samples },
    machine: readMachine(aluNoisePercent),
    finishedAt: new Date(),
  });
  judge(record, { strict: false, quick: false, profiled: false, failure: samples.failure, further: [] });
  const verdict = compareWithStored(name, runs, storedRunOf(record), {
    limitOf: (metric, parameters) =>
      defaultSlowdownLimit(metric, parameters) === null ? null : limitPercent,
  });
  const outcome = outcomeOf(record, verdict);
  const summary: GateSummary = {
    verdict: VERDICTS[outcome.code] ?? 'fail',
    exitCode: outcome.code,
    comparison: comparisonOf({ name, runs, build, options }),
    reasons: outcome.reasons,
    rows: verdict.comparisons.map(rowOf),
    notes: [noBaseBuild(why), ...verdict.warnings],
    improved: false,
  };
  return { summary, record, comparisons: verdict.comparisons };
}

/** Of a machine on which nothing is worth measuring. */
export function summariseObjections(stored: StoredGate, why: string, objections: string[]): GateSummary {
  return {
    ...{
      verdict: 'inconclusive',
      exitCode: EXIT.inconclusive,
      reasons: objections,
      rows: [],
      improved: false,
    },
    comparison: comparisonOf(stored),
    notes: [noBaseBuild(why)],
  };
}

function comparisonOf({ name, runs, build, options }: Omit<StoredGate, 'plan'>): string {
  return (
    `${shortBuild(build)} against ${runs.length} stored runs of the baseline "${name}": ratios to core/baseline, ` +
    `not interleaved, seed ${options.seed}`
  );
}

function noBaseBuild(why: string): string {
  return `there is no base build: ${why}`;
}

/** What only warns, for want of stored runs or of a figure, is neither passed nor failed. */
function outcomeOf(
  record: RunRecord,
  { verdict, failures, warnings }: BaselineVerdict,
): { code: ExitCode; reasons: string[] } {
  if (record.interrupted) return { code: EXIT.interrupted, reasons: ['interrupted'] };
  if (record.exitCode === EXIT.error || record.exitCode === EXIT.checkFailed) {
    return { code: record.exitCode, reasons: record.reasons };
  }
  if (verdict === 'fail') return { code: EXIT.regression, reasons: failures };
  if (verdict === 'warn') return { code: EXIT.inconclusive, reasons: warnings };
  return { code: EXIT.pass, reasons: ['no slowdown above the limit that is clear of the stored spread'] };
}

const VERDICTS: Partial<Record<ExitCode, GateSummary['verdict']>> = {
  [EXIT.pass]: 'pass',
  [EXIT.inconclusive]: 'inconclusive',
  [EXIT.interrupted]: 'interrupted',
};

const FINDINGS: Readonly<Record<StoredVerdict, RowFinding>> = {
  pass: 'pass',
  warn: 'inconclusive',
  fail: 'fail',
};

function rowOf(each: StoredComparison): GateSummary['rows'][number] {
  const { case: caseName, metric, ratio, slowdownPercent, limitPercent, verdict, reason } = each;
  const finding = limitPercent === null ? 'shown' : FINDINGS[verdict];
  return {
    ...{ case: caseName, metric, base: '1', candidate: ratio.toFixed(3), finding },
    slowdown: formatSlowdown(slowdownPercent),
    limit: limitPercent === null ? '' : `${limitPercent} %`,
    reason: finding === 'pass' || finding === 'shown' ? '' : reason,
  };
}
