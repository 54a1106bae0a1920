import { lookAtCounter } from './counter.js';
import { GateError } from './gate-error.js';
import type { GatedMetric, GatePlan } from './gate-plan.js';
import type { EarlyEnd, GateState, MetricState, Side, SideState } from './gate-state.js';
import { confirmationWords, endWords, lookWords, measuringWords, verdictWords } from './gate-words.js';
import { locationOf } from './hodges-lehmann.js';
import { confirm, lookAt } from './look.js';

/**
 * The gate's decision, as a pure function of the units: the same invocations give the same state, byte for byte as
 * JSON, so a resumed or replayed gate decides as the first one did. No clock, no chance, no I/O.
 */

/**
 * The units of one invocation by metric: log ratios, positive is slower (`block-unit.ts`). All noisy metrics, always; a
 * counter is left out where this invocation did not count it.
 */
export type InvocationUnits = Readonly<Record<string, number>>;

const SIDES: readonly Side[] = ['slower', 'faster'];

/** A gate under way: feed it invocations while its state is not decided. */
export class GateDecision {
  readonly #plan: GatePlan;
  readonly #invocations: InvocationUnits[] = [];
  #state: GateState;

  constructor(plan: GatePlan) {
    this.#plan = plan;
    this.#state = decideGate(plan, []);
  }

  get state(): GateState {
    return this.#state;
  }

  /** Throws `GateError` for a unit that is missing or not a number, and after the verdict. */
  add(units: InvocationUnits): GateState {
    if (this.#state.phase === 'decided') {
      throw new GateError(
        'ERR_GATE_DECIDED',
        `the gate is decided (${this.#state.verdict} after ${this.#state.invocations} invocations); start another one`,
      );
    }
    checkUnits(this.#plan, units, this.#invocations.length);
    this.#invocations.push(units);
    if (this.#invocations.length < this.#state.invocationsWanted) {
      this.#state = { ...this.#state, invocations: this.#invocations.length };
      return this.#state;
    }
    this.#state = decideGate(this.#plan, this.#invocations);
    return this.#state;
  }

  /** Ends an undecided gate; a verdict that stands is kept. */
  end(why: EarlyEnd): GateState {
    this.#state = decideGate(this.#plan, this.#invocations, why);
    return this.#state;
  }
}

/**
 * The state after these invocations. Those after the verdict are not looked at (`state.invocations` says how many
 * were); with `ended` the gate is decided with what there is.
 */
export function decideGate(
  plan: GatePlan,
  invocations: readonly InvocationUnits[],
  ended?: EarlyEnd,
): GateState {
  const metrics = plan.metrics.map(freshMetric);
  const counters = metrics.filter((metric) => metric.kind === 'counter');
  const noisy = metrics.filter((metric) => metric.kind === 'noisy');
  const unitsOf = (metric: MetricState, count: number): number[] => {
    const units: number[] = [];
    for (let index = 0; index < count; index++) {
      checkUnits(plan, invocations[index], index);
      const unit: number | undefined = invocations[index][metric.name];
      if (unit !== undefined) units.push(unit);
    }
    return units;
  };
  const short = (wanted: number, phase: 'looking' | 'confirming'): GateState | null =>
    invocations.length >= wanted ? null : undecided(metrics, phase, invocations.length, wanted, ended);

  for (const [look, count] of plan.counterLooks.entries()) {
    const open = counters.filter(({ slower }) => slower.finding === 'open');
    if (open.length === 0) break;
    const waiting = short(count, 'looking');
    if (waiting !== null) return waiting;
    const last = look === plan.counterLooks.length - 1;
    for (const metric of open)
      lookAtCounter(metric, { units: unitsOf(metric, count), invocations: count, last });
    if (counters.some(({ slower }) => slower.finding === 'confirmed')) return decided(metrics, count);
    if (noisy.length === 0 && !counters.some(({ slower }) => slower.finding === 'open')) {
      return decided(metrics, count);
    }
  }
  for (const [look, count] of plan.looks.entries()) {
    const waiting = short(count, 'looking');
    if (waiting !== null) return waiting;
    for (const metric of noisy) takeLook(plan, look, metric, unitsOf(metric, count));
    if (confirmsNow(noisy)) {
      const wanted = count + plan.confirmationInvocations;
      const confirming = short(wanted, 'confirming');
      if (confirming !== null) return confirming;
      for (const metric of noisy) confirmSuspects(plan, look, metric, unitsOf(metric, wanted));
      return decided(metrics, wanted);
    }
    if (!sidesOf(noisy).some(({ finding }) => finding === 'open' || finding === 'suspect')) {
      return decided(metrics, count);
    }
  }
  // The last look leaves no side open and confirms every suspect, so the loop has returned.
  throw new GateError(
    'ERR_GATE_PLAN',
    'the last look decided nothing; a plan from gatePlan() always has a last look',
  );
}

/**
 * A suspected slowdown is confirmed at once. A suspected improvement waits until no slowdown is open: confirming ends the
 * gate, and a slowdown may not be lost for it.
 */
function confirmsNow(noisy: readonly MetricState[]): boolean {
  if (noisy.some(({ slower }) => slower.finding === 'suspect')) return true;
  return (
    noisy.some(({ faster }) => faster.finding === 'suspect') &&
    !noisy.some(({ slower }) => slower.finding === 'open')
  );
}

function takeLook(plan: GatePlan, look: number, metric: MetricState, units: readonly number[]): void {
  const location = locationOf(units);
  for (const side of SIDES) {
    const state = metric[side];
    if (state.finding !== 'open' && state.finding !== 'suspect') continue;
    const taken = lookAt(plan, look, metric.limitPercent, location, side);
    state.looks.push(taken);
    state.finding = taken.finding;
    state.reason = lookWords(metric, side, taken);
  }
}

function confirmSuspects(plan: GatePlan, look: number, metric: MetricState, units: readonly number[]): void {
  for (const side of SIDES) {
    const state = metric[side];
    if (state.finding !== 'suspect') continue;
    const { confirmed, confirmation } = confirm(plan, look, metric.limitPercent, units, side);
    state.finding = confirmed ? 'confirmed' : 'unconfirmed';
    state.confirmation = confirmation;
    state.reason = confirmationWords(metric, side, confirmed, confirmation);
  }
}

function decided(metrics: MetricState[], invocations: number, end: string[] = []): GateState {
  const slower = metrics.map((metric) => metric.slower.finding);
  const verdict = slower.includes('confirmed')
    ? 'fail'
    : slower.every((finding) => finding === 'cleared')
      ? 'pass'
      : 'inconclusive';
  return {
    phase: 'decided',
    verdict,
    reasons: [...verdictWords(verdict, metrics), ...end],
    invocations,
    invocationsWanted: invocations,
    openFor: null,
    metrics,
  };
}

function undecided(
  metrics: MetricState[],
  phase: 'looking' | 'confirming',
  invocations: number,
  wanted: number,
  ended: EarlyEnd | undefined,
): GateState {
  if (ended !== undefined)
    return decided(metrics, invocations, [endWords(ended, phase, invocations, wanted)]);
  const slowdown = metrics.some(({ slower }) => slower.finding === 'open' || slower.finding === 'suspect');
  return {
    phase,
    verdict: null,
    reasons: measuringWords(metrics),
    invocations,
    invocationsWanted: wanted,
    openFor: slowdown ? 'slowdown' : 'improvement',
    metrics,
  };
}

function freshMetric({ name, kind, limitPercent }: GatedMetric): MetricState {
  const side = (): SideState => ({ finding: 'open', reason: '', looks: [], confirmation: null });
  return { name, kind, limitPercent, slower: side(), faster: side() };
}

function sidesOf(metrics: readonly MetricState[]): SideState[] {
  return metrics.flatMap((metric) => SIDES.map((side) => metric[side]));
}

function checkUnits(plan: GatePlan, units: InvocationUnits, index: number): void {
  for (const { name, kind } of plan.metrics) {
    const unit: number | undefined = units[name];
    // A counter that was 0 in one arm has an infinite log ratio, which is an answer.
    if (kind === 'counter' ? !Number.isNaN(unit) : Number.isFinite(unit)) continue;
    throw new GateError(
      'ERR_GATE_UNIT',
      `invocation ${index + 1} has ${unit === undefined ? 'no unit' : `the unit ${unit}`} for ${name}; drop the ` +
        'invocation as a whole, for all metrics, and measure another one',
    );
  }
}
