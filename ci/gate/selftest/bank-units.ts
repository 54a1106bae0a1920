import { GATE_ARMS, type GateSide } from '../invocation/gate-arms.js';
import { unitOfLogRatios } from '../statistics/block-unit.js';
import type { InvocationUnits } from '../statistics/gate-decision.js';
import { type GatePlan, gatePlan } from '../statistics/gate-plan.js';
import { FAILED, type Fault, failedArms } from '../verdict/correctness.js';
import { KEPT_SHARE_MIN, metricName } from '../verdict/invocation-units.js';
import {
  type BankHeader,
  type BankInvocation,
  type BankMetric,
  LEDGER_COUNTS,
  RATIO_STEP,
} from './bank-lines.js';

/** From the lines of a bank to what the decision is fed with, by the rules of the gate itself. */

/** The plan of a gate over the noisy metrics alone, since a bank holds no others: counters are decided apart, and are not tried. */
export function bankPlan(metrics: readonly BankMetric[]): GatePlan {
  return gatePlan(
    metrics.map((each) => ({ name: metricName(each), kind: 'noisy', limitPercent: each.limitPercent })),
  );
}

/** Null when the invocation failed, did not have that side, or too few of its blocks are left. */
export function unitsOf(
  { metrics, blocks }: Pick<BankHeader, 'metrics' | 'blocks'>,
  { ratios, failure }: BankInvocation,
  side: GateSide,
): InvocationUnits | null {
  const kept = ratios[side];
  if (failure !== null || kept === null || kept.length !== metrics.length) return null;
  const leastOf = ({ kind }: BankMetric): number =>
    kind === 'tally' ? 1 : Math.max(1, KEPT_SHARE_MIN * blocks);
  if (metrics.some((metric, index) => kept[index].length < leastOf(metric))) return null;
  return Object.fromEntries(
    metrics.map((metric, index) => [
      metricName(metric),
      unitOfLogRatios(kept[index].map((step) => step * RATIO_STEP)),
    ]),
  );
}

/** Before them a ledger says how many were sent and delivered. */
const FAULTS_FROM = LEDGER_COUNTS.indexOf('lost');

/** Which arms failed or left messages unaccounted for, and how; a bank knows fewer kinds of the latter than a gate. */
export function faultsIn({ failure, ledgers }: BankInvocation): Pick<Fault, 'arm' | 'kind'>[] {
  if (failure !== null) return failedArms(failure).map((arm) => ({ arm, kind: FAILED }));
  return GATE_ARMS.flatMap((arm) =>
    LEDGER_COUNTS.slice(FAULTS_FROM)
      .filter((_, place) => (ledgers[arm]?.[FAULTS_FROM + place] ?? 0) !== 0)
      .map((kind) => ({ arm, kind })),
  );
}
