import type { Interval } from '../../scenarios/harness/record.js';
import { NOT_AVAILABLE, THIN_SPACE, threeDigitsFixed } from './digits.js';

/** `21.4×` */
export function ratioText(ratio: number): string {
  return Number.isFinite(ratio) ? `${threeDigitsFixed(ratio)}×` : NOT_AVAILABLE;
}

/** `[20.6, 22.3]`, or an empty string where there is no interval. */
export function intervalText(interval: Interval | null): string {
  if (!interval) return '';
  return `[${threeDigitsFixed(interval[0])}, ${threeDigitsFixed(interval[1])}]`;
}

/** `21.4× [20.6, 22.3]`, with the interval left out where there is none. */
export function ratioWithInterval(ratio: number, interval: Interval | null): string {
  const bounds = intervalText(interval);
  return bounds ? `${ratioText(ratio)} ${bounds}` : ratioText(ratio);
}

/** Slowdown that a ratio stands for, in per cent: (1 ÷ ratio − 1) × 100. */
export function slowdownPercent(ratio: number): number {
  return (1 / ratio - 1) * 100;
}

/** A ratio in words for a sentence: `2.4 % slower`, `21.4× the baseline` is left to the caller. */
export function differenceText(ratio: number): string {
  const slowdown = slowdownPercent(ratio);
  const size = threeDigitsFixed(Math.abs(slowdown));
  if (Math.abs(slowdown) < 0.05) return 'as fast';
  return `${size}${THIN_SPACE}% ${slowdown > 0 ? 'slower' : 'faster'}`;
}
