import { armIdentity, lineStyle } from '../view-model/arm-identity.js';
import type { LatencyCase } from '../view-model/latency-view.js';
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

/** Percentile curves of all arms over 1 ÷ (1 − p), both axes logarithmic. */
export function latencyChart(view: LatencyCase): ChartSpec | null {
  const series = view.curves.flatMap((curve): SeriesSpec[] => {
    if (!curve.distribution) return [];
    const { label, role } = armIdentity(curve.arm);
    const points = curve.distribution.points
      .filter((point) => point.valueNs > 0 && point.inverse >= FIRST_INVERSE)
      .map((point): [number, number] => [point.inverse, chartNumber(point.valueNs / NS_PER_MS)]);
    if (points.length < 2) return [];
    const style = curve.kind === 'service' ? 'dashed' : 'line';
    return [
      {
        label: view.paired ? `${label}, ${curve.kind}` : label,
        role,
        style: view.paired ? style : lineStyle(role),
        points,
      },
    ];
  });
  if (series.length === 0) return null;
  const rightmost = Math.max(...series.map((line) => line.points.at(-1)![0]));
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
