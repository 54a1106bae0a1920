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

/** A whole gate on normal noise; the deviation is that of every metric of the plan, or each has its own. */
export function simulatedGate(
  plan: GatePlan,
  random: Random,
  deviation: number | Readonly<Record<string, number>>,
  slowdownsPercent: Readonly<Record<string, number>>,
): GateState {
  const metrics = plan.metrics.map(({ name }) => ({
    name,
    centre: Math.log1p((slowdownsPercent[name] ?? 0) / 100),
    deviation: typeof deviation === 'number' ? deviation : deviation[name],
  }));
  const invocations = Array.from({ length: INVOCATIONS_MAX }, () =>
    Object.fromEntries(metrics.map((each) => [each.name, each.centre + each.deviation * drawNormal(random)])),
  );
  return decideGate(plan, invocations);
}
