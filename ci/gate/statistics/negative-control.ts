import {
  type GatedMetric,
  type GatePlan,
  logLimit,
  SUSPECT_ABOVE,
  SUSPECT_ESTIMATE_ABOVE,
  slowdownPercent,
} from './gate-plan.js';
import { locationOf } from './hodges-lehmann.js';

/**
 * Base against base, measured by the same machinery in every fourth invocation. A gate that would suspect this series
 * would suspect anything. It is judged once, when the gate comes to its verdict, and that is its last look: a bound above
 * 0.7 L, or an estimate above 0.85 L, on either side.
 */
export interface ControlFinding {
  metric: string;
  invocations: number;
  /** Null without an invocation. */
  estimatePercent: number | null;
  suspect: boolean;
  reason: string;
}

export function judgeControl(plan: GatePlan, metric: GatedMetric, units: readonly number[]): ControlFinding {
  const { name, limitPercent } = metric;
  if (units.length === 0) {
    return {
      metric: name,
      invocations: 0,
      estimatePercent: null,
      suspect: false,
      reason: `${name}: no control measured`,
    };
  }
  const { estimate, lowerBound, upperBound } = locationOf(units);
  const noisy = plan.metrics.filter(({ kind }) => kind === 'noisy').length;
  const level = plan.suspicionChance / (2 * Math.max(1, noisy));
  const bound = Math.max(lowerBound(level), -upperBound(level));
  const suspect =
    bound > logLimit(limitPercent, SUSPECT_ABOVE) ||
    Math.abs(estimate) > logLimit(limitPercent, SUSPECT_ESTIMATE_ABOVE);
  const percent = slowdownPercent(estimate);
  const seen = `${name}: the base differs from itself by ${percent.toFixed(2)} % in ${units.length} invocations`;
  const reason = suspect ? `${seen}; this machine shows differences that are not there` : seen;
  return { metric: name, invocations: units.length, estimatePercent: percent, suspect, reason };
}
