import type { GateArm } from '../../ci/gate/invocation/gate-arms.js';
import type { WindowLine } from '../../ci/gate/invocation/invocation-record.js';
import type { AxisSpec, ChartSpec, RowSpec } from '../charts/chart-spec.js';
import { chartNumber, logAxis, spanAxis } from '../charts/ticks.js';
import { greatest, least, median, quantile } from '../numbers/order-statistics.js';
import { inScale, type Scale, scaleFor } from '../numbers/scale.js';
import { entryOf } from '../record-file/entry-of.js';
import type { ArmRole } from '../view-model/arm-identity.js';
import { metricName } from '../view-model/metric-catalogue.js';
import { type TableView, tableView } from '../view-model/table-view.js';
import { blocksOf, type MeasuredGate } from './measured-gate.js';

/** How the windows of both arms are spread in one case, over all invocations that were used. */
export interface WindowSpread {
  metric: string;
  label: string;
  scale: Scale;
  higherIsBetter: boolean;
  rows: SpreadRow[];
  table: TableView;
}

export interface SpreadRow {
  arm: GateArm;
  windows: number;
  /** p5, p25, median, p75, p95. */
  quantiles: [number, number, number, number, number];
  /** The median of each invocation. */
  invocations: number[];
}

/** The colour of what is compared with is that of a baseline everywhere; the control is the base once more. */
export const ARM_ROLES: Record<GateArm, ArmRole> = {
  base: 'baseline',
  candidate: 'native',
  control: 'limit',
};

const PROBABILITIES = [0.05, 0.25, 0.5, 0.75, 0.95] as const;
/** Arms that differ by more are drawn on a logarithmic axis. */
const LOG_SPAN = 3;

type Figure = (window: WindowLine) => number | null;

const FIGURES: readonly { metric: string; higherIsBetter: boolean; figure: Figure }[] = [
  {
    ...{ metric: 'throughput_ops_per_s', higherIsBetter: true },
    figure: ({ operations, startNs, endNs }) => (operations / (endNs - startNs)) * 1e9,
  },
  { metric: 'latency_ns_p50', higherIsBetter: false, figure: ({ latencyNs }) => latencyNs?.p50 ?? null },
  { metric: 'latency_ns_p99', higherIsBetter: false, figure: ({ latencyNs }) => latencyNs?.p99 ?? null },
];

/** Throughput, p50 and p99; in open loop the schedule sets the rate, so that throughput says nothing. */
export function windowSpreads(gate: MeasuredGate, caseName: string): WindowSpread[] {
  const used = gate.invocations.flatMap(({ line, ordinal }) => (ordinal === null ? [] : [line]));
  const isPaced = used.some(({ cases }) => (entryOf(cases, caseName)?.ratePerSecond ?? null) !== null);
  return FIGURES.filter(({ metric }) => !(isPaced && metric.startsWith('throughput'))).flatMap(
    ({ metric, higherIsBetter, figure }): WindowSpread[] => {
      const rows = (['base', 'candidate'] as const).flatMap((arm): SpreadRow[] => {
        const each = used.map((line) =>
          blocksOf(line, caseName)
            .filter(({ dropped }) => dropped === null)
            .flatMap(({ windows }) => windows.filter((window) => window.arm === arm))
            .flatMap((window) => figure(window) ?? [])
            .filter((value) => value > 0),
        );
        const all = each.flat();
        if (all.length === 0) return [];
        const quantiles = PROBABILITIES.map((p) => quantile(all, p)!) as SpreadRow['quantiles'];
        return [
          { arm, windows: all.length, quantiles, invocations: each.flatMap((one) => median(one) ?? []) },
        ];
      });
      if (rows.length === 0) return [];
      const { label, quantity } = metricName(metric);
      const scale = scaleFor(
        quantity,
        rows.map(({ quantiles }) => quantiles[2]),
      );
      return [
        { metric, label, scale, higherIsBetter, rows, table: spreadTable(caseName, label, scale, rows) },
      ];
    },
  );
}

export function spreadSentence({ label, rows }: WindowSpread): string {
  const spread = ({ quantiles: [, low, middle, high] }: SpreadRow) => ((high - low) / 2 / middle) * 100;
  const words = rows.map((row) => `±${spread(row).toFixed(1)}\u202f% of the ${row.arm}’s median`);
  return `${label}: the middle half of the windows lies within ${words.join(' and ')}.`;
}

function spreadTable(caseName: string, label: string, scale: Scale, rows: SpreadRow[]): TableView {
  return tableView({
    caption: `${caseName}: ${label} of single windows in ${scale.unit}`,
    columns: ['Arm', '#p5', '#p25', '#Median', '#p75', '#p95', '#Windows', '#Invocations'],
    rows: rows.map(({ arm, quantiles, windows, invocations }) => [
      arm,
      ...quantiles.map((value) => inScale(scale, value)),
      String(windows),
      String(invocations.length),
    ]),
  });
}

/** A strip of quantiles for each arm, the medians of the invocations as dots under it. */
export function spreadChart(view: WindowSpread): ChartSpec {
  const scaled = (value: number) => chartNumber(value / view.scale.divisor);
  const rows = view.rows.map(({ arm, quantiles }): RowSpec => {
    return {
      ...{ label: arm, role: ARM_ROLES[arm], value: scaled(quantiles[2]) },
      quantiles: quantiles.map(scaled) as SpreadRow['quantiles'],
      note: inScale(view.scale, quantiles[2]),
    };
  });
  const series = view.rows.map(({ arm, invocations }, index) => ({
    ...{ label: arm, role: ARM_ROLES[arm], style: 'dots' as const },
    points: invocations.map((value): [number, number] => [scaled(value), index]),
  }));
  const extent = [
    ...rows.flatMap(({ quantiles = [] }) => quantiles),
    ...series.flatMap(({ points }) => points.map(([x]) => x)),
  ];
  return {
    ...{ kind: 'rows', series, rows, noteColumn: true },
    x: axisOf(view, extent),
    y: { scale: 'linear', min: -0.5, max: rows.length - 0.5, title: '', ticks: [], hidden: true },
    tip: { title: ['', ''], value: ['', ` ${view.scale.unit}, median of an invocation`] },
  };
}

function axisOf({ label, scale, higherIsBetter }: WindowSpread, extent: number[]): AxisSpec {
  const title = `${label}, ${scale.unit}, better is to the right →`;
  const isWide = greatest(extent) / least(extent) > LOG_SPAN;
  const axis = isWide ? logAxis(extent, title) : spanAxis(extent, title);
  return higherIsBetter ? axis : { ...axis, reversed: true };
}
