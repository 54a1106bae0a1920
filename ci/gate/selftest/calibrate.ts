import { median } from '../../../scenarios/harness/statistics/quantile.js';
import { logLimit, slowdownPercent } from '../statistics/gate-plan.js';
import type { Calibration } from './bank-lines.js';
import { SelftestError } from './selftest-error.js';

/**
 * Finds the amount of work that slows a build by so many per cent. The scale is looked for first, by a pair of invocations at
 * a time; then amounts below and above are measured often enough to interpolate between. Work need not slow in proportion:
 * waiting is hidden where somebody waits anyway, until it is too long, and then slows steeply.
 */
export interface CalibrationPlan {
  scoutInvocations: number;
  scoutsMax: number;
  levelInvocations: number;
  /** Shares of the wanted slowdown. */
  levels: readonly [below: number, above: number];
  /** More of them, while these lie on one side of what is wanted or far apart. */
  furtherLevelsMax: number;
}

/** With a noise of 1.3 % per invocation the line is known to 0.3 % in its middle. */
export const CALIBRATION: CalibrationPlan = {
  scoutInvocations: 2,
  scoutsMax: 6,
  levelInvocations: 10,
  levels: [0.7, 1.3],
  furtherLevelsMax: 3,
};

/** What a search takes that is lucky, and the most that one may take. */
export function calibrationInvocations(): { usual: number; max: number } {
  const { scoutInvocations, scoutsMax, levelInvocations, levels, furtherLevelsMax } = CALIBRATION;
  return {
    usual: 2 * scoutInvocations + levels.length * levelInvocations,
    max: scoutsMax * scoutInvocations + (levels.length + furtherLevelsMax) * levelInvocations,
  };
}

/** A scout this near, as a share of what is wanted, has found the scale. */
const NEAR: readonly [number, number] = [0.5, 2];
/** So that a point which saw nothing but noise does not send the next one to infinity. */
const STEP_MAX = 8;
/** The same for levels, which know more. */
const LEVEL_STEP_MAX = 2;
/** Levels whose shares differ by more are too far apart for a line. */
const SPAN_MAX = 1;

/** One measurement of `invocations` at an amount: the units (log ratios) of the metric that is calibrated by. */
export type MeasureAmount = (amount: number, invocations: number) => Promise<readonly number[]>;

interface Point {
  amount: number;
  /** What was seen, as a share of what is wanted. */
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
  const look = async (about: number, invocations: number): Promise<Point> => {
    const amount = sensible(about);
    const units = await measure(amount, invocations);
    const middle = median(units);
    steps.push({ amount, invocations: units.length, slowdownPercent: slowdownPercent(middle) });
    return { amount, share: middle / wanted };
  };
  const scouts: Point[] = [];
  let amount = firstAmount;
  for (let near = false; !near && scouts.length < plan.scoutsMax; ) {
    const scout = await look(amount, plan.scoutInvocations);
    scouts.push(scout);
    amount = amountFor(1, scout, steepness(scouts), STEP_MAX);
    near = scout.share >= NEAR[0] && scout.share <= NEAR[1];
  }
  const levels: Point[] = [];
  const [belowAim, aboveAim] = plan.levels;
  for (const aim of plan.levels)
    levels.push(await look(amount * aim ** (1 / steepness(scouts)), plan.levelInvocations));
  for (let further = plan.furtherLevelsMax; ; further--) {
    const [below, above] = neighbours(levels);
    const steep = Math.max(steepness(scouts), steepness(levels));
    let next: number;
    if (below !== undefined && above !== undefined) {
      // Less work was slower than more.
      if (below.amount >= above.amount) break;
      if (above.share - below.share < SPAN_MAX || further === 0)
        return { amount: sensible(amountBetween(below, above)), calibration: { metric, steps } };
      next = amountFor(1, below, steep, LEVEL_STEP_MAX);
    } else if (below !== undefined) next = amountFor(aboveAim, below, steep, LEVEL_STEP_MAX);
    else if (above !== undefined) next = amountFor(belowAim, above, steep, LEVEL_STEP_MAX);
    else break;
    if (further === 0) break;
    levels.push(await look(next, plan.levelInvocations));
  }
  const tried = steps.map((step) => `${step.amount}: ${step.slowdownPercent.toFixed(1)} %`).join(', ');
  throw new SelftestError(
    'ERR_SELFTEST_CALIBRATION',
    `no amount of work slows ${metric} by ${percent} % for sure (${tried}); free the machine and repeat, or name one with --amount`,
  );
}

/** The points next to what is wanted. */
function neighbours(points: readonly Point[]): [below: Point | undefined, above: Point | undefined] {
  const byAmount = [...points].sort((one, other) => one.amount - other.amount);
  return [byAmount.findLast(({ share }) => share < 1), byAmount.find(({ share }) => share >= 1)];
}

/** Where the line through both reaches what is wanted. */
function amountBetween(below: Point, above: Point): number {
  const way = (1 - below.share) / (above.share - below.share);
  return below.amount + way * (above.amount - below.amount);
}

/**
 * The power of the amount that the slowdown grows with, between the points next to the one that is wanted. 1, in proportion,
 * as long as they are all on one side of it; less than that is taken for noise.
 */
function steepness(points: readonly Point[]): number {
  const [below, above] = neighbours(points);
  if (below === undefined || above === undefined || below.amount >= above.amount) return 1;
  const rise = Math.log(above.share / Math.max(below.share, 1 / STEP_MAX));
  return Math.max(1, rise / Math.log(above.amount / below.amount));
}

/** The amount that is expected to show `share`, from a point and the power; no further than `stepMax` times more or less. */
function amountFor(share: number, { amount, share: seen }: Point, steep: number, stepMax: number): number {
  const step = Math.max(1 / stepMax, Math.min(stepMax, share / Math.max(seen, 1 / STEP_MAX)));
  return amount * step ** (1 / steep);
}

/** Four digits: more are noise, and make lines that nobody can type. */
function sensible(amount: number): number {
  return Number(amount.toPrecision(4));
}
