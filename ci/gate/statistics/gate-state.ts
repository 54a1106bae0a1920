/**
 * What a gate knows after some invocations: the shape of everything that the report, the record and the command show
 * of a decision. Plain data; numbers in percent are slowdowns of a side (5 on the side `faster` is 5 % faster).
 */
export interface GateState {
  /** `looking` and `confirming`: more invocations are needed. `decided`: `verdict` stands. */
  phase: 'looking' | 'confirming' | 'decided';
  verdict: GateVerdict | null;
  /** One sentence for each thing that decided, the weightiest first; while measuring, what is still open. */
  reasons: string[];
  /** Invocations that entered the decision. */
  invocations: number;
  /** How many there must be in all before the state can change; equals `invocations` once decided. */
  invocationsWanted: number;
  /**
   * What further invocations are for. Once no slowdown is open only improvements are: a gate that is short of time may end here
   * and passes.
   */
  openFor: 'slowdown' | 'improvement' | null;
  metrics: MetricState[];
}

/** What ended a gate before it was decided. */
export type EarlyEnd = 'budget' | 'interrupted';

export type GateVerdict = 'pass' | 'fail' | 'inconclusive';

export interface MetricState {
  name: string;
  kind: 'noisy' | 'counter';
  limitPercent: number;
  slower: SideState;
  faster: SideState;
}

export type Side = 'slower' | 'faster';

/**
 * - `open`: not decided yet, or not decided when the gate ended
 * - `cleared`: no change of L on this side
 * - `suspect`: waits for fresh invocations
 * - `confirmed`: a change on this side, and fresh invocations said it again
 * - `unconfirmed`: suspected, and the fresh invocations did not say it
 * - `undecided`: too noisy; the last look excludes neither
 */
export type SideFinding = 'open' | 'cleared' | 'suspect' | 'confirmed' | 'unconfirmed' | 'undecided';

export interface SideState {
  finding: SideFinding;
  /** Why, in words; empty before the first look. */
  reason: string;
  /** Every look at this side until it was decided. */
  looks: SideLook[];
  confirmation: SideConfirmation | null;
}

export interface SideLook {
  invocations: number;
  estimatePercent: number;
  /** At `suspectLevel`; null when so few invocations have no bound at this level. */
  lowerPercent: number | null;
  /** At `passLevel`. */
  upperPercent: number | null;
  suspectLevel: number;
  passLevel: number;
  finding: SideFinding;
}

export interface SideConfirmation {
  freshInvocations: number;
  freshEstimatePercent: number;
  pooledInvocations: number;
  pooledEstimatePercent: number;
  /** At `level`. */
  pooledLowerPercent: number | null;
  level: number;
}
