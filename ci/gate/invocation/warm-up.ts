import type { CaseParameters } from '../../../scenarios/harness/case-parameters.js';
import { throwIfInterrupted } from '../../../scenarios/harness/interruption.js';
import type { GeneratorWindow, LoadGenerator } from '../../../scenarios/harness/load-generator.js';
import { median, standardDeviation } from '../../../scenarios/harness/statistics/quantile.js';
import type { Random } from '../../../scenarios/harness/statistics/random.js';
import { groupName } from './arm-failure.js';
import type { GateArm } from './gate-arms.js';
import type { WarmUpPlan } from './invocation-plan.js';

export interface WarmedUp {
  passes: number;
  seconds: number;
  /** Whether the last windows of every arm agreed with those before them until the time was up. */
  agreed: boolean;
  /** Operations per second of the last windows, their median. */
  rates: Map<GateArm, number>;
}

/**
 * Windows of every arm in turn until the last ones of each agree, or the time is up: then compiled code is compiled,
 * pools are filled, and what is left is the machine.
 */
export async function warmUp(
  arms: readonly GateArm[],
  generator: LoadGenerator,
  [what, parameters]: readonly [what: string, parameters: CaseParameters],
  plan: WarmUpPlan & { discardNs: number },
  random: Random,
  signal: AbortSignal,
): Promise<WarmedUp> {
  const startMs = performance.now();
  const rates = new Map<GateArm, number[]>(arms.map((arm) => [arm, []]));
  const seconds = (): number => (performance.now() - startMs) / 1_000;
  let passes = 0;
  let agreed = false;
  while (!agreed && (passes === 0 || seconds() < plan.secondsMax)) {
    throwIfInterrupted(signal);
    const order = random.shuffled(arms);
    const windows = await generator.run(
      order.map((arm) => ({
        group: groupName(arm, what),
        discardNs: plan.discardNs,
        measureNs: plan.windowNs,
      })),
      parameters,
    );
    for (const [index, window] of windows.entries()) rates.get(order[index])?.push(rateOf(window));
    passes++;
    agreed = [...rates.values()].every((each) => agree(each, plan));
  }
  const last = [...rates].map(([arm, each]): [GateArm, number] => [arm, median(each.slice(-plan.windows))]);
  return { passes, seconds: seconds(), agreed, rates: new Map(last) };
}

/** What two standard errors explain is noise of the windows, and no warming. */
const ERRORS = 2;
/** The median of n normal values varies π/2 times as much as their mean, and there are two of them. */
const DIFFERENCE_VARIANCE = 2 * (Math.PI / 2);

/**
 * Whether the last windows say the same as those before them: their medians differ by no more than `agreement`, or by no
 * more than the noise of the last ones explains. Those before them may still have been warming, and spread for that.
 */
export function agree(
  rates: readonly number[],
  { windows, agreement }: Pick<WarmUpPlan, 'windows' | 'agreement'>,
): boolean {
  if (rates.length < 2 * windows) return false;
  const last = rates.slice(-windows);
  const [before, now] = [rates.slice(-2 * windows, -windows), last].map(median);
  const noise = (standardDeviation(last) / now) * Math.sqrt(DIFFERENCE_VARIANCE / windows);
  return Math.abs(now / before - 1) <= Math.max(agreement, ERRORS * noise);
}

function rateOf({ operations, startNs, endNs }: GeneratorWindow): number {
  return (operations / (endNs - startNs)) * 1e9;
}
