import { DROPPED_SHARE_MAX } from '../statistics/dropped-blocks.js';
import { GateDecision, type InvocationUnits } from '../statistics/gate-decision.js';
import type { GatePlan } from '../statistics/gate-plan.js';
import type { GateVerdict } from '../statistics/gate-state.js';
import { judgeControl } from '../statistics/negative-control.js';
import { ofCandidateAlone } from '../verdict/correctness.js';
import { UNUSABLE_MAX } from '../verdict/invocation-units.js';
import { DROPS_JUDGED_FROM } from '../verdict/judge-raw.js';
import type { Stretch } from './bank-file.js';
import type { BankInvocation } from './bank-lines.js';
import { faultsIn, unitsOf } from './bank-units.js';

/** A gate as it would have been, had it been asked for at its first invocation. */
export interface PlayedGate {
  verdict: GateVerdict;
  invocations: number;
}

/** What is left over at the end of a stretch is no gate. */
export interface PlayedStretch {
  whole: PlayedGate[];
  /**
   * Whether what was left over had come to a look and needed more. Such gates are longer than others, so that to leave them
   * out favours what is decided early, and has to be told.
   */
  unfinished: boolean;
}

/**
 * Disjoint gates of consecutive invocations of one stretch, uncentred and with everything that a gate looks at besides: faults,
 * drops, the control, and what the preflight objected when it was last asked before the gate began.
 */
export function playGates({ header, invocations }: Stretch, plan: GatePlan): PlayedStretch {
  const whole: PlayedGate[] = [];
  let under: GateUnderWay | null = null;
  let { objections } = header;
  for (const invocation of invocations) {
    objections = invocation.objections ?? objections;
    under ??= new GateUnderWay(plan, objections.length > 0);
    const candidate = unitsOf(header, invocation, 'candidate');
    const control = candidate === null ? null : unitsOf(header, invocation, 'control');
    const verdict = under.add(invocation, candidate, control);
    if (verdict === null) continue;
    whole.push({
      verdict: under.isObjectedTo ? 'inconclusive' : verdict,
      invocations: under.measured,
    });
    under = null;
  }
  return { whole, unfinished: under?.looked ?? false };
}

class GateUnderWay {
  readonly #plan: GatePlan;
  readonly #decision: GateDecision;
  readonly #candidate: InvocationUnits[] = [];
  readonly #control: InvocationUnits[] = [];
  #blocks = 0;
  #dropped = 0;
  measured = 0;

  constructor(
    plan: GatePlan,
    readonly isObjectedTo: boolean,
  ) {
    this.#plan = plan;
    this.#decision = new GateDecision(plan);
  }

  get looked(): boolean {
    return this.#candidate.length >= this.#plan.looks[0];
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
    const faults = faultsIn(invocation);
    if (faults.length > 0) return ofCandidateAlone(faults).length > 0 ? 'fail' : 'inconclusive';
    if (control !== null) this.#control.push(control);
    const tooMany = this.#dropped > DROPPED_SHARE_MAX * this.#blocks;
    if (tooMany && this.measured >= DROPS_JUDGED_FROM) return 'inconclusive';
    if (candidate === null) {
      return this.measured - this.#candidate.length > UNUSABLE_MAX ? 'inconclusive' : null;
    }
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
