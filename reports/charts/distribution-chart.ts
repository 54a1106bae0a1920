import { greatest, least, median } from '../numbers/order-statistics.js';
import { inScale } from '../numbers/scale.js';
import { armIdentity } from '../view-model/arm-identity.js';
import type { DistributionCase, Quantiles } from '../view-model/distribution-view.js';
import type { AxisSpec, ChartSpec, RowSpec } from './chart-spec.js';
import { chartNumber, logAxis, spanAxis } from './ticks.js';

/** Arms that differ by more are drawn on a logarithmic axis. */
const LOG_SPAN = 3;

/** A strip of quantiles per arm with its rounds as dots under it, better to the right. */
export function distributionChart(view: DistributionCase): ChartSpec {
  const scaled = (value: number) => chartNumber(value / view.scale.divisor);
  const rows = view.rows.map(({ arm, quantiles, rounds }): RowSpec => {
    const { label, role } = armIdentity(arm);
    const middle = quantiles?.[2] ?? median(rounds)!;
    return {
      ...{ label, role, value: scaled(middle), note: inScale(view.scale, middle) },
      ...(quantiles === null ? { hollow: true } : { quantiles: quantiles.map(scaled) as Quantiles }),
    };
  });
  const series = view.rows.map(({ arm, rounds }, index) => {
    const { label, role } = armIdentity(arm);
    return {
      ...{ label, role, style: 'dots' as const },
      points: rounds.map((value): [number, number] => [scaled(value), index]),
    };
  });
  const extent = [
    ...rows.flatMap(({ quantiles = [], value }) => [value!, ...quantiles]),
    ...series.flatMap(({ points }) => points.map(([x]) => x)),
  ];
  return {
    kind: 'rows',
    x: valueAxis(view, extent),
    y: { scale: 'linear', min: -0.5, max: rows.length - 0.5, title: '', ticks: [], hidden: true },
    series,
    rows,
    noteColumn: true,
  };
}

function valueAxis({ label, scale, higherIsBetter }: DistributionCase, extent: number[]): AxisSpec {
  const unit = `${label}, ${scale.unit}`;
  const title = `${unit}, better is to the right →`;
  const wide = greatest(extent) / least(extent) > LOG_SPAN;
  const axis = wide ? logAxis(extent, title) : spanAxis(extent, title);
  return higherIsBetter ? axis : { ...axis, reversed: true };
}
