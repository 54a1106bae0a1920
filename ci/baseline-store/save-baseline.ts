import type { RunRecord } from '../../scenarios/harness/record.js';
import { baselinePath, readBaselineIfPresent, type WriteFile, writeBaseline } from './baseline-file.js';
import { storedRunOf } from './stored-run.js';

/** Adds the run to the baseline and says how many it holds then. Throws when the file there cannot be trusted. */
export function saveBaseline(
  baselines: string,
  name: string,
  record: RunRecord,
  savedAt: Date,
  write: WriteFile,
): { path: string; runs: number } {
  const problem = unfit(record);
  if (problem !== null) throw new Error(`the run was not added to the baseline ${name}: ${problem}`);
  const path = baselinePath(baselines, name, record.scenario);
  const run = storedRunOf(record, savedAt);
  const present = readBaselineIfPresent(path, name, record.scenario)?.runs ?? [];
  const others = present.filter((each) => each.startedAt !== run.startedAt || each.seed !== run.seed);
  writeBaseline(path, [name, record.scenario], [...others, run], write);
  return { path, runs: others.length + 1 };
}

/** Why a run must not become the measure of later ones. */
function unfit(record: RunRecord): string | null {
  if (record.interrupted) return 'it was interrupted';
  if (record.checks.some((check) => check.verdict === 'fail')) return 'its correctness checks failed';
  const ratios = record.comparisons.some((each) => each.arm === 'native' && each.against === 'baseline');
  return ratios ? null : 'it has no ratios of native to baseline; both arms must be measured';
}
