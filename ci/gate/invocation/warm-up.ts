import type { CaseParameters } from '../../../scenarios/harness/case-parameters.js';
import { throwIfInterrupted } from '../../../scenarios/harness/interruption.js';
import type { GeneratorWindow, LoadGenerator } from '../../../scenarios/harness/load-generator.js';
import { median } from '../../../scenarios/harness/statistics/quantile.js';
import type { Random } from '../../../scenarios/harness/statistics/random.js';
import { groupName } from './arm-failure.js';
import type { GateArm } from './gate-arms.js';
import type { WarmUpPlan } from './invocation-plan.js';

export interface WarmedUp {
  passes: number;
  seconds: number;
  /** Whether the last windows of every arm agreed before the time was up. */
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

/** Whether the last rates differ by little enough. */
export function agree(rates: readonly number[], { windows, agreement }: WarmUpPlan): boolean {
  const last = rates.slice(-windows);
  if (last.length < windows) return false;
  return Math.max(...last) - Math.min(...last) <= agreement * median(last);
}

function rateOf({ operations, startNs, endNs }: GeneratorWindow): number {
  return (operations / (endNs - startNs)) * 1e9;
}
