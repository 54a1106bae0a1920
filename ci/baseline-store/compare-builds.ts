import { mean } from '../../scenarios/harness/statistics/quantile.js';
import type { BaselineFile, StoredRun } from './baseline-file.js';
import { findComparableRuns } from './comparable-runs.js';
import { areSameParameters, defaultSlowdownLimit } from './judged-metrics.js';
import { estimateOfBuild, intervalOf, quotientOf } from './ratio-estimate.js';

/** How two stored builds compare, metric by metric, over everything that is judged. */
export interface BuildComparison {
  measured: BuildDifference[];
  /** What the anchor has and the candidate lacks, or has in another way; each a sentence. */
  uncovered: string[];
  /** Geometric mean over throughput, or over all judged metrics where none is throughput; null when nothing compares. */
  ratio: number | null;
}

export interface BuildDifference {
  scenario: string;
  case: string;
  metric: string;
  ratio: number;
  ci95: [number, number];
}

/**
 * Pure.
 *
 * @param candidate files of the build to be promoted
 * @param anchor files of the build in force, with its runs alone
 */
export function compareBuilds(
  candidate: readonly BaselineFile[],
  anchor: readonly BaselineFile[],
): BuildComparison {
  const measured: BuildDifference[] = [];
  const uncovered: string[] = [];
  for (const { scenario, runs: anchorRuns } of anchor) {
    const ours = candidate.find((file) => file.scenario === scenario);
    if (ours === undefined) {
      uncovered.push(`${scenario} was not measured`);
      continue;
    }
    // Of one machine: ratios of different ones are not to be averaged. The newest run says which.
    const newest = ours.runs[ours.runs.length - 1];
    const { fingerprint, scenarioHash } = newest;
    const self = { fingerprint, scenarioHash, baselineHash: newest.build.baselineHash };
    const theirs = findComparableRuns(anchorRuns, self, scenario);
    if (theirs.problem !== null) {
      uncovered.push(`${scenario}: the anchor ${theirs.problem}`);
      continue;
    }
    const { runs } = findComparableRuns(ours.runs, self, scenario);
    compareScenario(scenario, runs, theirs.runs, measured, uncovered);
  }
  return { measured, uncovered, ratio: meanRatio(measured) };
}

function compareScenario(
  scenario: string,
  ours: readonly StoredRun[],
  theirs: readonly StoredRun[],
  measured: BuildDifference[],
  uncovered: string[],
): void {
  for (const [caseName, parameters] of casesOf(theirs)) {
    for (const metric of judgedMetrics(theirs, caseName, parameters)) {
      const [own, other] = [ours, theirs].map((runs) =>
        estimateOfBuild(
          runs
            .filter((run) => hasSameCase(run, caseName, parameters))
            .flatMap((run) => run.cases[caseName].metrics[metric] ?? []),
        ),
      );
      if (own === null || other === null) {
        uncovered.push(
          `${scenario} ${caseName}: ${metric} is missing in one of both, or has no interval there`,
        );
        continue;
      }
      const quotient = quotientOf(own, other);
      measured.push({
        ...{ scenario, case: caseName, metric },
        ratio: Math.exp(quotient.log),
        ci95: intervalOf(quotient),
      });
    }
  }
}

type Parameters = StoredRun['cases'][string]['parameters'];

/** As the newest run has them. */
function casesOf(runs: readonly StoredRun[]): Map<string, Parameters> {
  return new Map(
    runs.flatMap((run) => Object.entries(run.cases).map(([name, body]) => [name, body.parameters] as const)),
  );
}

function judgedMetrics(runs: readonly StoredRun[], caseName: string, parameters: Parameters): string[] {
  const names = runs
    .filter((run) => hasSameCase(run, caseName, parameters))
    .flatMap((run) => Object.keys(run.cases[caseName].metrics));
  return [...new Set(names)].filter((metric) => defaultSlowdownLimit(metric, parameters) !== null);
}

function hasSameCase(run: StoredRun, caseName: string, parameters: Parameters): boolean {
  return Object.hasOwn(run.cases, caseName) && areSameParameters(run.cases[caseName].parameters, parameters);
}

function meanRatio(measured: readonly BuildDifference[]): number | null {
  if (measured.length === 0) return null;
  const throughput = measured.filter(({ metric }) => metric.startsWith('throughput_'));
  const counting = throughput.length > 0 ? throughput : measured;
  return Math.exp(mean(counting.map(({ ratio }) => Math.log(ratio))));
}
