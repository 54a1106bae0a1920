import { ratioText } from '../numbers/ratio.js';
import { armIdentity } from '../view-model/arm-identity.js';
import type { PairedCase, PairedLine } from '../view-model/paired-view.js';
import type { ChartSpec, TickSpec } from './chart-spec.js';
import { chartNumber, logAxis } from './ticks.js';

/** The ratios of one pair of arms over the rounds, logarithmic, with a line at their median and, where it is near, at 1×. */
export function pairedChart({ arm, metricLabel, lines, rounds }: PairedCase, line: PairedLine): ChartSpec {
  const { label, role } = armIdentity(line.against);
  const points = line.ratios.map((ratio, index): [number, number] => [
    line.rounds[index]! + 1,
    chartNumber(ratio),
  ]);
  const numbers = rounds.map((round) => round + 1);
  const y = logAxis(
    points.map(([, ratio]) => ratio),
    `${armIdentity(arm).label} ÷ ${label}, ${metricLabel}: better is up`,
    '×',
  );
  return {
    kind: 'rounds',
    x: {
      ...{ scale: 'linear', min: 0.5, max: numbers.at(-1)! + 0.5, ticks: roundTicks(numbers) },
      ...(line === lines.at(-1) ? { title: 'round' } : { title: '', hidden: true }),
    },
    y,
    series: [{ label, role, style: 'points', points }],
    // The panels of a figure stand under each other.
    rightLabels: lines.map(medianLabel),
    rules: [
      ...(y.min < 1 && y.max > 1 ? [{ axis: 'y' as const, at: 1, label: '', dashed: false }] : []),
      {
        axis: 'y',
        at: chartNumber(line.median),
        label: medianLabel(line),
        dashed: true,
        role,
      },
    ],
  };
}

function medianLabel({ median }: PairedLine): string {
  return `median ${ratioText(median)}`;
}

/** Rounds in which the case took no part have no tick. */
function roundTicks(numbers: readonly number[]): TickSpec[] {
  const every = Math.max(1, Math.ceil(numbers.length / 20));
  return numbers.map((at, index) => ({ at, label: index % every === 0 ? String(at) : '' }));
}
