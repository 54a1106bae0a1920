import { createRandom, type Random } from '../../../../scenarios/harness/statistics/random.js';
import { drawNormal } from '../draw-normal.js';
import { decideGate, type InvocationUnits } from '../gate-decision.js';
import { type GatePlan, gatePlan } from '../gate-plan.js';
import type { GateState } from '../gate-state.js';

export function simulatedNormal(count: number, seed: number, deviation: number, centre = 0): number[] {
  const random = createRandom(seed);
  return Array.from({ length: count }, () => centre + deviation * drawNormal(random));
}

/** One noisy metric `rate` at 5 %. */
export const RATE_PLAN: GatePlan = gatePlan([{ name: 'rate', kind: 'noisy', limitPercent: 5 }]);

export function rateUnits(units: readonly number[]): InvocationUnits[] {
  return units.map((rate) => ({ rate }));
}

/** The most invocations a gate of the default plan takes. */
export const INVOCATIONS_MAX = 120;

/** A whole gate on normal noise; `slowdownsPercent` and the deviation are those of every metric of the plan. */
export function simulatedGate(
  plan: GatePlan,
  random: Random,
  deviation: number,
  slowdownsPercent: Readonly<Record<string, number>>,
): GateState {
  const centres = plan.metrics.map(
    ({ name }) => [name, Math.log1p((slowdownsPercent[name] ?? 0) / 100)] as const,
  );
  const invocations = Array.from({ length: INVOCATIONS_MAX }, () =>
    Object.fromEntries(centres.map(([name, centre]) => [name, centre + deviation * drawNormal(random)])),
  );
  return decideGate(plan, invocations);
}
