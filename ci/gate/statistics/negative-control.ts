import { standardDeviation } from '../../../scenarios/harness/statistics/quantile.js';
import { type GatedMetric, type GatePlan, logLimit, SUSPECT_ABOVE, slowdownPercent } from './gate-plan.js';
import { hodgesLehmann } from './hodges-lehmann.js';
import { studentTail } from './student-tail.js';

/**
 * Base against base, measured by the same machinery in every fourth invocation, judged once, when the gate comes to its
 * verdict. It objects where the base differs from itself by more than 0.7 L, and by more than noise explains. How large that
 * is the candidate's units say: there are four times as many of them, and of three control units nothing can be learned about
 * their own spread.
 */
export interface ControlFinding {
  metric: string;
  invocations: number;
  /** Null without an invocation. */
  estimatePercent: number | null;
  suspect: boolean;
  reason: string;
}

/** Most chance that a sound machine is objected to, over all metrics: one gate in two hundred. */
export const CONTROL_CHANCE = 0.005;
/** The Hodges–Lehmann estimate of normal values has π/3 times the variance of their mean. */
const HODGES_LEHMANN_VARIANCE = Math.PI / 3;

/** @param candidate the units of the same metric against the candidate, whose spread is that of a pair of processes, too */
export function judgeControl(
  plan: GatePlan,
  { name, limitPercent }: GatedMetric,
  units: readonly number[],
  candidate: readonly number[],
): ControlFinding {
  if (units.length === 0) {
    return {
      ...{ metric: name, invocations: 0, estimatePercent: null, suspect: false },
      reason: `${name}: no control measured`,
    };
  }
  const estimate = hodgesLehmann(units);
  const percent = slowdownPercent(estimate);
  const error = standardDeviation(candidate) * Math.sqrt(HODGES_LEHMANN_VARIANCE / units.length);
  const noisy = plan.metrics.filter(({ kind }) => kind === 'noisy').length;
  const chance = estimate === 0 ? 1 : studentTail(estimate / error, candidate.length - 1);
  const suspect =
    Math.abs(estimate) > logLimit(limitPercent, SUSPECT_ABOVE) &&
    chance < CONTROL_CHANCE / Math.max(1, noisy);
  const seen = `${name}: the base differs from itself by ${percent.toFixed(2)} % in ${units.length} invocations`;
  const reason = suspect
    ? `${seen}, more than noise explains (p = ${chance.toPrecision(2)}): this machine shows differences that are not there`
    : seen;
  return { metric: name, invocations: units.length, estimatePercent: percent, suspect, reason };
}
