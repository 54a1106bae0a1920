import { DROPPED_SHARE_MAX } from '../statistics/dropped-blocks.js';
import { GateDecision, type InvocationUnits } from '../statistics/gate-decision.js';
import type { GatePlan } from '../statistics/gate-plan.js';
import type { GateVerdict } from '../statistics/gate-state.js';
import { judgeControl } from '../statistics/negative-control.js';
import type { Stretch } from './bank-file.js';
import type { BankInvocation } from './bank-lines.js';
import { faultyArm, unitsOf } from './bank-units.js';

/** A gate as it would have been, had it been asked for at its first invocation. */
export interface PlayedGate {
  verdict: GateVerdict;
  invocations: number;
}

/** From here on the share of dropped blocks ends a gate, as it does while one is measured. */
const DROPS_JUDGED_FROM = 2;

/**
 * Disjoint gates of consecutive invocations of one stretch, uncentred and with everything that a gate looks at besides: faults,
 * drops, the control, and the objections of the preflight. What is left over at the end of the stretch is no gate.
 */
export function wholeGates({ header, invocations }: Stretch, plan: GatePlan): PlayedGate[] {
  const gates: PlayedGate[] = [];
  let under = new GateUnderWay(plan);
  for (const invocation of invocations) {
    const candidate = unitsOf(header, invocation, 'candidate');
    const control = candidate === null ? null : unitsOf(header, invocation, 'control');
    const verdict = under.add(invocation, candidate, control);
    if (verdict === null) continue;
    gates.push({
      verdict: header.objections.length > 0 ? 'inconclusive' : verdict,
      invocations: under.measured,
    });
    under = new GateUnderWay(plan);
  }
  return gates;
}

class GateUnderWay {
  readonly #plan: GatePlan;
  readonly #decision: GateDecision;
  readonly #candidate: InvocationUnits[] = [];
  readonly #control: InvocationUnits[] = [];
  #blocks = 0;
  #dropped = 0;
  measured = 0;

  constructor(plan: GatePlan) {
    this.#plan = plan;
    this.#decision = new GateDecision(plan);
  }

  /** The verdict once there is one. */
  add(
    invocation: BankInvocation,
    candidate: InvocationUnits | null,
    control: InvocationUnits | null,
  ): GateVerdict | null {
    this.measured++;
    const { blocks, causes } = invocation.drops.candidate;
    this.#blocks += blocks;
    this.#dropped += Object.values(causes).reduce((sum, each) => sum + each, 0);
    const faulty = faultyArm(invocation);
    if (faulty === 'candidate') return 'fail';
    if (faulty !== null || invocation.failure !== null) return 'inconclusive';
    if (control !== null) this.#control.push(control);
    const tooMany = this.#dropped > DROPPED_SHARE_MAX * this.#blocks;
    if (tooMany && this.measured >= DROPS_JUDGED_FROM) return 'inconclusive';
    if (candidate === null) return null;
    this.#candidate.push(candidate);
    const state = this.#decision.add(candidate);
    if (state.verdict === null) return null;
    return this.#controlObjects() ? 'inconclusive' : state.verdict;
  }

  #controlObjects(): boolean {
    return this.#plan.metrics.some((metric) => {
      const [control, candidate] = [this.#control, this.#candidate].map((units) =>
        units.map((each) => each[metric.name]),
      );
      return judgeControl(this.#plan, metric, control, candidate).suspect;
    });
  }
}
