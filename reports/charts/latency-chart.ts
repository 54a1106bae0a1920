import { greatest } from '../numbers/order-statistics.js';
import { armIdentity, lineStyle } from '../view-model/arm-identity.js';
import type { LatencyCase, LatencyCurve } from '../view-model/latency-view.js';
import type { ChartSpec, SeriesSpec, TickSpec } from './chart-spec.js';
import { chartNumber, logAxis } from './ticks.js';

const NS_PER_MS = 1e6;
/** p10: below it lie a few lucky requests, which would stretch the axis and hide the tail. */
const FIRST_INVERSE = 1.11;
const PERCENTILE_TICKS: TickSpec[] = [
  { at: 2, label: 'p50' },
  { at: 10, label: 'p90' },
  { at: 100, label: 'p99' },
  { at: 1e3, label: 'p99.9' },
  { at: 1e4, label: 'p99.99' },
  { at: 1e5, label: 'p99.999' },
  { at: 1e6, label: 'p99.9999' },
];

/** Percentile curves of all arms over 1 ÷ (1 − p), both axes logarithmic; in open loop from the intended send times. */
export function latencyChart(view: LatencyCase): ChartSpec | null {
  return curveChart(view.curves.filter(isJudged(view)), ({ arm }) => {
    const { label, role } = armIdentity(arm);
    return { label: view.paired ? `${label}, response` : label, style: lineStyle(role) };
  });
}

/** What a server took and what a client waited, of the arms that a reader compares first. */
export function pairChart(view: LatencyCase): ChartSpec | null {
  return curveChart(
    view.curves.filter(({ arm }) => view.pair.includes(arm)),
    ({ arm, kind }) => ({
      label: `${armIdentity(arm).label}, ${kind}`,
      style: kind === 'service' ? 'dashed' : 'line',
    }),
  );
}

/** The curve that counts: response time where there is one. */
function isJudged(view: LatencyCase) {
  return ({ arm, kind }: LatencyCurve) =>
    kind === 'response' || !view.curves.some((other) => other.arm === arm && other.kind === 'response');
}

function curveChart(
  curves: LatencyCurve[],
  nameOf: (curve: LatencyCurve) => Pick<SeriesSpec, 'label' | 'style'>,
): ChartSpec | null {
  const series = curves.flatMap((curve): SeriesSpec[] => {
    if (!curve.distribution) return [];
    const points = curve.distribution.points
      .filter((point) => point.valueNs > 0 && point.inverse >= FIRST_INVERSE)
      .map((point): [number, number] => [point.inverse, chartNumber(point.valueNs / NS_PER_MS)]);
    if (points.length < 2) return [];
    return [{ ...nameOf(curve), role: armIdentity(curve.arm).role, points }];
  });
  if (series.length === 0) return null;
  const rightmost = greatest(series.map((line) => line.points.at(-1)![0]));
  return {
    kind: 'curve',
    x: {
      scale: 'log',
      min: FIRST_INVERSE,
      max: chartNumber(rightmost * 1.02),
      title: 'percentile, over 1 ÷ (1 − p)',
      ticks: PERCENTILE_TICKS.filter((tick) => tick.at <= rightmost * 1.02),
    },
    y: logAxis(
      series.flatMap((line) => line.points.map(([, y]) => y)),
      'ms, lower is better',
    ),
    series,
  };
}
