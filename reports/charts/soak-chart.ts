import { shortDigits } from '../numbers/digits.js';
import { greatest } from '../numbers/order-statistics.js';
import { armIdentity } from '../view-model/arm-identity.js';
import type { SoakPanel, SoakView } from '../view-model/soak-view.js';
import type { AxisSpec, ChartSpec, SeriesSpec, TickSpec } from './chart-spec.js';
import { chartNumber, spanAxis } from './ticks.js';

/** Steps of a time axis that a reader can count by. */
const STEPS_SECONDS = [1, 5, 10, 30, 60, 300, 600, 1_800, 3_600, 10_800, 21_600, 43_200, 86_400, 604_800];
const TICKS_MAX = 10;
/** Strips reach at least to this percentage, so that a steal of 0.3 % does not look like a storm. */
const STRIP_MAX_LEAST = 10;

/** One gauge or measure of all arms over the run: gaps hatched, the judged slope dashed. */
export function soakPanelChart(view: SoakView, panel: SoakPanel): ChartSpec {
  const at = ({ x, y }: { x: number; y: number }): [number, number] => [
    cellOf(view, x),
    chartNumber(y / panel.scale.divisor),
  ];
  const series = panel.lines.flatMap(({ arm, pieces, trend }): SeriesSpec[] => {
    const { label, role } = armIdentity(arm);
    const lines = pieces.map(
      (points, index): SeriesSpec => ({
        // Named once, at its end.
        label: index === pieces.length - 1 ? label : '',
        role,
        style: 'line',
        points: points.map(at),
      }),
    );
    const slope: SeriesSpec[] =
      trend === null ? [] : [{ label: '', role, style: 'dashed', points: [at(trend.from), at(trend.to)] }];
    return [...slope, ...lines];
  });
  const unit = panel.scale.unit === '' ? '' : `, ${panel.scale.unit}`;
  return {
    kind: 'panel',
    x: { ...timeAxis(view), title: '', hidden: true },
    y: spanAxis(
      series.flatMap(({ points }) => points.map(([, y]) => y)),
      `${panel.label}${unit}`,
    ),
    series,
    rightLabels: rightLabels(view),
    bands: bandsOf(view),
    secondsPerX: view.totalSeconds / view.cells,
  };
}

/** Fault phases and interference under the panels, on their axis. */
export function soakStripChart(view: SoakView): ChartSpec | null {
  if (view.strips.length === 0) return null;
  return {
    kind: 'strips',
    x: timeAxis(view),
    y: { scale: 'linear', min: 0, max: view.strips.length, title: '', ticks: [], hidden: true },
    series: [],
    rightLabels: rightLabels(view),
    bands: bandsOf(view),
    strips: view.strips.map(({ label, values, isPresence }) => ({
      label,
      max: isPresence ? 100 : stripMax(values),
      values: values.map((value) => (value === null ? null : chartNumber(value))),
      ...(isPresence ? { isPresence } : {}),
    })),
  };
}

function cellOf(view: SoakView, seconds: number): number {
  return chartNumber((seconds / view.totalSeconds) * view.cells);
}

function bandsOf(view: SoakView): { from: number; to: number }[] {
  return view.gaps.map(({ fromSeconds, toSeconds }) => ({
    from: cellOf(view, fromSeconds),
    to: cellOf(view, toSeconds),
  }));
}

function timeAxis(view: SoakView): AxisSpec {
  const { totalSeconds, cells } = view;
  const step =
    STEPS_SECONDS.find((seconds) => totalSeconds / seconds <= TICKS_MAX) ??
    Math.ceil(totalSeconds / TICKS_MAX / 86_400) * 86_400;
  const [divisor, unit] = totalSeconds >= 7_200 ? [3_600, 'h'] : step >= 60 ? [60, 'min'] : [1, 's'];
  const ticks: TickSpec[] = [];
  for (let seconds = 0; seconds <= totalSeconds; seconds += step) {
    ticks.push({ at: cellOf(view, seconds), label: `${shortDigits(seconds / divisor)}\u202f${unit}` });
  }
  return { scale: 'linear', min: 0, max: cells, title: 'time since the run began', ticks };
}

function rightLabels(view: SoakView): string[] {
  const panels = [...view.gauges.panels, ...view.work.panels];
  const arms = panels.flatMap(({ lines }) => lines.map(({ arm }) => armIdentity(arm).label));
  return [...new Set([...arms, ...view.strips.map(({ label }) => label)])];
}

function stripMax(values: readonly (number | null)[]): number {
  const worst = Math.ceil(Math.max(0, greatest(values.map((value) => value ?? 0))));
  return Math.min(100, Math.max(STRIP_MAX_LEAST, worst));
}
