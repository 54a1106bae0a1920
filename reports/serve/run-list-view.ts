import { utcMinute } from '../numbers/moment.js';
import { plural } from '../numbers/sentence.js';
import { type CellInput, type TableView, tableView } from '../view-model/table-view.js';
import { comparableRuns } from './comparable-runs.js';
import { buildCell, folderCell, MISSING, olderInWords, toneState } from './list-cells.js';
import type { Entry, Listed } from './listing.js';
import { reportPath } from './request-route.js';
import { type ScenarioCourses, scenarioCourses } from './run-courses.js';
import type { RunSummary } from './run-summary.js';

export interface RunListView {
  sentence: string;
  table: TableView | null;
  scenarios: ScenarioCourses[];
}

/** The runs of a folder, and how the figures of each scenario went from run to run. */
export function runListView({ entries, left }: Listed<RunSummary>): RunListView {
  const scenarios = new Map<string, RunSummary[]>();
  for (const entry of entries) {
    if (!('summary' in entry)) continue;
    const { scenario } = entry.summary;
    // From the newest to the oldest, turned round.
    scenarios.set(scenario, [entry.summary, ...(scenarios.get(scenario) ?? [])]);
  }
  return {
    sentence: sentenceOf(entries, left, scenarios.size),
    table: entries.length === 0 ? null : runTable(entries, whyLeft(scenarios)),
    scenarios: [...scenarios].flatMap(
      ([scenario, runs], index) => scenarioCourses(scenario, runs, `scenario-${index + 1}`) ?? [],
    ),
  };
}

/** For the rows of the runs that are in no course. */
function whyLeft(scenarios: ReadonlyMap<string, readonly RunSummary[]>): Map<RunSummary, string> {
  return new Map([...scenarios.values()].flatMap((runs) => [...comparableRuns(runs).left]));
}

function sentenceOf(entries: readonly Entry<RunSummary>[], left: number, scenarios: number): string {
  if (entries.length === 0) return 'No run lies here yet: a run is a folder with a record.json in it.';
  const unreadable = entries.filter((entry) => 'problem' in entry).length;
  const problems = unreadable === 0 ? '' : `; ${unreadable} cannot be read`;
  return `${plural(entries.length, 'run')} of ${plural(scenarios, 'scenario')}, the newest first${problems}${olderInWords(left)}.`;
}

function runTable(entries: readonly Entry<RunSummary>[], left: ReadonlyMap<RunSummary, string>): TableView {
  return tableView({
    caption: 'Runs, the newest first; what a scenario’s course leaves out has the reason beside its name',
    columns: ['Started', 'Scenario', 'Verdict', '~In one sentence', 'Build', '#Duration', 'Folder'],
    rows: entries.map((entry): CellInput[] => {
      if ('problem' in entry) {
        const told: CellInput = { text: entry.problem, state: 'muted' };
        return [MISSING, MISSING, UNREADABLE, told, MISSING, MISSING, folderCell(entry, 'runs')];
      }
      const { startedAt, scenario, tone, badge, sentence, build, duration } = entry.summary;
      const why = left.get(entry.summary);
      return [
        { text: utcMinute(startedAt), href: reportPath('runs', entry.name), sort: startedAt },
        why === undefined ? scenario : { text: scenario, detail: why },
        { text: badge, state: toneState(tone) },
        sentence,
        ...[buildCell(build), duration, entry.name],
      ];
    }),
  });
}

const UNREADABLE: CellInput = { text: '○ unreadable', state: 'not-measurable' };
