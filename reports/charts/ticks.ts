import { shortDigits } from '../numbers/digits.js';
import { greatest, least } from '../numbers/order-statistics.js';
import type { AxisSpec, TickSpec } from './chart-spec.js';

/** Round steps (1, 2, 5) that give about `count` ticks from zero to at least `max`. */
export function linearTicks(max: number, count = 5): TickSpec[] {
  const step = niceStep(max / count);
  const ticks: TickSpec[] = [];
  for (let index = 0; index * step <= max * 1.0001; index++) {
    const at = Number((index * step).toPrecision(12));
    ticks.push({ at, label: shortDigits(at) });
  }
  return ticks;
}

function niceStep(raw: number): number {
  if (!(raw > 0)) return 1;
  const decade = 10 ** Math.floor(Math.log10(raw));
  const lead = raw / decade;
  return decade * (lead <= 1 ? 1 : lead <= 2 ? 2 : lead <= 5 ? 5 : 10);
}

/** Grid at every 1–9 of each decade; words at 1, 2, 5, or at decades only when there are many. */
export function logTicks(min: number, max: number, suffix = ''): TickSpec[] {
  const decades = Math.log10(max / min);
  const words = decades > 4 ? [1] : decades > 0.7 ? [1, 2, 5] : [1, 1.5, 2, 3, 4, 5, 6, 7, 8, 9];
  const leads = [...new Set([...words, 1, 2, 3, 4, 5, 6, 7, 8, 9])].sort((a, b) => a - b);
  const ticks: TickSpec[] = [];
  for (let power = Math.floor(Math.log10(min)); power <= Math.ceil(Math.log10(max)); power++) {
    for (const lead of leads) {
      const at = Number((lead * 10 ** power).toPrecision(6));
      if (at < min * 0.9999 || at > max * 1.0001) continue;
      ticks.push({ at, label: words.includes(lead) ? shortDigits(at) + suffix : '' });
    }
  }
  return ticks;
}

/** An axis from zero, with a little air above the largest value. */
export function linearAxis(values: readonly number[], title: string, count = 5): AxisSpec {
  const max = Math.max(0, greatest(values.filter(Number.isFinite))) * 1.04 || 1;
  return { scale: 'linear', min: 0, max, title, ticks: linearTicks(max, count) };
}

/** An axis around the values, not from zero: for what must be seen to rise, or not to. */
export function spanAxis(values: readonly number[], title: string, count = 4): AxisSpec {
  const finite = values.filter(Number.isFinite);
  const low = finite.length > 0 ? least(finite) : 0;
  const high = finite.length > 0 ? greatest(finite) : 1;
  // A little air, and something to look at when nothing moves.
  const air = Math.max((high - low) * 0.08, Math.abs(high) * 0.02, 1e-6);
  const [min, max] = [low >= 0 ? Math.max(0, low - air) : low - air, high + air];
  const step = niceStep((max - min) / count);
  const ticks: TickSpec[] = [];
  for (let index = Math.ceil(min / step); index * step <= max; index++) {
    const at = Number((index * step).toPrecision(12));
    ticks.push({ at, label: shortDigits(at) });
  }
  return { scale: 'linear', min: chartNumber(min), max: chartNumber(max), title, ticks };
}

/** A logarithmic axis around positive values, with air on both sides. */
export function logAxis(values: readonly number[], title: string, suffix = ''): AxisSpec {
  const positive = values.filter((value) => Number.isFinite(value) && value > 0);
  const low = positive.length > 0 ? least(positive) : 1;
  const high = positive.length > 0 ? greatest(positive) : 10;
  const air = Math.max(1.05, (high / low) ** 0.04);
  const [min, max] = [Number((low / air).toPrecision(4)), Number((high * air).toPrecision(4))];
  return { scale: 'log', min, max, title, ticks: logTicks(min, max, suffix) };
}

/** Four significant digits: more cannot be seen, and pages stay small. */
export function chartNumber(value: number): number {
  return Number(value.toPrecision(4));
}
