import { median } from '../../../scenarios/harness/statistics/quantile.js';
import { logLimit, slowdownPercent } from '../statistics/gate-plan.js';
import type { Calibration } from './bank-lines.js';
import { SelftestError } from './selftest-error.js';

/**
 * Finds the amount of work that slows a build by so many per cent. The scale is looked for first, by a pair of invocations at
 * a time; then amounts below and above are measured often enough to interpolate between. Work need not slow in proportion:
 * a late wake-up is hidden until the server is late for the next message, and then slows steeply.
 */
export interface CalibrationPlan {
  scoutInvocations: number;
  scoutsMax: number;
  levelInvocations: number;
  /** Shares of the wanted slowdown. */
  levels: readonly number[];
}

/** With a noise of 1.3 % per invocation the line is known to 0.3 % in its middle. */
export const CALIBRATION: CalibrationPlan = {
  scoutInvocations: 2,
  scoutsMax: 6,
  levelInvocations: 10,
  levels: [0.7, 1.3],
};

/** A scout this near, as a share of what is wanted, has found the scale. */
const NEAR: readonly [number, number] = [0.5, 2];
/** So that a scout which saw nothing but noise does not send the next one to infinity. */
const STEP_MAX = 8;

/** One measurement of `invocations` at an amount: the units (log ratios) of the metric that is calibrated by. */
export type MeasureAmount = (amount: number, invocations: number) => Promise<readonly number[]>;

interface Scout {
  amount: number;
  /** What it saw, as a share of what is wanted. */
  share: number;
}

export async function calibrate(
  metric: string,
  percent: number,
  firstAmount: number,
  measure: MeasureAmount,
  plan: CalibrationPlan = CALIBRATION,
): Promise<{ amount: number; calibration: Calibration }> {
  const wanted = logLimit(percent);
  const steps: Calibration['steps'] = [];
  const points: { amount: number; unit: number }[] = [];
  const look = async (amount: number, invocations: number): Promise<number> => {
    const units = await measure(amount, invocations);
    const middle = median(units);
    steps.push({ amount, invocations: units.length, slowdownPercent: slowdownPercent(middle) });
    points.push(...units.map((unit) => ({ amount, unit })));
    return middle;
  };
  const scouts: Scout[] = [];
  let amount = firstAmount;
  for (let scout = 0; scout < plan.scoutsMax; scout++) {
    const share = (await look(amount, plan.scoutInvocations)) / wanted;
    scouts.push({ amount, share });
    amount = sensible(
      amount * Math.min(STEP_MAX, 1 / Math.max(share, 1 / STEP_MAX)) ** (1 / steepness(scouts)),
    );
    if (share >= NEAR[0] && share <= NEAR[1]) break;
    // A scale that was far off says nothing about the line near the wanted slowdown.
    points.length = 0;
  }
  const levels = plan.levels.map((level) => amount * level ** (1 / steepness(scouts)));
  for (const level of levels) await look(sensible(level), plan.levelInvocations);
  const found = amountAt(points, wanted);
  const nearest = Math.min(...levels) * NEAR[0];
  const furthest = Math.max(...levels) * NEAR[1];
  if (!(found >= nearest && found <= furthest)) {
    const tried = steps.map((step) => `${step.amount}: ${step.slowdownPercent.toFixed(1)} %`).join(', ');
    throw new SelftestError(
      'ERR_SELFTEST_CALIBRATION',
      `no amount of work slows ${metric} by ${percent} % for sure (${tried}); free the machine and repeat, or name one with --amount`,
    );
  }
  return { amount: sensible(found), calibration: { metric, steps } };
}

/**
 * The power of the amount that the slowdown grows with, between the scouts next to the one that is wanted. 1, in proportion,
 * as long as they are all on one side of it; less than that is taken for noise.
 */
function steepness(scouts: readonly Scout[]): number {
  const byAmount = [...scouts].sort((one, other) => one.amount - other.amount);
  const below = byAmount.findLast(({ share }) => share < 1);
  const above = byAmount.find(({ share }) => share >= 1);
  if (below === undefined || above === undefined || below.amount >= above.amount) return 1;
  const rise = Math.log(above.share / Math.max(below.share, 1 / STEP_MAX));
  return Math.max(1, rise / Math.log(above.amount / below.amount));
}

/** Where the least-squares line through the points reaches `wanted`; NaN where it does not rise. */
export function amountAt(points: readonly { amount: number; unit: number }[], wanted: number): number {
  const count = points.length;
  const amountMean = points.reduce((sum, { amount }) => sum + amount, 0) / count;
  const unitMean = points.reduce((sum, { unit }) => sum + unit, 0) / count;
  let together = 0;
  let spread = 0;
  for (const { amount, unit } of points) {
    together += (amount - amountMean) * (unit - unitMean);
    spread += (amount - amountMean) ** 2;
  }
  const slope = together / spread;
  return slope > 0 ? amountMean + (wanted - unitMean) / slope : Number.NaN;
}

/** Four digits: more are noise, and make lines that nobody can type. */
function sensible(amount: number): number {
  return Number(amount.toPrecision(4));
}
