import { normalQuantile } from '../../../scenarios/harness/statistics/normal.js';
import { GateError } from './gate-error.js';
import { type GatePlan, levelsAt, logLimit, PASS_BELOW, SUSPECT_ABOVE } from './gate-plan.js';
import { unitVariance, type VarianceComponents } from './variance-components.js';

/**
 * Which window length and how many blocks make a gate shortest on a machine of this kind. What an interval needs is
 * variance of the unit divided by invocations, so the best design has the least variance × seconds per invocation.
 */
export interface MeasuredWindow {
  windowMs: number;
  /** What a block takes besides its four windows: discarded starts and draining. */
  blockOverheadMs: number;
  components: VarianceComponents;
}

export interface MeasuringDesign {
  windowMs: number;
  blocks: number;
  invocationSeconds: number;
  unitDeviationPercent: number;
  /** The look at which unchanged code passes 99 times in 100; null: not even at the last one. */
  invocationsToPass: number | null;
  /** The look at which a slowdown of L is suspected 99 times in 100; null: not even at the last one. */
  invocationsToSuspect: number | null;
  /** Whether this noise lets the promise be kept; if not, gates end inconclusive. */
  holdsPromise: boolean;
}

/** Odd, so that the median is a block; fewer have no median worth the name, more hold up the drift between processes. */
const BLOCKS = Array.from({ length: 30 }, (_, index) => 3 + 2 * index);
/** The Hodges–Lehmann estimate of normal values has π/3 times the variance of their mean. */
const HODGES_LEHMANN_VARIANCE = Math.PI / 3;
const WANTED_POWER = 0.99;

/** `startSeconds`: what an invocation takes besides its blocks (processes, connections, warm-up). */
export function suggestDesign(
  plan: GatePlan,
  limitPercent: number,
  windows: readonly MeasuredWindow[],
  startSeconds: number,
): MeasuringDesign {
  const designs = windows.flatMap(({ windowMs, blockOverheadMs, components }) =>
    BLOCKS.map((blocks) => {
      const invocationSeconds = startSeconds + (blocks * (4 * windowMs + blockOverheadMs)) / 1000;
      const variance = unitVariance(components, blocks);
      return { windowMs, blocks, invocationSeconds, variance, cost: variance * invocationSeconds };
    }),
  );
  if (designs.length === 0) {
    throw new GateError(
      'ERR_GATE_ARGUMENT',
      'no window length was measured; give the components of one at least',
    );
  }
  const {
    variance,
    cost: _cost,
    ...best
  } = designs.reduce((least, each) => (each.cost < least.cost ? each : least));
  const deviation = Math.sqrt(variance);
  const reaches = (distance: number, level: (look: number) => number): number | null => {
    const look = plan.looks.findIndex((n, index) => {
      const error = deviation * Math.sqrt(HODGES_LEHMANN_VARIANCE / n);
      return (normalQuantile(1 - level(index)) + normalQuantile(WANTED_POWER)) * error <= distance;
    });
    return look === -1 ? null : plan.looks[look];
  };
  const toPass = reaches(logLimit(limitPercent, PASS_BELOW), (look) => levelsAt(plan, look).pass);
  const toSuspect = reaches(
    logLimit(limitPercent) - logLimit(limitPercent, SUSPECT_ABOVE),
    (look) => levelsAt(plan, look).suspect,
  );
  return {
    ...best,
    unitDeviationPercent: 100 * deviation,
    invocationsToPass: toPass,
    invocationsToSuspect: toSuspect,
    holdsPromise: toPass !== null && toSuspect !== null,
  };
}
