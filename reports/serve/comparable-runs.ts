import type { RunSetting, RunSummary } from './run-summary.js';

/** The runs of a scenario, divided into those that a course is drawn of and the others. */
export interface ComparableRuns {
  /** At least two, or none. In the order that they were given in. */
  drawn: RunSummary[];
  /** Why a run is not among them; one that is only alone is in neither. */
  left: Map<RunSummary, string>;
}

const DIFFERENCES: readonly (readonly [what: keyof RunSetting, why: string])[] = [
  ['fingerprint', 'of another machine'],
  ['scenarioHash', 'of another version of the scenario'],
  ['baselineHash', 'against another version of the baseline'],
  ['durationSeconds', 'of another length'],
];

/**
 * A course that mixes machines, or quick runs with full ones, shows steps where nothing changed. It is drawn of the newest run that
 * can be compared with an earlier one, and of those that can be compared with it.
 *
 * @param runs of one scenario, the oldest first
 */
export function comparableRuns(runs: readonly RunSummary[]): ComparableRuns {
  const fit = runs.filter(({ unfit }) => unfit === null);
  const same = (one: RunSummary) => fit.filter((other) => differenceOf(one, other) === null);
  const newestFirst = [...fit].reverse();
  const model = newestFirst.find((run) => same(run).length > 1) ?? newestFirst[0];
  const drawn = model === undefined ? [] : same(model);
  const left = new Map<RunSummary, string>();
  for (const run of runs) {
    const why = run.unfit ?? (model === undefined ? null : differenceOf(model, run));
    if (why !== null) left.set(run, why);
  }
  return { drawn: drawn.length > 1 ? drawn : [], left };
}

function differenceOf(one: RunSummary, other: RunSummary): string | null {
  return DIFFERENCES.find(([what]) => one.setting[what] !== other.setting[what])?.[1] ?? null;
}

/** `2 quick, 1 of another machine`: the most frequent first. */
export function leftInWords(left: ComparableRuns['left']): string {
  const counts = new Map<string, number>();
  for (const why of left.values()) counts.set(why, (counts.get(why) ?? 0) + 1);
  return [...counts]
    .sort(([a, few], [b, many]) => many - few || (a < b ? -1 : 1))
    .map(([why, count]) => `${count} ${why}`)
    .join(', ');
}
