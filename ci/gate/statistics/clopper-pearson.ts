import { GateError } from './gate-error.js';

/**
 * Exact bounds of a probability from `successes` of `trials` (Clopper and Pearson, "The use of confidence or fiducial
 * limits illustrated in the case of the binomial", 1934): the probabilities at which as many, or as few, successes
 * would be just too unlikely. Never too narrow, whatever the probability.
 */
export function clopperPearson(successes: number, trials: number, level = 0.95): [number, number] {
  if (
    !(
      Number.isInteger(successes) &&
      Number.isInteger(trials) &&
      successes >= 0 &&
      successes <= trials &&
      trials > 0
    )
  ) {
    throw new GateError(
      'ERR_GATE_ARGUMENT',
      `${successes} of ${trials} have no bounds; give whole numbers, the first from 0 to the second, the second above 0`,
    );
  }
  const tail = (1 - level) / 2;
  const lower = successes === 0 ? 0 : solve((p) => atLeast(successes, trials, p) >= tail);
  const upper = successes === trials ? 1 : solve((p) => atLeast(successes + 1, trials, p) >= 1 - tail);
  return [lower, upper];
}

/** The least p at which `reached` holds; halving doubles until they do not change any more. */
function solve(reached: (p: number) => boolean): number {
  let below = 0;
  let above = 1;
  for (;;) {
    const middle = (below + above) / 2;
    if (middle === below || middle === above) return above;
    if (reached(middle)) above = middle;
    else below = middle;
  }
}

/** P(X ≥ k) of a binomial X. Sums the tail that does not hold the middle, whose first term is its largest. */
export function atLeast(k: number, trials: number, p: number): number {
  if (k <= 0) return 1;
  if (k > trials || p <= 0) return 0;
  if (p >= 1) return 1;
  if (k > trials * p) return tailSum(k, trials, p);
  return 1 - tailSum(trials - k + 1, trials, 1 - p);
}

function tailSum(k: number, trials: number, p: number): number {
  let logTerm = k * Math.log(p) + (trials - k) * Math.log1p(-p);
  for (let index = 1; index <= k; index++) logTerm += Math.log((trials - k + index) / index);
  let term = Math.exp(logTerm);
  let sum = 0;
  for (let count = k; count <= trials && term > sum * Number.EPSILON; count++) {
    sum += term;
    term *= ((trials - count) / (count + 1)) * (p / (1 - p));
  }
  return Math.min(1, sum);
}
