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
import { baselinePath, readBaseline, type StoredRun } from '../../baseline-store/baseline-file.js';
import {
  comparableRuns,
  compareWithStored,
  JUDGING_RUNS_MIN,
  type StoredComparison,
} from '../../baseline-store/compare-baseline.js';
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
  const path = baselinePath(baselines, name, scenario.name);
  const file = readBaseline(path, name, scenario.name);
  const build = readBuild(rootDir);
  const { fingerprint } = readMachine(0);
  const runs = comparableRuns(file, path, { fingerprint, baselineHash: build.baselineHash, quick: false });
  const plan = planRun(scenario, commandLine.options, machine);
  return { name, runs, plan, options: commandLine.options, build };
}

export interface StoredResult {
  summary: GateSummary;
  record: RunRecord;
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
  const verdict = compareWithStored(name, runs, storedRunOf(record, startedAt), limitPercent / 100);
  const slower = verdict.comparisons.filter(
    (each) => each.judged && each.slowdownPercent > limitPercent && !verdict.regressions.includes(each),
  );
  const outcome = outcomeOf(record, verdict.regressions, slower, runs.length);
  const summary: GateSummary = {
    verdict: VERDICTS[outcome.code] ?? 'fail',
    exitCode: outcome.code,
    comparison:
      `${shortBuild(build)} against ${runs.length} stored runs of the baseline "${name}": ratios to core/baseline, ` +
      `not interleaved, seed ${options.seed}`,
    reasons: outcome.reasons,
    rows: verdict.comparisons.map((each) => {
      const finding = findingOf(each, verdict.regressions, slower);
      return {
        case: each.case,
        metric: each.metric,
        ...{ base: '1', candidate: each.ratio.toFixed(3), slowdown: formatSlowdown(each.slowdownPercent) },
        limit: each.judged ? `${limitPercent} %` : '',
        finding,
        reason: finding === 'pass' || finding === 'shown' ? '' : sentence(each),
      };
    }),
    notes: [`there is no base build: ${why}`, ...verdict.warnings],
    improved: false,
  };
  return { summary, record };
}

/** With fewer stored runs than can decide, what looks slow is a warning: not passed, and not failed. */
function outcomeOf(
  record: RunRecord,
  regressions: readonly StoredComparison[],
  slower: readonly StoredComparison[],
  runs: number,
): { code: ExitCode; reasons: string[] } {
  if (record.interrupted) return { code: EXIT.interrupted, reasons: ['interrupted'] };
  if (record.exitCode === EXIT.error || record.exitCode === EXIT.checkFailed) {
    return { code: record.exitCode, reasons: record.reasons };
  }
  if (regressions.length > 0) return { code: EXIT.regression, reasons: regressions.map(sentence) };
  if (slower.length > 0 && runs < JUDGING_RUNS_MIN) {
    const more = `${runs} stored runs cannot decide it; from ${JUDGING_RUNS_MIN} on they do`;
    return { code: EXIT.inconclusive, reasons: [...slower.map(sentence), more] };
  }
  return { code: EXIT.pass, reasons: ['no slowdown above the limit that is clear of the stored spread'] };
}

const VERDICTS: Partial<Record<ExitCode, GateSummary['verdict']>> = {
  [EXIT.pass]: 'pass',
  [EXIT.inconclusive]: 'inconclusive',
  [EXIT.interrupted]: 'interrupted',
};

function findingOf(
  each: StoredComparison,
  regressions: readonly StoredComparison[],
  slower: readonly StoredComparison[],
): RowFinding {
  if (!each.judged) return 'shown';
  if (regressions.includes(each)) return 'fail';
  return slower.includes(each) ? 'inconclusive' : 'pass';
}

function sentence({ case: caseName, metric, slowdownPercent, ci95 }: StoredComparison): string {
  const interval =
    ci95 === null
      ? ''
      : ` (${formatSlowdown(100 * (1 / ci95[1] - 1))} to ${formatSlowdown(100 * (1 / ci95[0] - 1))})`;
  return `${caseName}: ${metric} is ${slowdownPercent.toFixed(1)} % slower than stored${interval}`;
}
