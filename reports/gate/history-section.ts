import type { HistorySeries, HistoryView } from '../../ci/history/history-view.js';
import type { AxisSpec, ChartSpec, RuleSpec, SeriesSpec, TickSpec } from '../charts/chart-spec.js';
import { chartNumber, spanAxis } from '../charts/ticks.js';
import { NOT_AVAILABLE, THIN_SPACE } from '../numbers/digits.js';
import { utcDay, utcMinute } from '../numbers/moment.js';
import { greatest, least } from '../numbers/order-statistics.js';
import { inScale, type Scale, scaleFor } from '../numbers/scale.js';
import { plural } from '../numbers/sentence.js';
import { metricName } from '../view-model/metric-catalogue.js';
import { type AddChart, piecesOf, type Section } from '../view-model/section-view.js';
import { type CellInput, type TableView, tableView } from '../view-model/table-view.js';
import { metricInWords, slowdownIntervalText, slowdownText } from './gate-words.js';
import { FINDING_WORDS } from './result-table.js';

/** Gates of a series that a page draws; the history command has all of them. */
export const HISTORY_POINTS_MAX = 120;
/** Rows of each table: the newest, and whatever marks a change. */
const ROWS_NEWEST = 24;

/** What earlier gates measured, with steps, other machines and promotions marked. */
export function historySection(history: HistoryView, chart: AddChart): Section | null {
  const drawn = history.series.filter(({ points }) =>
    points.some(({ valueCandidate }) => valueCandidate !== null),
  );
  if (drawn.length === 0) return null;
  return {
    title: 'History',
    sentence: sentenceOf(history, drawn),
    layout: 'pairs',
    figures: drawn.map((series, index) => {
      const scale = scaleOf(series);
      const sentence = seriesSentence(series);
      return {
        heading: piecesOf(metricInWords(series)),
        sentence,
        charts: chart(
          `history-${index}`,
          historyChart(series, scale),
          `${metricName(series.metric).label} of each gate’s candidate in the order of time. ${sentence}`,
        ),
        table: historyTable(series, scale),
      };
    }),
    notes: history.streak.failing
      ? [
          `${history.streak.gates} gates on the main branch were inconclusive one after the other${history.streak.since === null ? '' : ` since ${utcMinute(history.streak.since)}`}: the gate itself has failed, and its machine or its limits want looking after.`,
        ]
      : [],
  };
}

function sentenceOf({ gates }: HistoryView, drawn: readonly HistorySeries[]): string {
  const steps = drawn.reduce((sum, { changePoints }) => sum + changePoints.length, 0);
  const machines = greatest(drawn.map(({ machineChanges }) => machineChanges.length));
  const where = drawn.length === 1 ? 'the series' : `${drawn.length} series`;
  return `${plural(gates, 'gate')} so far: ${steps === 0 ? 'no step' : plural(steps, 'step')} of the level in ${where}, ${machines === 0 ? 'all on one kind of machine' : `${plural(machines, 'change')} of the machine`}.`;
}

function seriesSentence({
  changePoints,
  promotions,
  machineChanges,
  omitted,
  points,
}: HistorySeries): string {
  const last = changePoints.at(-1);
  const drawnAs = (finding: string) =>
    points.filter((point) => point.valueCandidate !== null && point.finding === finding).length;
  const [failed, open] = [drawnAs('fail'), drawnAs('inconclusive')];
  const parts = [
    last === undefined
      ? 'no step was found'
      : `last step on ${utcDay(last.at)}${last.commit === null ? '' : ` at ${last.commit.slice(0, 12)}`}, ${last.slowdownPercent === null ? 'from nothing' : changeText(last.slowdownPercent)}`,
    ...(machineChanges.length === 0 ? [] : [`${plural(machineChanges.length, 'change')} of the machine`]),
    ...(promotions.length === 0 ? [] : [plural(promotions.length, 'promotion')]),
    ...(failed === 0
      ? []
      : [`${plural(failed, 'failed gate')}, drawn as ${failed === 1 ? 'a diamond' : 'diamonds'}`]),
    ...(open === 0 ? [] : [`${plural(open, 'inconclusive one')}, hollow`]),
    ...(omitted === 0 ? [] : [`${omitted} older gates are not drawn`]),
  ];
  const text = parts.join('; ');
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}

/** `7.66 % slower` */
function changeText(percent: number): string {
  return `${Math.abs(percent).toFixed(2)}${THIN_SPACE}% ${percent > 0 ? 'slower' : 'faster'}`;
}

function scaleOf({ metric, unit, points }: HistorySeries): Scale {
  if (unit === 'ratio') return { divisor: 1, unit: '×' };
  return scaleFor(
    metricName(metric).quantity,
    points.flatMap(({ valueCandidate }) => valueCandidate ?? []),
    unit,
  );
}

/** Values of the candidates as points, the levels between steps as lines; what else changed, as upright lines. */
function historyChart(series: HistorySeries, scale: Scale): ChartSpec {
  const scaled = (value: number) => chartNumber(value / scale.divisor);
  const of = (wanted: (finding: string | null) => boolean): [number, number][] =>
    series.points.flatMap(({ valueCandidate, finding }, index): [number, number][] =>
      valueCandidate !== null && wanted(finding) ? [[index, scaled(valueCandidate)]] : [],
    );
  const lines: SeriesSpec[] = [
    ...levelLines(series, scaled),
    {
      label: 'inconclusive',
      role: 'other',
      style: 'dots',
      points: of((finding) => finding === 'inconclusive'),
    },
    { label: 'failed', role: 'fail', style: 'points', points: of((finding) => finding === 'fail') },
    {
      ...{ label: 'candidate', role: 'native', style: 'points' },
      points: of((finding) => finding !== 'inconclusive' && finding !== 'fail'),
    },
  ];
  const count = series.points.length;
  const better = series.better === 'higher' ? 'better is up' : 'better is down';
  const unit = scale.unit === '' ? '' : `, ${scale.unit}`;
  return {
    kind: 'plot',
    x: {
      scale: 'linear',
      min: -0.5,
      max: Math.max(1, count) - 0.5,
      title: 'gates in the order of time',
      ticks: dayTicks(series),
    },
    y: withRoomForWords(
      spanAxis(
        lines.flatMap(({ points }) => points.map(([, y]) => y)),
        `${metricName(series.metric).label}${unit}: ${better}`,
      ),
    ),
    series: lines,
    rules: [
      ...series.changePoints.map(({ index, slowdownPercent }): RuleSpec => {
        const label = slowdownPercent === null ? 'step' : changeText(slowdownPercent);
        return { axis: 'x', at: index - 0.5, label, dashed: true };
      }),
      ...series.machineChanges.map(
        ({ index }): RuleSpec => ({
          axis: 'x',
          at: index - 0.5,
          label: 'other machine',
          dashed: false,
          place: 'top',
        }),
      ),
      ...series.promotions.map(
        ({ index, name }): RuleSpec => ({
          axis: 'x',
          at: index - 0.5,
          label: `promoted: ${name}`,
          dashed: false,
          role: 'limit',
          place: 'second',
        }),
      ),
    ],
    tip: { title: ['gate ', ''], value: ['', scale.unit === '' ? '' : ` ${scale.unit}`], isCell: true },
  };
}

/** The words of upright lines stand at the foot and on two lines at the top, where no point shall be. */
function withRoomForWords(axis: AxisSpec): AxisSpec {
  const span = axis.max - axis.min;
  return { ...axis, min: axis.min - 0.14 * span, max: axis.max + 0.26 * span };
}

/** The medians of the levels on both sides of each step, as far as the machine stays the same. */
function levelLines(series: HistorySeries, scaled: (value: number) => number): SeriesSpec[] {
  const { changePoints, machineChanges, points } = series;
  const edges = [...changePoints, ...machineChanges].map(({ index }) => index);
  const line = (from: number, to: number, value: number): SeriesSpec => ({
    ...{ label: '', role: 'limit', style: 'line' },
    points: [
      [from - 0.5, scaled(value)],
      [to - 0.5, scaled(value)],
    ],
  });
  return changePoints.flatMap(({ index, before, after }) => [
    line(Math.max(0, greatest(edges.filter((edge) => edge < index))), index, before),
    line(index, Math.min(points.length, least(edges.filter((edge) => edge > index))), after),
  ]);
}

const DAYS_NAMED_MAX = 6;

function dayTicks({ points }: HistorySeries): TickSpec[] {
  const every = Math.max(1, Math.ceil(points.length / DAYS_NAMED_MAX));
  return points.flatMap(({ at }, index) => (index % every === 0 ? [{ at: index, label: utcDay(at) }] : []));
}

function historyTable(series: HistorySeries, scale: Scale): TableView {
  const { points, changePoints, machineChanges, promotions } = series;
  const marksAt = (index: number): string[] => [
    ...changePoints
      .filter((change) => change.index === index)
      .map(
        ({ slowdownPercent, p }) =>
          `step, ${slowdownText(slowdownPercent)} (p = ${Number(p.toPrecision(2))})`,
      ),
    ...machineChanges
      .filter((change) => change.index === index)
      .map(({ to }) => `other machine: ${to.cpuModel}, Node ${to.node}`),
    ...promotions
      .filter((promotion) => promotion.index === index)
      .map(({ name, acceptedRegression }) =>
        acceptedRegression === null
          ? `promoted before: ${name}`
          : `promoted before: ${name}, slower: ${acceptedRegression}`,
      ),
  ];
  const muted = (text: string): CellInput => ({ text, state: 'muted' });
  const rows = points.flatMap((point, index): CellInput[][] => {
    const marks = marksAt(index);
    if (index < points.length - ROWS_NEWEST && marks.length === 0) return [];
    const { at, candidate, valueCandidate, slowdownPercent, interval95Percent, finding } = point;
    return [
      [
        utcMinute(at),
        `${candidate.commit?.slice(0, 12) ?? NOT_AVAILABLE}${candidate.dirty ? ' +' : ''}`,
        valueCandidate === null ? muted(NOT_AVAILABLE) : inScale(scale, valueCandidate),
        slowdownPercent === null ? muted(NOT_AVAILABLE) : slowdownText(slowdownPercent),
        interval95Percent === null ? muted(NOT_AVAILABLE) : slowdownIntervalText(interval95Percent),
        finding === null ? muted(NOT_AVAILABLE) : FINDING_WORDS[finding],
        marks.join('; '),
      ],
    ];
  });
  return tableView({
    caption: `${series.case}: ${metricName(series.metric).label} in ${scale.unit === '' ? series.unit : scale.unit}, the newest ${Math.min(ROWS_NEWEST, points.length)} gates and those at a mark, newest first`,
    columns: [
      'Ended',
      'Candidate',
      '#Value',
      '#Slowdown against its base',
      '#95 % interval, %',
      'Finding',
      '~Marks',
    ],
    rows: rows.toReversed(),
  });
}
