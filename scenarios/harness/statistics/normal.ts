/** The standard normal distribution, as far as the bootstrap needs it. */

const LOG_ROOT_TWO_PI = 0.5 * Math.log(2 * Math.PI);

/**
 * Cumulative distribution, absolute error below 1e-14 (Marsaglia, "Evaluating the normal distribution", 2004: a
 * Taylor series near the middle), with a continued fraction in the tails, where the series would cancel.
 */
export function normalCdf(x: number): number {
  if (x < -38) return 0;
  if (x > 38) return 1;
  if (Math.abs(x) > 5) {
    const tail = upperTail(Math.abs(x));
    return x < 0 ? tail : 1 - tail;
  }
  let sum = x;
  let term = x;
  for (let odd = 3; Math.abs(term) > 1e-17; odd += 2) {
    term *= (x * x) / odd;
    sum += term;
  }
  return 0.5 + sum * Math.exp(-0.5 * x * x - LOG_ROOT_TWO_PI);
}

function upperTail(x: number): number {
  let fraction = x;
  for (let step = 60; step >= 1; step--) fraction = x + step / fraction;
  return Math.exp(-0.5 * x * x - LOG_ROOT_TWO_PI) / fraction;
}

/** Inverse of the cumulative distribution: Acklam's rational approximation with one Halley step. */
export function normalQuantile(probability: number): number {
  if (!(probability > 0 && probability < 1)) {
    if (probability === 0) return -Infinity;
    return probability === 1 ? Infinity : Number.NaN;
  }
  const first = acklam(probability);
  const error = (normalCdf(first) - probability) * Math.sqrt(2 * Math.PI) * Math.exp(0.5 * first * first);
  return first - error / (1 + 0.5 * first * error);
}

const CENTRE_TOP = [
  -39.69683028665376, 220.9460984245205, -275.9285104469687, 138.357751867269, -30.66479806614716,
  2.506628277459239,
];
const CENTRE_BOTTOM = [
  -54.47609879822406, 161.5858368580409, -155.6989798598866, 66.80131188771972, -13.28068155288572, 1,
];
const TAIL_TOP = [
  -0.007784894002430293, -0.3223964580411365, -2.400758277161838, -2.549732539343734, 4.374664141464968,
  2.938163982698783,
];
const TAIL_BOTTOM = [0.007784695709041462, 0.3224671290700398, 2.445134137142996, 3.754408661907416, 1];

function acklam(probability: number): number {
  const low = 0.02425;
  if (probability < low) {
    const q = Math.sqrt(-2 * Math.log(probability));
    return polynomial(TAIL_TOP, q) / polynomial(TAIL_BOTTOM, q);
  }
  if (probability > 1 - low) return -acklam(1 - probability);
  const q = probability - 0.5;
  return (polynomial(CENTRE_TOP, q * q) * q) / polynomial(CENTRE_BOTTOM, q * q);
}

function polynomial(coefficients: readonly number[], x: number): number {
  return coefficients.reduce((sum, coefficient) => sum * x + coefficient, 0);
}
