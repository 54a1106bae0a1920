import type { BuildRecord, RunRecord } from '../../scenarios/harness/record.js';
import { INTERVAL_VALUES_MIN } from '../../scenarios/harness/statistics/bootstrap.js';
import { storedName, wordsOf } from './stored-name.js';
import { STORED_AGAINST, STORED_ARM } from './stored-run.js';

/** Why a run must not become the measure of later ones; null when it may. */
export function unfitRecord(record: RunRecord): string | null {
  const options = unfitOptions(record.options);
  if (options !== null) return options;
  if (record.interrupted) return 'it was interrupted, and holds only the rounds finished until then';
  if (record.verdict !== 'pass') {
    const why = record.reasons.length === 0 ? '' : `: ${record.reasons.join('; ')}`;
    return `its verdict is ${record.verdict} (exit ${record.exitCode})${why}`;
  }
  const failed = record.checks.find((check) => check.verdict === 'fail');
  if (failed !== undefined) return `its check ${failed.id} of ${failed.case} failed`;
  const build = unfitBuild(record.build);
  if (build !== null) return build;
  if (record.soak !== undefined || !storedName.safeParse(record.scenario).success) {
    return `${JSON.stringify(record.scenario)} is no scenario that measures in rounds, and no suite`;
  }
  const ratios = record.comparisons.filter(
    (each) => each.arm === STORED_ARM && each.against === STORED_AGAINST,
  );
  if (ratios.length === 0) {
    return `it has no ratios of ${STORED_ARM} to ${STORED_AGAINST}; both arms must be measured`;
  }
  const strange = ratios.find((each) => !Object.hasOwn(record.cases, each.case));
  if (strange !== undefined) return `it compares ${JSON.stringify(strange.case)}, but holds no such case`;
  if (ratios.every((each) => each.ci95 === null)) {
    return `its ratios have no intervals; it takes at least ${INTERVAL_VALUES_MIN} rounds (${wordsOf(record.scenario).roundsOption})`;
  }
  return null;
}

/** Known before anything is measured. */
export function unfitOptions(options: { quick?: unknown; profile?: unknown }): string | null {
  if (options.quick === true) {
    return 'a quick run is too short to be a measure; run it without --quick';
  }
  if (typeof options.profile === 'string')
    return `${options.profile} has slowed it down; run without --profile`;
  return null;
}

/** Likewise. */
export function unfitBuild(build: Pick<BuildRecord, 'dirty'>): string | null {
  if (!build.dirty) return null;
  return 'its build was not what its commit holds; commit or stash the changes, then run again';
}
