import { formatRatio, significant } from '../format-number.js';
import type { FittedRecord, ScalingRecord } from '../record.js';

/** What a run prints about how work grows with threads: the law of each arm, and what it says beyond the cores. */
export function scalingLines(scaling: readonly ScalingRecord[]): string[] {
  return [
    'scaling (the ALU loop divided out; projections are no results)',
    ...scaling.flatMap((record) => [measuredLine(record), ...projectedLine(record)]),
  ];
}

function measuredLine({ work, arm, points, sigma, kappa, determined }: ScalingRecord): string {
  const several = points.filter(({ threads }) => threads > 1);
  const measured = several.map(({ threads, ...figure }) => `${threads} threads ${ratio(figure)}`).join(', ');
  const split = determined ? '' : ' (the split between them is open)';
  return `  ${work} ${arm}: ${measured}; σ ${coefficient(sigma)}, κ ${coefficient(kappa)}${split}`;
}

/** The numbers of threads that double, as the scenario asks for them. */
function projectedLine({ curve }: ScalingRecord): string[] {
  const beyond = curve.filter(({ threads, projected }) => projected && Number.isInteger(Math.log2(threads)));
  if (beyond.length === 0) return [];
  const figures = beyond.map(({ threads, ...figure }) => `${threads} threads ${ratio(figure)}`);
  return [`    projected: ${figures.join(', ')}`];
}

function ratio({ value, ci95 }: FittedRecord): string {
  return formatRatio(value, ci95);
}

function coefficient({ value, ci95 }: FittedRecord): string {
  const interval = ci95 === null ? '' : ` [${significant(ci95[0])}, ${significant(ci95[1])}]`;
  return `${significant(value)}${interval}`;
}
