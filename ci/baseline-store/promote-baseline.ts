import { BaselineError } from './baseline-error.js';
import type { BaselineFile } from './baseline-file.js';
import { baselineScenarios, requireBaseline } from './baseline-folder.js';
import { type BuildComparison, compareBuilds } from './compare-builds.js';
import {
  anchorAt,
  appendPromotion,
  latestPromotion,
  PROMOTION_SCHEMA,
  type Promotion,
  readHistory,
} from './promotion-history.js';
import { readBaseline } from './read-baseline.js';
import { withStoreLock } from './store-lock.js';

export interface PromotionOutcome {
  /** As it was written; as it stands when it was in force already. */
  promotion: Promotion;
  written: boolean;
  /** In force from now on: the same, or a faster one. */
  anchor: Promotion;
  comparison: BuildComparison | null;
}

/**
 * Makes a baseline the one to be compared with over a long time. A build whose interval lies below the anchor's does
 * not become it, nor does one that cannot be compared with it, unless the regression is accepted with a reason.
 *
 * @throws BaselineError `ERR_BASELINE_REGRESSION`, `ERR_BASELINE_FOREIGN`, `ERR_BASELINE_REFUSED`, or what reading throws
 */
export function promoteBaseline(
  baselines: string,
  name: string,
  { acceptRegression, now }: { acceptRegression: string | null; now: Date },
): Promise<PromotionOutcome> {
  requireBaseline(baselines, name);
  return withStoreLock(baselines, `baseline promote ${name}`, () => {
    const files = readFiles(baselines, name);
    const commit = commitOf(name, files);
    const history = readHistory(baselines);
    const before = anchorAt(history, now);
    const latest = latestPromotion(history);
    if (latest !== null && latest.name === name && latest.commit === commit) {
      return { promotion: latest, written: false, anchor: before ?? latest, comparison: null };
    }
    const comparison = before === null ? null : compareWithAnchor(baselines, files, before);
    const problem = before === null || comparison === null ? null : objection(name, before, comparison);
    if (problem !== null && acceptRegression === null) throw problem;
    const ratio = comparison?.ratio ?? null;
    const promotion: Promotion = {
      ...{ schema: PROMOTION_SCHEMA, at: now.toISOString(), name, commit },
      against: before === null || ratio === null ? null : { name: before.name, commit: before.commit, ratio },
      speed: problem === null ? (before?.speed ?? 1) * (ratio ?? 1) : 1,
      acceptedRegression: problem === null ? null : acceptRegression,
    };
    appendPromotion(baselines, promotion);
    return {
      ...{ promotion, written: true, comparison },
      anchor: anchorAt([...history, promotion], now) ?? promotion,
    };
  });
}

function readFiles(baselines: string, name: string): BaselineFile[] {
  return baselineScenarios(baselines, name).map((scenario) => readBaseline(baselines, name, scenario));
}

/** A promotion is of one build, which somebody must be able to build again. */
function commitOf(name: string, files: readonly BaselineFile[]): string {
  const commits = [...new Set(files.flatMap((file) => file.runs.map((run) => run.build.commit)))];
  const [commit] = commits;
  if (commits.length > 1) {
    throw new BaselineError(
      'ERR_BASELINE_REFUSED',
      `${name} holds runs of ${commits.length} commits (${commits.map((each) => each?.slice(0, 12) ?? 'none').join(', ')}), ` +
        'and only one build can be promoted; save the runs of one commit under a name of their own',
    );
  }
  if (commit === undefined || commit === null) {
    throw new BaselineError(
      'ERR_BASELINE_REFUSED',
      `${name} was measured outside a git checkout, so nobody could build it again; save a run of a commit`,
    );
  }
  return commit;
}

/** With the runs of the promoted commit alone: others may have joined that name later. */
function compareWithAnchor(
  baselines: string,
  files: readonly BaselineFile[],
  anchor: Promotion,
): BuildComparison {
  const theirs = readFiles(baselines, anchor.name)
    .map((file) => ({ ...file, runs: file.runs.filter((run) => run.build.commit === anchor.commit) }))
    .filter((file) => file.runs.length > 0);
  const comparison = compareBuilds(files, theirs);
  if (theirs.length > 0) return comparison;
  return { ...comparison, uncovered: [`no stored run of the anchor ${anchor.name} is left`] };
}

/** Why a build must not take the anchor's place; null when it may. */
function objection(
  name: string,
  anchor: Promotion,
  { measured, uncovered }: BuildComparison,
): BaselineError | null {
  const against = `the anchor ${anchor.name} (${anchor.commit.slice(0, 12)}, promoted ${anchor.at.slice(0, 10)})`;
  const accept = `npm run baseline -- promote ${name} --accept-regression REASON`;
  const below = measured.filter(({ ci95 }) => ci95[1] < 1);
  if (below.length > 0) {
    const lines = below.map(
      ({ scenario, case: caseName, metric, ratio, ci95 }) =>
        `  ${scenario} ${caseName}: ${metric} ${ratio.toFixed(3)}× [${ci95[0].toFixed(3)}, ${ci95[1].toFixed(3)}]`,
    );
    return new BaselineError(
      'ERR_BASELINE_REGRESSION',
      `${name} lies below ${against}, so it is not promoted:\n${lines.join('\n')}\n` +
        `Find what made it slower; or accept it, which stays in the history: ${accept}`,
    );
  }
  if (uncovered.length === 0) return null;
  return new BaselineError(
    'ERR_BASELINE_FOREIGN',
    `${name} cannot be compared with ${against}, so it is not promoted:\n` +
      `${uncovered.map((line) => `  ${line}`).join('\n')}\n` +
      `Measure both on one machine with the same scenario files and suites; or say why that cannot be: ${accept}`,
  );
}
