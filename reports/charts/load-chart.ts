import { greatest, least } from '../numbers/order-statistics.js';
import { scaleFor } from '../numbers/scale.js';
import { armIdentity } from '../view-model/arm-identity.js';
import type { LoadFamily, LoadLine } from '../view-model/load-view.js';
import type { AxisSpec, ChartSpec, SeriesSpec } from './chart-spec.js';
import { chartNumber, linearAxis, logAxis } from './ticks.js';

const NS_PER_MS = 1e6;
/** Rates that differ by more would crowd at the left of a linear axis. */
const LOG_SPAN = 5;

/** p50 dashed and p99 with intervals over the offered rate, one colour per arm. */
export function loadChart(family: LoadFamily): ChartSpec {
  // An arm at a single rate has no course; it is in the table.
  const lines = family.lines.filter(({ points }) => points.length > 1);
  const rates = lines.flatMap(({ points }) => points.map(({ ratePerSecond }) => ratePerSecond));
  const scale = scaleFor('rate', rates);
  const series = lines.flatMap((line) => lineSeries(line, scale.divisor));
  const latencies = series.flatMap(({ points, intervals = [] }) => [
    ...points.map(([, y]) => y),
    ...intervals.flatMap((interval) => interval ?? []),
  ]);
  return {
    kind: 'load',
    x: rateAxis(
      rates.map((rate) => rate / scale.divisor),
      `offered rate, ${scale.unit}`,
    ),
    y: logAxis(latencies, 'ms, lower is better; dashed p50, solid p99'),
    series,
  };
}

function lineSeries({ arm, points }: LoadLine, divisor: number): SeriesSpec[] {
  const { label, role } = armIdentity(arm);
  const x = ({ ratePerSecond }: LoadLine['points'][number]) => chartNumber(ratePerSecond / divisor);
  const ms = (ns: number) => chartNumber(ns / NS_PER_MS);
  const p50 = points.map((point): [number, number] => [x(point), ms(point.p50)]);
  const p99 = points.map((point): [number, number] => [x(point), ms(point.p99)]);
  return [
    { label: `${label}, p50`, role, style: 'dashed', points: p50 },
    { label: `${label}, p99`, role, style: 'line', points: p99 },
    {
      ...{ label: `${label}, p99`, role, style: 'points', points: p99 },
      intervals: points.map(({ p99Interval }) =>
        p99Interval === null ? null : [ms(p99Interval[0]), ms(p99Interval[1])],
      ),
    },
  ];
}

function rateAxis(rates: number[], title: string): AxisSpec {
  return greatest(rates) / least(rates) > LOG_SPAN ? logAxis(rates, title) : linearAxis(rates, title);
}
