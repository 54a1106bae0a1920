import { logLimit, slowdownPercent } from './gate-plan.js';
import type { MetricState, SideState } from './gate-state.js';

/**
 * What few invocations decide: allocations and copies per message, which are the same each time but for what timing does to
 * single messages; and bytes per session, which vary more than their limit and cost processes of their own. One question
 * serves both, and asks for no distribution: in how many invocations does the candidate need more by L?
 *
 * The first look clears what reaches L in none, and ends a gate by a count that reaches it in all and is the same in all.
 * Else the last look counts: three quarters are a regression, seven of twelve or fewer are noise about something smaller. An
 * unchanged build reaches L in half of its invocations at the very most, and in a quarter where each arm has one value or a
 * larger one by chance alone; then eight of twelve happen once in 360 gates, nine once in 2 500 (binomial).
 */

/** Quotients of counts that are L to the last digit are L: far above rounding, far below any real change. */
const ROUNDING = 1e-9;
/** What differs by no more than this from one invocation to the next is a count, and needs no further ones. */
const ALIKE = Math.log(1.001);
const CONFIRMED_SHARE = 3 / 4;
const CLEARED_SHARE = 7 / 12;
/** Of the invocations of the last look. Where fewer counted, a share says too little. */
const COUNTED_SHARE_MIN = 2 / 3;

/**
 * The log ratio of a counter, positive when the candidate needs more; a count of 0 against another one is infinite.
 * @param differenceMin what is no difference: a message in so many took another way by chance
 */
export function counterLogRatio(base: number, candidate: number, differenceMin = 0): number {
  return base === candidate || Math.abs(candidate - base) < differenceMin ? 0 : Math.log(candidate / base);
}

export interface CounterLook {
  /** Of those invocations that counted. */
  units: readonly number[];
  invocations: number;
  last: boolean;
}

/** One look at both sides. An improvement is not waited for: once no slowdown is open, it is what it is. */
export function lookAtCounter(metric: MetricState, look: CounterLook): void {
  lookAtSide(metric, metric.slower, look, 'more');
  const last = look.last || metric.slower.finding !== 'open';
  lookAtSide(metric, metric.faster, { ...look, last, units: look.units.map((unit) => -unit) }, 'less');
}

function lookAtSide(
  { name, limitPercent }: MetricState,
  side: SideState,
  { units, invocations, last }: CounterLook,
  word: 'more' | 'less',
): void {
  const counted = units.length;
  const reached = units.filter((unit) => unit >= logLimit(limitPercent) - ROUNDING).length;
  const seen = `${name}: ${middleWords(units)} ${word}, ${limitPercent} % or more in ${reached} of ${counted} invocations`;
  const find = (finding: SideState['finding'], reason: string): void => {
    side.finding = finding;
    side.reason = reason;
  };
  if (counted < (last ? COUNTED_SHARE_MIN : 1) * invocations) {
    const missing = `${seen}, and not counted in ${invocations - counted}`;
    find(last ? 'undecided' : 'open', last ? `${missing}: too few to decide by` : missing);
  } else if (reached === 0) {
    find(
      'cleared',
      `${name}: ${middleWords(units)} ${word} in ${counted} invocations; the limit is ${limitPercent} %`,
    );
  } else if (reached === counted && (word === 'less' || alike(units))) find('confirmed', seen);
  else if (!last) find('open', `${seen}: the look after more of them decides`);
  else if (reached >= CONFIRMED_SHARE * counted) find('confirmed', seen);
  else if (reached <= CLEARED_SHARE * counted) find('cleared', seen);
  else find('undecided', `${seen}: neither three quarters nor about half`);
}

function alike(units: readonly number[]): boolean {
  const [least, most] = [Math.min(...units), Math.max(...units)];
  return least === most || most - least <= ALIKE;
}

/** The lower one of two in the middle: between a number and infinity there is none. */
function middleWords(units: readonly number[]): string {
  if (units.length === 0) return 'nothing known of how much';
  const percent = slowdownPercent([...units].sort((left, right) => left - right)[(units.length - 1) >> 1]);
  return Number.isFinite(percent) ? `${percent.toFixed(2)} %` : 'without bound (from 0)';
}
