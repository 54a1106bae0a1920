import { EXIT, type ExitCode } from '../../scenarios/harness/exit-code.js';
import { readMachine } from '../../scenarios/harness/machine.js';
import type { BuildRecord, RunRecord } from '../../scenarios/harness/record.js';
import { UsageError } from '../../scenarios/harness/usage-error.js';
import { type Judgement, judge } from '../../scenarios/harness/verdict.js';
import { BaselineError } from './baseline-error.js';
import type { StoredRun } from './baseline-file.js';
import { comparableRuns } from './comparable-runs.js';
import { addStoredComparisons, compareWithStored } from './compare-baseline.js';
import { readBaseline } from './read-baseline.js';
import { saveBaseline } from './save-baseline.js';
import { STORED_AGAINST, STORED_ARM, storedRunOf } from './stored-run.js';
import { unfitBuild, unfitOptions } from './unfit-record.js';

/** What `--baseline` and `--save-baseline` do in a command that measures: before the run, and after it. */
export interface BaselineOptions {
  /** Compare with this one. */
  baseline: string | null;
  /** Add the run to this one. */
  saveBaseline: string | null;
  quick: boolean;
}

/** What is about to be measured. */
export interface MeasuredWork {
  /** As the record will name it. */
  name: string;
  /** What the record will hold as `scenarioHash`. */
  hash: string;
  /** Of each case; where all have the same, once is enough. */
  arms: readonly (readonly string[])[];
}

/**
 * Before a long run, not after it: a baseline that cannot be compared with ends the command at once, and so does a run
 * that would not be added.
 *
 * @returns the runs to be compared with; null without `--baseline`
 * @throws BaselineError `ERR_BASELINE_MISSING`, `ERR_BASELINE_INVALID`, `ERR_BASELINE_FOREIGN`
 * @throws UsageError
 */
export function prepareBaselines(
  baselines: string,
  work: MeasuredWork,
  options: BaselineOptions,
  build: BuildRecord,
): StoredRun[] | null {
  const { baseline, saveBaseline: saved, quick } = options;
  const file = baseline === null ? null : readBaseline(baselines, baseline, work.name);
  const lacking = lackingArms(work.arms);
  for (const [option, name] of [
    ['--baseline', baseline],
    ['--save-baseline', saved],
  ] as const) {
    if (name === null || lacking.length === 0) continue;
    throw new UsageError(
      `${option} needs the arms ${STORED_ARM} and ${STORED_AGAINST}; ` +
        `this run of ${work.name} is without ${lacking.join(', ')}`,
    );
  }
  if (saved !== null) {
    const unfit = unfitOptions({ quick }) ?? unfitBuild(build);
    if (unfit !== null) throw new UsageError(`--save-baseline: this run would not be added: ${unfit}`);
  }
  if (file === null) return null;
  const { fingerprint } = readMachine(0);
  const { baselineHash } = build;
  return comparableRuns(baselines, file, { fingerprint, baselineHash, scenarioHash: work.hash });
}

/** Of the case that lacks fewest: one with both is enough for a ratio. */
function lackingArms(arms: MeasuredWork['arms']): string[] {
  const needed = [STORED_ARM, STORED_AGAINST];
  return arms
    .map((present) => needed.filter((arm) => !present.includes(arm)))
    .reduce((fewest, each) => (each.length < fewest.length ? each : fewest), needed);
}

/** After the run: compares, judges, and adds what passed. Whatever keeps it from being added is a reason of the verdict. */
export async function judgeWithBaselines(
  record: RunRecord,
  { baseline, saveBaseline: saved, quick }: BaselineOptions,
  { baselines, stored }: { baselines: string; stored: readonly StoredRun[] | null },
  judgement: Judgement & { further: { code: ExitCode; reason: string }[] },
): Promise<void> {
  if (baseline !== null && stored !== null && !record.interrupted) {
    const verdict = compareWithStored(baseline, stored, storedRunOf(record), { quick });
    addStoredComparisons(record, verdict);
    record.notes?.push(...verdict.warnings);
    record.notes?.push(`compared with ${runsInWords(verdict.runs, 'stored ')} of ${baseline}`);
    judgement.further.push(...verdict.failures.map((reason) => ({ code: EXIT.regression, reason })));
  }
  judge(record, judgement);
  if (saved === null) return;
  try {
    const { path, runs } = await saveBaseline(baselines, saved, record);
    record.notes?.push(`added to the stored baseline ${path}, which now holds ${runsInWords(runs)}`);
  } catch (error) {
    // A run that ends with a code of its own keeps it: that it is not stored is what follows from it.
    const own = record.exitCode as ExitCode;
    const refusal = error instanceof BaselineError ? error.exitCode : EXIT.error;
    judgement.further.push({
      code: own === EXIT.pass ? refusal : own,
      reason: (error as Error).message,
    });
    judge(record, judgement);
  }
}

function runsInWords(count: number, kind = ''): string {
  return `${count} ${kind}${count === 1 ? 'run' : 'runs'}`;
}
