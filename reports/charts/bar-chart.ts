import { inScale } from '../numbers/scale.js';
import { armIdentity } from '../view-model/arm-identity.js';
import type { BarsView } from '../view-model/throughput-view.js';
import type { ChartSpec, RowSpec } from './chart-spec.js';
import { chartNumber, linearAxis } from './ticks.js';

/** Horizontal bars per arm, the limit's length as an outline that the others fill, rounds as dots. */
export function barChart(view: BarsView): ChartSpec {
  const scaled = (value: number) => chartNumber(value / view.scale.divisor);
  const limit = view.rows.find((row) => row.arm === 'limit');
  const rows = view.rows.map((row): RowSpec => {
    const { label, role } = armIdentity(row.arm);
    return {
      label: row.mark ? `${label} (${row.mark})` : label,
      role,
      value: scaled(row.value),
      ...(row.ci95 ? { interval: [scaled(row.ci95[0]), scaled(row.ci95[1])] as [number, number] } : {}),
      bar: { outlineTo: limit && row !== limit ? scaled(limit.value) : null },
      ...(row.mark ? { hollow: true } : {}),
      note: inScale(view.scale, row.value),
    };
  });
  for (const { arm, reason } of view.absent) {
    const { label, role } = armIdentity(arm);
    rows.push({ label, role, hollow: true, note: reason });
  }
  const dots = view.rows.map((row, index) => ({
    label: armIdentity(row.arm).label,
    role: armIdentity(row.arm).role,
    style: 'dots' as const,
    points: row.rounds
      .filter(({ value }) => Number.isFinite(value))
      .map(({ value }): [number, number] => [scaled(value), index]),
  }));
  const extent = view.rows
    .flatMap((row) => [row.value, ...(row.ci95 ?? []), ...row.rounds.map(({ value }) => value)])
    .map(scaled);
  return {
    kind: 'rows',
    x: linearAxis(extent, `${view.scale.unit}, better is to the right →`, 4),
    y: { scale: 'linear', min: -0.5, max: rows.length - 0.5, title: '', ticks: [], hidden: true },
    series: dots,
    rows,
  };
}
