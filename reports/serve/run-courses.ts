import { utcDay } from '../numbers/moment.js';
import { ratioText } from '../numbers/ratio.js';
import { withUnit } from '../numbers/scale.js';
import { plural } from '../numbers/sentence.js';
import { comparableRuns, leftInWords } from './comparable-runs.js';
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
  /** How many runs are not drawn, and why. */
  note: string | null;
  courses: CourseView[];
}

/** How the figures of one scenario went from run to run; null for a single run. @param runs the oldest first */
export function scenarioCourses(
  scenario: string,
  runs: readonly RunSummary[],
  id: string,
): ScenarioCourses | null {
  if (runs.length < 2) return null;
  const { drawn, left } = comparableRuns(runs);
  const courses = coursesOf(drawn);
  return {
    ...{ id, scenario, courses },
    sentence:
      courses.length === 0
        ? `No course: of ${runs.length} runs no two can be compared.`
        : `${kindOf(courses)}; ${drawn.length} of ${runs.length} runs, all of one machine and one version of the scenario, from ${utcDay(drawn[0]!.startedAt)} to ${utcDay(drawn.at(-1)!.startedAt)}, the newest at the dot.`,
    note: left.size === 0 ? null : `Not drawn: ${leftInWords(left)}.`,
  };
}

function coursesOf(drawn: readonly RunSummary[]): CourseView[] {
  const keys = new Set(drawn.flatMap(({ figures }) => figures.map(({ key }) => key)));
  return [...keys].flatMap((key) => {
    const figures = drawn.flatMap(({ figures: all }) => all.filter((figure) => figure.key === key));
    return figures.length < 2 ? [] : [courseOf(figures)];
  });
}

/** @param figures the oldest first, of one key */
function courseOf(figures: readonly TrackedFigure[]): CourseView {
  const [oldest, newest] = [figures[0]!, figures.at(-1)!];
  const [first, latest] = [textOf(oldest), textOf(newest)];
  return {
    label: newest.label,
    description: `${newest.label}: from ${first} to ${latest} over ${plural(figures.length, 'run')}`,
    isAbsolute: newest.quantity !== null,
    line: sparkline(figures.map(({ value }) => value)),
    runs: figures.length,
    ...{ first, latest, change: ratioText(newest.value / oldest.value) },
  };
}

/** A run of one arm alone has absolute figures beside the ratios of other runs. */
function kindOf(courses: readonly CourseView[]): string {
  const has = (absolute: boolean) => courses.some(({ isAbsolute }) => isAbsolute === absolute);
  if (!has(true))
    return 'Ratios within each run, in which much of the day cancels; builds are judged by npm run gate';
  if (!has(false)) return 'Absolute figures: they differ with the day';
  return 'Ratios within each run, in which much of the day cancels, and absolute figures with their units, which differ with it; builds are judged by npm run gate';
}

function textOf({ value, quantity }: TrackedFigure): string {
  return quantity === null ? ratioText(value) : withUnit(quantity, value);
}
