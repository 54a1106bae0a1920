import { alignColumns } from '../../scenarios/harness/result-table.js';
import { formatFigure, formatSlowdown, shortBuild } from '../gate/output/gate-summary.js';
import type { HistorySeries, HistoryView, MachineChange, SeriesChange, SeriesPoint } from './history-view.js';
import { streakWarning } from './inconclusive-streak.js';
import { sparkline } from './sparkline.js';

/** The history as a person reads it in a terminal. Pure. */

export interface TextStyle {
  color: boolean;
}

/** A line of a terminal that was never made wider. */
const SPARK_POINTS_MAX = 72;
const POINTS_LISTED = 5;

const COLORS = { red: 31, green: 32, yellow: 33, bold: 1 } as const;
type Paint = (text: string, color: keyof typeof COLORS) => string;

export function historyText(view: HistoryView, { color }: TextStyle): string {
  const paint: Paint = (text, name) => (color ? `\u001b[${COLORS[name]}m${text}\u001b[0m` : text);
  const parts = view.series.map((series) => seriesText(series, paint));
  if (parts.length === 0) parts.push([`${gatesOf(view.gates)}, and none came to a figure`]);
  const warning = streakWarning(view.streak);
  if (warning !== null) parts.push([paint(`warning: ${warning}`, 'red')]);
  return parts.map((lines) => `${lines.join('\n')}\n`).join('\n');
}

function gatesOf(count: number): string {
  return count === 1 ? '1 gate' : `${count} gates`;
}

function seriesText(series: HistorySeries, paint: Paint): string[] {
  const { points, better, omitted } = series;
  const older = omitted === 0 ? '' : `; ${omitted} older ones left out`;
  return [
    `${paint(`${series.case}  ${series.metric}`, 'bold')}  (${better} is better; ${gatesOf(points.length)}${older})`,
    ...sparkLines(series),
    ...pointTable(series, paint),
    ...eventLines(series, paint),
  ].map((line, index) => (index === 0 ? line : `  ${line}`));
}

/** The newest values, and below them what happened where. */
function sparkLines({ points, changePoints, machineChanges, promotions, unit }: HistorySeries): string[] {
  const values = points.slice(-SPARK_POINTS_MAX).map(({ valueCandidate }) => valueCandidate);
  const present = values.filter((value) => value !== null);
  if (present.length === 0) return ['no figures yet'];
  const [least, greatest] = [Math.min(...present), Math.max(...present)];
  const range = `${formatFigure(unit, least)} … ${formatFigure(unit, greatest)}`;
  const first = points.length - values.length;
  const marks = new Map<number, string>();
  // A later kind of mark covers an earlier one: all of them are listed below.
  for (const [mark, events] of [
    ['P', promotions],
    ['|', machineChanges],
    ['^', changePoints],
  ] as const) {
    for (const { index } of events) marks.set(Math.min(index, points.length - 1) - first, mark);
  }
  const row = values.map((_, index) => marks.get(index) ?? ' ').join('');
  const lines = [`${sparkline(values)}  ${range}`];
  return row.trim() === '' ? lines : [...lines, `${row}  ^ step  | other machine  P promotion`];
}

const FINDING_COLORS = { fail: 'red', inconclusive: 'yellow', improved: 'green' } as const;

function pointTable({ points, unit }: HistorySeries, paint: Paint): string[] {
  const shown = points.slice(-POINTS_LISTED);
  const header = [
    'verdict at',
    'candidate',
    'branch',
    'against',
    'value',
    'base',
    'slowdown',
    '95 %',
    'limit',
    '',
  ];
  const rows = shown.map((point) => [
    minuteOf(point.at),
    shortBuild(point.candidate),
    point.branch ?? 'none',
    `${shortBuild(point.base)}${point.anchor ? ', anchor' : ''}${point.comparison === 'stored' ? ', stored' : ''}`,
    formatFigure(unit, point.valueCandidate),
    formatFigure(unit, point.valueBase),
    formatSlowdown(point.slowdownPercent),
    intervalText(point),
    point.limitPercent === null ? '' : `${point.limitPercent} %`,
    findingText(point),
  ]);
  const lines = alignColumns([header, ...rows]);
  return lines.map((line, index) => {
    const finding = index === 0 ? null : shown[index - 1].finding;
    const name = finding === null || !Object.hasOwn(FINDING_COLORS, finding) ? null : finding;
    return name === null ? line : paint(line, FINDING_COLORS[name as keyof typeof FINDING_COLORS]);
  });
}

/** A row may have passed where its gate did not. */
function findingText({ finding, gateVerdict, exitCode }: SeriesPoint): string {
  const word = finding ?? '';
  if (exitCode === 6) return `${word}, a check failed`;
  return word === gateVerdict || word === 'shown' || gateVerdict === 'pass'
    ? word
    : `${word}, gate ${gateVerdict}`;
}

function intervalText({ interval95Percent }: SeriesPoint): string {
  if (interval95Percent === null) return '';
  return `[${interval95Percent.map((percent) => percent.toFixed(2)).join(', ')}]`;
}

function eventLines(series: HistorySeries, paint: Paint): string[] {
  const { changePoints, machineChanges, promotions, unit } = series;
  const events = [
    ...changePoints.map((change) => ({ at: change.at, text: changeText(change, unit, paint) })),
    ...machineChanges.map((change) => ({ at: change.at, text: machineText(change) })),
    ...promotions.map(({ at, name, commit, acceptedRegression }) => ({
      at,
      text:
        acceptedRegression === null
          ? `promoted "${name}", ${commit.slice(0, 12)}`
          : `promoted "${name}", ${commit.slice(0, 12)}, an accepted regression: ${acceptedRegression}`,
    })),
  ];
  events.sort((left, right) => Date.parse(left.at) - Date.parse(right.at));
  return events.map(({ at, text }) => `${minuteOf(at)}  ${text}`);
}

function changeText(
  { commit, slowdownPercent, before, after, p }: SeriesChange,
  unit: string,
  paint: Paint,
): string {
  const levels = `${formatFigure(unit, before)} → ${formatFigure(unit, after)}`;
  const since = `since ${commit?.slice(0, 12) ?? 'a build without a commit'}: `;
  // From nothing to something is no quotient; of equal medians the spread has changed.
  const word =
    slowdownPercent === null
      ? 'no longer nothing'
      : slowdownPercent === 0
        ? 'another spread'
        : `${Math.abs(slowdownPercent).toFixed(1)} % ${slowdownPercent > 0 ? 'slower' : 'faster'}`;
  const isWorse = slowdownPercent === null || slowdownPercent > 0;
  return paint(`${since}${word}, ${levels} (p ${p.toFixed(3)})`, isWorse ? 'red' : 'green');
}

function machineText({ from, to }: MachineChange): string {
  const name = ({ cpuModel, cores, kernel, node }: MachineChange['to']): string =>
    `${cpuModel} × ${cores}, Linux ${kernel}, Node.js ${node}`;
  return `another machine: ${name(from)} → ${name(to)}`;
}

function minuteOf(at: string): string {
  return `${new Date(at).toISOString().slice(0, 16).replace('T', ' ')}`;
}
