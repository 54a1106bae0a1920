import { mean } from '../../../scenarios/harness/statistics/quantile.js';
import { slowdownPercent } from '../statistics/gate-plan.js';
import { locationOf } from '../statistics/hodges-lehmann.js';
import { SIGNED_RANK_VALUES_MAX } from '../statistics/signed-rank.js';
import type { MeasuredSlowdown } from './evidence.js';

const TAIL = 0.025;

/** What the units of a metric say, stretch by stretch. */
export function measuredSlowdown(stretches: readonly (readonly number[])[]): MeasuredSlowdown {
  const units = stretches.flat();
  if (units.length === 0) {
    return { invocations: 0, slowdownPercent: null, interval95: null, deviationPercent: null };
  }
  const location = locationOf(units);
  const bounds =
    units.length > SIGNED_RANK_VALUES_MAX ? null : [location.lowerBound(TAIL), location.upperBound(TAIL)];
  const interval = bounds?.every(Number.isFinite) ? bounds.map(slowdownPercent) : null;
  return {
    invocations: units.length,
    slowdownPercent: slowdownPercent(location.estimate),
    interval95: interval === null ? null : [interval[0], interval[1]],
    deviationPercent: deviationWithin(stretches),
  };
}

/** Pooled over the stretches, each about its own mean: days differ, and a gate measures within one. */
function deviationWithin(stretches: readonly (readonly number[])[]): number | null {
  let squares = 0;
  let freedom = 0;
  for (const units of stretches) {
    if (units.length < 2) continue;
    const middle = mean(units);
    for (const unit of units) squares += (unit - middle) ** 2;
    freedom += units.length - 1;
  }
  return freedom === 0 ? null : 100 * Math.sqrt(squares / freedom);
}
