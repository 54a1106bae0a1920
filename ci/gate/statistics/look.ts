import {
  FRESH_ESTIMATE_ABOVE,
  type GatePlan,
  levelsAt,
  logLimit,
  PASS_BELOW,
  SUSPECT_ABOVE,
  SUSPECT_ESTIMATE_ABOVE,
  slowdownPercent,
} from './gate-plan.js';
import type { Side, SideConfirmation, SideFinding, SideLook } from './gate-state.js';
import { type Location, locationOf } from './hodges-lehmann.js';

/** The same location seen from a side: faster is slower with the arms swapped, to the bit. */
function seenFrom(side: Side, location: Location): Location {
  if (side === 'slower') return location;
  return {
    n: location.n,
    estimate: -location.estimate,
    lowerBound: (level) => -location.upperBound(level),
    upperBound: (level) => -location.lowerBound(level),
  };
}

/** One look at one side of one metric. `look` is the index in `plan.looks`; `units` are those of that many invocations. */
export function lookAt(
  plan: GatePlan,
  look: number,
  limitPercent: number,
  location: Location,
  side: Side,
): SideLook {
  const { estimate, lowerBound, upperBound } = seenFrom(side, location);
  const { pass: passLevel, suspect: suspectLevel } = levelsAt(plan, look);
  const lower = lowerBound(suspectLevel);
  const upper = upperBound(passLevel);
  const limitAt = (share: number): number => logLimit(limitPercent, share);
  const last = look === plan.looks.length - 1;
  let finding: SideFinding = 'open';
  // Suspicion comes first: a slowdown shown to be above 0.7 L does not pass because it is also shown to be below 0.9 L.
  if (lower > limitAt(SUSPECT_ABOVE)) finding = 'suspect';
  else if (last && estimate > limitAt(SUSPECT_ESTIMATE_ABOVE)) finding = 'suspect';
  else if (upper < limitAt(PASS_BELOW)) finding = 'cleared';
  else if (last) finding = upper < limitAt(1) ? 'cleared' : 'undecided';
  return {
    invocations: location.n,
    estimatePercent: slowdownPercent(estimate),
    lowerPercent: finitePercent(lower),
    upperPercent: finitePercent(upper),
    suspectLevel,
    passLevel,
    finding,
  };
}

/** A suspect of look `look`, judged by the units of that look and the fresh ones after it. */
export function confirm(
  plan: GatePlan,
  look: number,
  limitPercent: number,
  units: readonly number[],
  side: Side,
): { confirmed: boolean; confirmation: SideConfirmation } {
  const fresh = seenFrom(side, locationOf(units.slice(plan.looks[look])));
  const pooled = seenFrom(side, locationOf(units));
  const level = levelsAt(plan, look).fail;
  const lower = pooled.lowerBound(level);
  const confirmed =
    fresh.estimate > logLimit(limitPercent, FRESH_ESTIMATE_ABOVE) &&
    lower > logLimit(limitPercent, SUSPECT_ABOVE);
  const confirmation = {
    freshInvocations: fresh.n,
    freshEstimatePercent: slowdownPercent(fresh.estimate),
    pooledInvocations: pooled.n,
    pooledEstimatePercent: slowdownPercent(pooled.estimate),
    pooledLowerPercent: finitePercent(lower),
    level,
  };
  return { confirmed, confirmation };
}

/** JSON has no infinity; what has no bound says so. */
function finitePercent(bound: number): number | null {
  return Number.isFinite(bound) ? slowdownPercent(bound) : null;
}
