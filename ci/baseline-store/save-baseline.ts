import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { writeFileAtomic } from '../../scenarios/harness/atomic-write.js';
import { isBaselineName } from '../../scenarios/harness/baseline-name.js';
import type { RunRecord } from '../../scenarios/harness/record.js';
import { BaselineError } from './baseline-error.js';
import {
  type BaselineFile,
  baselineFileOf,
  baselineFileSchema,
  baselinePath,
  baselineText,
  isSameRun,
  RUNS_MAX,
} from './baseline-file.js';
import { readBaselineIfPresent } from './read-baseline.js';
import { withStoreLock } from './store-lock.js';
import { storedRunOf } from './stored-run.js';
import { unfitRecord } from './unfit-record.js';

export interface SavedBaseline {
  path: string;
  /** How many the file holds now. */
  runs: number;
  /** False when the same run was there already; it is then as this record has it. */
  added: boolean;
}

/** Adds a run to a baseline. Throws `BaselineError`: for a run that must not become a measure, and for a file there
 * that cannot be trusted, which is left as it is. */
export async function saveBaseline(
  baselines: string,
  name: string,
  record: RunRecord,
): Promise<SavedBaseline> {
  const unfit = (why: string): BaselineError =>
    new BaselineError(
      'ERR_BASELINE_UNFIT',
      `the run of ${record.scenario} from ${record.startedAt} was not added to the baseline ${name}: ${why}`,
    );
  if (!isBaselineName(name)) throw unfit(`${JSON.stringify(name)} names no baseline`);
  const problem = unfitRecord(record);
  if (problem !== null) throw unfit(problem);
  const run = storedRunOf(record);
  return withStoreLock(baselines, `baseline save ${name}`, () => {
    const { scenario } = record;
    const present = readBaselineIfPresent(baselines, name, scenario)?.runs ?? [];
    const others = present.filter((each) => !isSameRun(each, run));
    if (others.length >= RUNS_MAX) {
      throw unfit(`it holds ${others.length} runs, and takes no more than ${RUNS_MAX}; begin another name`);
    }
    const file = baselineFileOf(name, scenario, [...others, run]);
    const result = baselineFileSchema.safeParse(file);
    if (!result.success) {
      const [{ path, message }] = result.error.issues;
      throw unfit(`${path.join('.')}: ${message}`);
    }
    return {
      path: writeBaseline(baselines, file),
      runs: file.runs.length,
      added: others.length === present.length,
    };
  });
}

function writeBaseline(baselines: string, file: BaselineFile): string {
  const path = baselinePath(baselines, file.name, file.scenario);
  try {
    mkdirSync(dirname(path), { recursive: true });
    writeFileAtomic(path, baselineText(file));
  } catch (error) {
    throw new BaselineError('ERR_BASELINE_WRITE', (error as Error).message, { cause: error });
  }
  return path;
}
