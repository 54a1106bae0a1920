import type { GatedMetric } from '../../ci/gate/invocation/gated-metrics.js';
import type { BandSpec, ChartSpec, RuleSpec, SeriesSpec } from '../charts/chart-spec.js';
import { chartNumber, spanAxis } from '../charts/ticks.js';
import { NOT_AVAILABLE, THIN_SPACE } from '../numbers/digits.js';
import { quantile } from '../numbers/order-statistics.js';
import { plural } from '../numbers/sentence.js';
import { type CellInput, type TableView, tableView } from '../view-model/table-view.js';
import { metricInWords, slowdownText } from './gate-words.js';
import {
  blocksOf,
  causesInWords,
  causesOf,
  type MeasuredGate,
  type MetricSeries,
  metricSeries,
} from './measured-gate.js';

/** One metric in the order of time: what every block and every invocation said, and the control beside. */
export interface PairedCourse {
  gated: GatedMetric;
  series: MetricSeries;
  sentence: string;
  table: TableView;
}

/** @param looks after how many used invocations the decision looked */
export function pairedCourse(gate: MeasuredGate, gated: GatedMetric, looks: readonly number[]): PairedCourse {
  const series = metricSeries(gate, gated);
  return {
    gated,
    series,
    sentence: sentenceOf(gate, gated, series, looks),
    table: courseTable(gate, gated, series),
  };
}

function sentenceOf(
  gate: MeasuredGate,
  gated: GatedMetric,
  { units, control }: MetricSeries,
  looks: readonly number[],
): string {
  const used = units.filter((unit) => unit !== null);
  const slower = used.filter((unit) => unit > 0).length;
  const blocks = gate.invocations.flatMap(({ line }) => blocksOf(line, gated.case));
  const causes = causesOf(blocks);
  const dropped = [...causes.values()].reduce((sum, count) => sum + count, 0);
  const unused = gate.invocations.filter(({ ordinal }) => ordinal === null).length;
  const parts = [
    `the candidate was slower in ${slower} of ${plural(used.length, 'invocation')}`,
    `${plural(control.filter((unit) => unit !== null).length, 'control')} beside`,
    dropped === 0
      ? 'no block was dropped'
      : `shaded: ${dropped} of ${blocks.length} blocks dropped (${causesInWords(causes)})`,
    ...(unused === 0 ? [] : [`${plural(unused, 'invocation')} failed or short of blocks, shaded whole`]),
    looks.length === 0 ? 'no look was taken' : `looks after ${looks.join(', ')}`,
  ];
  return `${metricInWords(gated)}: ${parts.join('; ')}.`;
}

function courseTable(gate: MeasuredGate, gated: GatedMetric, { units, control }: MetricSeries): TableView {
  const figure = (value: number | null): CellInput =>
    value === null ? { text: NOT_AVAILABLE, state: 'muted' } : slowdownText(value);
  return tableView({
    caption: `${metricInWords(gated)}: slowdown of each invocation (median of its blocks), and of the control`,
    columns: ['Invocation', '#Slowdown', '#Control', '#Blocks kept', '#Dropped', 'Causes'],
    rows: gate.invocations.map(({ line, ordinal }, index) => {
      const blocks = blocksOf(line, gated.case);
      const causes = causesOf(blocks);
      const kept = blocks.filter(({ dropped }) => dropped === null).length;
      return [
        ordinal === null
          ? { text: String(line.index + 1), detail: line.failure === null ? 'not used' : 'failed' }
          : String(line.index + 1),
        figure(units[index] ?? null),
        control[index] === null ? '' : figure(control[index] ?? null),
        String(kept),
        String(blocks.length - kept),
        causesInWords(causes),
      ];
    }),
  });
}

/** Blocks as specks, invocations as points, looks as upright lines; the x axis counts invocations in the order of time. */
export function pairedChart(
  gate: MeasuredGate,
  course: PairedCourse,
  looks: readonly number[],
): ChartSpec | null {
  const { gated, series } = course;
  const count = gate.invocations.length;
  if (!series.units.some((unit) => unit !== null)) return null;
  const specks = series.blocks.flatMap((blocks, index) =>
    blocks.map(({ at, percent }): [number, number] => [chartNumber(index + at), chartNumber(percent)]),
  );
  const middles = (units: readonly (number | null)[], shift: number): [number, number][] =>
    units.flatMap((unit, index): [number, number][] =>
      unit === null ? [] : [[index + shift, chartNumber(unit)]],
    );
  const lines: SeriesSpec[] = [
    ...limitLine(gated, count),
    { label: 'one block', role: 'native', style: 'specks', points: specks },
    { label: 'control', role: 'limit', style: 'dots', points: middles(series.control, 0.75) },
    { label: 'invocation', role: 'native', style: 'points', points: middles(series.units, 0.5) },
  ];
  return {
    kind: 'plot',
    x: {
      ...{ scale: 'linear', min: 0, max: count },
      title: 'invocations in the order of time',
      ticks: invocationTicks(count),
    },
    y: rangeOf(gated, series),
    series: lines,
    rules: [{ axis: 'y', at: 0, label: '', dashed: false }, ...lookRules(gate, looks)],
    bands: droppedBands(gate, gated),
    tip: { title: ['invocation ', ''], isCell: true, value: ['', `${THIN_SPACE}% slower`] },
  };
}

/** Single blocks may lie far outside, where the reader looks for per cents: one in forty on each side is cut off. */
const CUT = 0.025;

function rangeOf(gated: GatedMetric, { units, control, blocks }: MetricSeries): ChartSpec['y'] {
  const percents = blocks.flat().map(({ percent }) => percent);
  const values = [...units, ...control].filter((value) => value !== null);
  return spanAxis(
    [...values, quantile(percents, CUT) ?? 0, quantile(percents, 1 - CUT) ?? 0, 0, gated.limitPercent],
    'slower, %: down is better',
    5,
  );
}

/** A line of its own, so that its words stand at its end and not among the points. */
function limitLine({ limitPercent, kind }: GatedMetric, count: number): SeriesSpec[] {
  if (kind === 'shown') return [];
  const points: [number, number][] = [
    [0, limitPercent],
    [count, limitPercent],
  ];
  return [{ label: `limit ${limitPercent}${THIN_SPACE}%`, role: 'fail', style: 'dashed', points }];
}

/** Looks count the invocations that were used; on the axis they stand where the last of these ended. */
function lookRules(gate: MeasuredGate, looks: readonly number[]): RuleSpec[] {
  return looks.flatMap((look): RuleSpec[] => {
    const index = gate.invocations.findIndex(({ ordinal }) => ordinal === look);
    return index < 0
      ? []
      : [{ axis: 'x', at: index + 1, label: `look ${look}`, dashed: false, role: 'limit' }];
  });
}

function invocationTicks(count: number): { at: number; label: string }[] {
  const step = count <= 12 ? 1 : count <= 48 ? 6 : 12;
  const ticks = [];
  for (let at = 0; at <= count; at += step) ticks.push({ at, label: String(at) });
  return ticks;
}

function droppedBands(gate: MeasuredGate, gated: GatedMetric): BandSpec[] {
  const bands: BandSpec[] = [];
  gate.invocations.forEach(({ line, ordinal }, index) => {
    if (ordinal === null) {
      bands.push({ from: index, to: index + 1 });
      return;
    }
    const blocks = blocksOf(line, gated.case);
    blocks.forEach(({ dropped }, block) => {
      if (dropped === null) return;
      const from = chartNumber(index + block / blocks.length);
      const to = chartNumber(index + (block + 1) / blocks.length);
      const last = bands.at(-1);
      if (last !== undefined && last.to === from) last.to = to;
      else bands.push({ from, to });
    });
  });
  return bands;
}
