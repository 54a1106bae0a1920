import { utcDay, utcMinute } from '../numbers/moment.js';
import { ratioText } from '../numbers/ratio.js';
import { withUnit } from '../numbers/scale.js';
import { plural } from '../numbers/sentence.js';
import type { CellInput, TableView } from '../view-model/table-view.js';
import { tableView } from '../view-model/table-view.js';
import { reportPath } from './request-route.js';
import { RUNS_LISTED_MAX, type RunEntry, type RunList } from './run-folder.js';
import type { RunSummary, TrackedFigure } from './run-summary.js';
import { type Sparkline, sparkline } from './sparkline.js';

export interface CourseView {
  label: string;
  /** What the line shows, in words. */
  description: string;
  /** Which differs with the machine and the day; otherwise a ratio. */
  isAbsolute: boolean;
  line: Sparkline;
  runs: number;
  first: string;
  latest: string;
  change: string;
}

export interface ScenarioCourses {
  id: string;
  scenario: string;
  sentence: string;
  courses: CourseView[];
}

export interface RunListView {
  title: string;
  sentence: string;
  table: TableView | null;
  scenarios: ScenarioCourses[];
}

/** The runs of a folder, and how the figures of each scenario went from run to run. */
export function runListView({ entries, left }: RunList, folder: string): RunListView {
  const scenarios = new Map<string, RunSummary[]>();
  for (const entry of entries) {
    if (!('summary' in entry)) continue;
    const { scenario } = entry.summary;
    scenarios.set(scenario, [entry.summary, ...(scenarios.get(scenario) ?? [])]);
  }
  return {
    title: `Runs in ${folder}`,
    sentence: sentenceOf(entries, left, scenarios.size),
    table: entries.length === 0 ? null : runTable(entries),
    scenarios: [...scenarios].flatMap(([scenario, runs], index) =>
      coursesOf(scenario, runs, `scenario-${index + 1}`),
    ),
  };
}

function sentenceOf(entries: RunEntry[], left: number, scenarios: number): string {
  if (entries.length === 0) return 'No run lies here yet: a run is a folder with a record.json in it.';
  const unreadable = entries.filter((entry) => 'problem' in entry).length;
  const problems = unreadable === 0 ? '' : `; ${unreadable} cannot be read`;
  const older =
    left === 0
      ? ''
      : `; ${plural(left, 'older one')} beyond the ${RUNS_LISTED_MAX} listed ${left === 1 ? 'is' : 'are'} left out`;
  return `${plural(entries.length, 'run')} of ${plural(scenarios, 'scenario')}, the newest first${problems}${older}.`;
}

function runTable(entries: RunEntry[]): TableView {
  return tableView({
    caption: 'Runs, the newest first',
    columns: ['Started', 'Scenario', 'Verdict', '~In one sentence', 'Build', '#Duration', 'Folder'],
    rows: entries.map((entry): CellInput[] => {
      if ('problem' in entry) {
        const missing: CellInput = { text: 'n/a', state: 'muted' };
        return [
          'n/a',
          missing,
          { text: '✕ unreadable', state: 'fail' },
          { text: entry.problem, state: 'muted' },
          ...[missing, missing, entry.name],
        ];
      }
      const { startedAt, scenario, tone, badge, sentence, build, duration } = entry.summary;
      const state = tone === 'pass' ? 'pass' : tone === 'fail' ? 'fail' : 'missed';
      return [
        { text: utcMinute(startedAt), href: reportPath(entry.name), sort: startedAt },
        scenario,
        { text: badge, state },
        sentence,
        ...[build, duration, entry.name],
      ];
    }),
  });
}

/** @param runs the oldest first */
function coursesOf(scenario: string, runs: RunSummary[], id: string): ScenarioCourses[] {
  const figures = runs.flatMap(({ figures: all }) => all);
  const keys = [...new Set(figures.map(({ key }) => key))];
  const courses = keys.map((key) => courseOf(runs, key)).filter(({ runs: count }) => count > 1);
  if (courses.length === 0) return [];
  // A run of one arm alone has absolute figures beside the ratios of other runs.
  const has = (absolute: boolean) => courses.some(({ isAbsolute }) => isAbsolute === absolute);
  const kind = !has(true)
    ? 'Ratios within each run, which can be compared between days'
    : !has(false)
      ? 'Absolute figures: they differ with the machine and the day'
      : 'Ratios within each run, which can be compared between days, and absolute figures with their units, which differ with the machine and the day';
  return [
    {
      ...{ id, scenario, courses },
      sentence: `${kind}; ${plural(runs.length, 'run')} from ${utcDay(runs[0]!.startedAt)} to ${utcDay(runs.at(-1)!.startedAt)}, the newest at the dot.`,
    },
  ];
}

function courseOf(runs: RunSummary[], key: string): CourseView {
  const figures = runs.flatMap(({ figures: all }) => all.filter((figure) => figure.key === key));
  const [oldest, newest] = [figures[0]!, figures.at(-1)!];
  const [first, latest] = [textOf(oldest), textOf(newest)];
  const change = ratioText(newest.value / oldest.value);
  return {
    label: newest.label,
    description: `${newest.label}: from ${first} to ${latest} over ${plural(figures.length, 'run')}`,
    isAbsolute: newest.quantity !== null,
    line: sparkline(figures.map(({ value }) => value)),
    runs: figures.length,
    ...{ first, latest, change },
  };
}

function textOf({ value, quantity }: TrackedFigure): string {
  return quantity === null ? ratioText(value) : withUnit(quantity, value);
}
