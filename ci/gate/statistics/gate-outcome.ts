import { type BlockFate, type DropFinding, judgeDrops } from './dropped-blocks.js';
import type { InvocationUnits } from './gate-decision.js';
import type { GatePlan } from './gate-plan.js';
import type { GateState, GateVerdict } from './gate-state.js';
import { type ControlFinding, judgeControl } from './negative-control.js';

/**
 * The verdict of the whole gate: the decision, unless what was measured beside it says that this machine could not
 * measure. Then neither pass nor fail means anything, except of counters, which no machine's speed can move.
 */
export interface GateOutcome {
  verdict: GateVerdict;
  reasons: string[];
  decision: GateState;
  control: ControlFinding[];
  drops: DropFinding;
}

export interface GateEvidence {
  /** Those that the decision was fed with: their spread is what the control is held against. */
  units: readonly InvocationUnits[];
  /** Base against base, in the order of time. */
  control: readonly InvocationUnits[];
  /** Every block of every invocation, dropped or not. */
  blocks: readonly BlockFate[];
  /** What else makes the machine unfit, in words: from the preflight. */
  objections?: readonly string[];
}

/** `decision` must be decided: `decideGate` with an early end gives a verdict before the time is up. */
export function concludeGate(plan: GatePlan, decision: GateState, evidence: GateEvidence): GateOutcome {
  const control = plan.metrics
    .filter(({ kind }) => kind === 'noisy')
    .map((metric) =>
      judgeControl(
        plan,
        metric,
        unitsOf(metric.name, evidence.control),
        unitsOf(metric.name, evidence.units),
      ),
    );
  const drops = judgeDrops(evidence.blocks);
  const objections = [
    ...(evidence.objections ?? []),
    ...control.filter(({ suspect }) => suspect).map(({ reason }) => reason),
    ...(drops.objection === null ? [] : [drops.objection]),
  ];
  const counterFailed = decision.metrics.some(
    ({ kind, slower }) => kind === 'counter' && slower.finding === 'confirmed',
  );
  const decided = decision.verdict ?? 'inconclusive';
  const verdict = objections.length > 0 && !counterFailed ? 'inconclusive' : decided;
  const reasons = counterFailed ? [...decision.reasons, ...objections] : [...objections, ...decision.reasons];
  return { verdict, reasons, decision, control, drops };
}

/** What a third process of the base did not count is left out. */
function unitsOf(name: string, invocations: readonly InvocationUnits[]): number[] {
  return invocations.flatMap((units) => units[name] ?? []);
}
