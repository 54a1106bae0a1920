import { greatest, least } from '../numbers/order-statistics.js';
import { inScale, scaleFor } from '../numbers/scale.js';
import { armIdentity, lineStyle } from '../view-model/arm-identity.js';
import { causeLetter } from '../view-model/drop-causes.js';
import type { TimelineCase, TimelinePanel, TimelineStrip } from '../view-model/timeline-view.js';
import type { AxisSpec, BandSpec, ChartSpec, RuleSpec, StripSpec } from './chart-spec.js';
import { chartNumber, linearAxis, logAxis } from './ticks.js';

/** Arms that differ by more are drawn on a logarithmic axis. */
const LOG_SPAN = 4;
/** Strips reach at least to this percentage, so that a steal of 0.3 % does not look like a storm. */
const STRIP_MAX_LEAST = 10;

function blockAxis(view: TimelineCase, title: string): AxisSpec {
  const starts = view.roundStarts;
  // Ten rounds are named one by one, a hundred by every tenth.
  const every = Math.max(1, Math.ceil(starts.length / 12));
  const ticks = starts.map(({ block, round }, index) => ({
    at: block,
    label: index % every === 0 ? `round ${round + 1}` : '',
  }));
  return { scale: 'linear', min: 0, max: Math.max(1, view.blockCount), title, ticks };
}

function roundRules(view: TimelineCase): RuleSpec[] {
  return view.roundStarts
    .filter(({ block }) => block > 0)
    .map(({ block }) => ({ axis: 'x' as const, at: block, label: '', dashed: false, faint: true }));
}

/** Dropped blocks, each with the letter of its cause; neighbours of one cause share it. */
function bandsOf(view: TimelineCase): BandSpec[] {
  return view.causes.flatMap(({ blocks }, index) =>
    blocks.map((block): BandSpec => {
      const isFirst = !blocks.includes(block - 1);
      return { from: block, to: block + 1, ...(isFirst ? { letter: causeLetter(index) } : {}) };
    }),
  );
}

/** Every word that stands right of a panel or strip of this figure. */
function rightLabels(view: TimelineCase): string[] {
  const arms = view.panels.flatMap((panel) => panel.lines.map((line) => armIdentity(line.arm).label));
  return [...new Set([...arms, ...view.strips.map((strip) => strip.label)])];
}

export function panelChart(view: TimelineCase, panel: TimelinePanel): ChartSpec {
  const series = panel.lines.map((line) => {
    const { label, role } = armIdentity(line.arm);
    return {
      label,
      role,
      style: lineStyle(role),
      points: line.points.map(({ x, y }): [number, number] => [x, chartNumber(y / panel.scale.divisor)]),
    };
  });
  const values = series.flatMap((line) => line.points.map(([, y]) => y)).filter((value) => value > 0);
  const wide = values.length > 0 && greatest(values) / least(values) > LOG_SPAN;
  const title = `${panel.label}, ${panel.scale.unit}`;
  return {
    kind: 'panel',
    x: { ...blockAxis(view, ''), hidden: true },
    y: wide ? logAxis(values, title) : linearAxis(values, title, 4),
    series,
    rules: roundRules(view),
    rightLabels: rightLabels(view),
    bands: bandsOf(view),
  };
}

/** Two clocks can make a share come out a little above all. */
function stripMax(values: readonly number[]): number {
  const worst = Math.ceil(Math.max(0, greatest(values.filter(Number.isFinite))));
  return Math.min(100, Math.max(STRIP_MAX_LEAST, worst));
}

/** Steal, pressure and what the runtimes did under the panels, on their axis. */
export function stripChart(view: TimelineCase): ChartSpec | null {
  if (view.strips.length === 0) return null;
  return {
    kind: 'strips',
    x: blockAxis(view, 'blocks in the order they were measured'),
    y: { scale: 'linear', min: 0, max: view.strips.length, title: '', ticks: [], hidden: true },
    series: [],
    rules: roundRules(view),
    rightLabels: rightLabels(view),
    // The letters stand above, on the panels.
    bands: bandsOf(view).map(({ from, to }) => ({ from, to })),
    strips: view.strips.map(stripSpec),
  };
}

function stripSpec({ label, values, unit }: TimelineStrip): StripSpec {
  const drawn = values.map((value) => (Number.isFinite(value) ? chartNumber(value) : null));
  if (unit === 'percent') return { label, max: stripMax(values), values: drawn };
  const max = Math.max(1, greatest(values.filter(Number.isFinite)));
  const scale = scaleFor('time', [max]);
  return {
    label,
    max: chartNumber(max),
    maxText: `${inScale(scale, max)}\u202f${scale.unit}`,
    values: drawn,
  };
}
