import { SUSPECT_ABOVE } from '../../ci/gate/statistics/gate-plan.js';
import type { PowerPoint } from '../../ci/gate/statistics/power-curve.js';
import type { ChartSpec, SeriesSpec } from '../charts/chart-spec.js';
import { chartNumber, linearTicks } from '../charts/ticks.js';
import { shortDigits, THIN_SPACE, threeDigits } from '../numbers/digits.js';
import { type TableView, tableView } from '../view-model/table-view.js';

/** How often a gate answers what at which true slowdown of one metric. */
export interface PowerView {
  heading: string;
  limitPercent: number;
  points: readonly PowerPoint[];
  sentence: string;
  table: TableView;
}

/** @param basis what the curve was made from, to stand behind "replayed from" */
export function powerView(
  heading: string,
  limitPercent: number,
  points: readonly PowerPoint[],
  basis: string,
): PowerView {
  return {
    ...{ heading, limitPercent, points },
    sentence: sentenceOf(limitPercent, points, basis),
    table: powerTable(heading, points),
  };
}

function share(count: number, gates: number): number {
  return gates === 0 ? Number.NaN : (100 * count) / gates;
}

function sentenceOf(limitPercent: number, points: readonly PowerPoint[], basis: string): string {
  const at = (part: number) =>
    points.find(({ slowdownPercent }) => Math.abs(slowdownPercent - part * limitPercent) < 1e-6);
  const failing = (part: number) => {
    const point = at(part);
    if (point === undefined) return [];
    return [
      `${threeDigits(share(point.fail, point.gates))}${THIN_SPACE}% fail at ${shortDigits(point.slowdownPercent)}${THIN_SPACE}%`,
    ];
  };
  const words = [...failing(SUSPECT_ABOVE), ...failing(1)];
  return `Of gates ${basis}, ${words.length === 0 ? 'none was replayed at the limit' : words.join(' and ')}; promised are at most 1 and at least 99 in a hundred.`;
}

function powerTable(heading: string, points: readonly PowerPoint[]): TableView {
  return tableView({
    caption: `${heading}: answers by true slowdown, in per cent of gates`,
    columns: [
      'True slowdown',
      '#Pass',
      '#Fail',
      '#95 % of failing',
      '#Inconclusive',
      '#Gates',
      '#Invocations, mean',
    ],
    rows: points.map(({ slowdownPercent, gates, pass, fail, inconclusive, failShare95, invocationsMean }) => [
      `${shortDigits(slowdownPercent)}${THIN_SPACE}%`,
      threeDigits(share(pass, gates)),
      threeDigits(share(fail, gates)),
      boundsText(failShare95),
      threeDigits(share(inconclusive, gates)),
      String(gates),
      threeDigits(invocationsMean),
    ]),
  });
}

/** Clopper and Pearson's bounds of a share, in per cent. */
export function boundsText([low, high]: readonly [number, number]): string {
  return `[${threeDigits(100 * low)}, ${threeDigits(100 * high)}]`;
}

/** Share of gates that fail, with its 95 % band, between the slowdowns at which the promise asks for none and for all. */
export function powerChart({ limitPercent, points }: PowerView): ChartSpec | null {
  if (points.length < 2) return null;
  const line = (count: (point: PowerPoint) => number): [number, number][] =>
    points.map((point) => [point.slowdownPercent, chartNumber(share(count(point), point.gates))]);
  const series: SeriesSpec[] = [
    {
      label: 'inconclusive',
      role: 'other',
      style: 'dotted',
      points: line(({ inconclusive }) => inconclusive),
    },
    { label: 'pass', role: 'rival-1', style: 'dashed', points: line(({ pass }) => pass) },
    {
      ...{ label: 'fail', role: 'fail', style: 'line', points: line(({ fail }) => fail) },
      area: points.map(({ slowdownPercent, failShare95: [low, high] }) => [
        slowdownPercent,
        chartNumber(100 * low),
        chartNumber(100 * high),
      ]),
    },
    { label: '', role: 'fail', style: 'points', points: line(({ fail }) => fail) },
  ];
  const most = points.at(-1)!.slowdownPercent;
  const rule = (part: number, label: string) =>
    ({ axis: 'x', at: chartNumber(part * limitPercent), label, dashed: true, place: 'top' }) as const;
  return {
    kind: 'plot',
    x: {
      ...{ scale: 'linear', min: 0, max: most, title: 'true slowdown, %' },
      ticks: points.map(({ slowdownPercent }) => ({
        at: slowdownPercent,
        label: shortDigits(slowdownPercent),
      })),
    },
    y: { scale: 'linear', min: 0, max: 118, title: 'of gates, %', ticks: linearTicks(100, 5) },
    series,
    rules: [rule(SUSPECT_ABOVE, '≤ 1 %'), rule(1, '≥ 99 %')],
    tip: { title: ['at ', `${THIN_SPACE}% slower`], value: ['', `${THIN_SPACE}% of gates`] },
  };
}
